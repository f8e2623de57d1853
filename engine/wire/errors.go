package wire

import (
	"errors"
	"fmt"
)

// ErrMalformed is wrapped by every decoder's error.
var ErrMalformed = errors.New("malformed packet")

// ErrTooLarge is wrapped by reads of a packet larger than the connection's limit. The connection cannot be read further.
var ErrTooLarge = errors.New("packet larger than the limit")

// WriteError reports a write that failed. A statement may be tried on another connection only if Sent is 0: then no
// byte of it can have reached the server.
type WriteError struct {
	Sent int64 // bytes the kernel took since the current command began (Conn), or in this call (Socket)
	Err  error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("write after %d bytes: %v", e.Sent, e.Err)
}

func (e *WriteError) Unwrap() error { return e.Err }

// Timeout makes WriteError a net.Error.
func (e *WriteError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.Err, &t) && t.Timeout()
}

// Temporary makes WriteError a net.Error; no write error is worth repeating on the same connection.
func (e *WriteError) Temporary() bool { return false }

// Unsent reports whether err is a write error of a command of which nothing left the socket.
func Unsent(err error) bool {
	var w *WriteError
	return errors.As(err, &w) && w.Sent == 0
}
