package wire

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Socket is a net.Conn that at first does what the net.Conn does which it was made of. After Adopt it costs as little as the
// kernel allows: it tries the system call first, non-blocking and without telling the scheduler, and waits at an event loop only
// on EAGAIN. One goroutine may read while another writes; reads do not allocate, neither do writes.
type Socket struct {
	nc   net.Conn               // closed when adopted, and good for its addresses only
	loop atomic.Pointer[looped] // nil until adopted; others may look at a connection, or close it, meanwhile
}

// NewSocket takes over nc. Nobody else may read or write it from then on.
func NewSocket(nc net.Conn) *Socket {
	if s, ok := nc.(*Socket); ok {
		return s
	}
	return &Socket{nc: nc}
}

// Read fills p with what is there, at least one byte. It returns io.EOF when the peer has closed.
func (s *Socket) Read(p []byte) (int, error) {
	if l := s.loop.Load(); l != nil {
		return l.read(p)
	}
	return s.nc.Read(p)
}

// Write writes all of p. An error is a *WriteError that counts the bytes of p taken by the kernel.
func (s *Socket) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	var n int
	var err error
	if l := s.loop.Load(); l != nil {
		n, err = l.write(p)
	} else {
		n, err = s.nc.Write(p)
	}
	if err != nil {
		return n, &WriteError{Sent: int64(n), Err: err}
	}
	return n, nil
}

// readPooled reads into a buffer that is taken from the pool only when there is something to read, so that a goroutine
// waiting for its peer holds none. The caller puts the buffer back. ok is false when this socket cannot do that.
func (s *Socket) readPooled() (buf *buffer, n int, ok bool, err error) {
	l := s.loop.Load()
	if l == nil {
		return nil, 0, false, nil
	}
	buf, n, err = l.readPooled()
	return buf, n, true, err
}

// Quiet reports whether the peer has neither sent anything that was not read yet nor closed the connection: what is
// asked of a pooled connection before it is used. It never blocks. A connection that is no socket counts as quiet.
func (s *Socket) Quiet() bool {
	quiet := true
	err := s.control(func(fd int) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN
	})
	return err == nil && quiet
}

// HungUp reports whether the peer has closed the connection, whatever it sent before. It never blocks. A connection that is no
// socket has not.
func (s *Socket) HungUp() bool {
	gone := false
	err := s.control(func(fd int) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		gone = err == nil && n > 0 && fds[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone || err != nil
}

// control calls f with the file descriptor, which stays open meanwhile. Without one it does nothing. The error is that of a closed
// socket.
func (s *Socket) control(f func(fd int)) error {
	if l := s.loop.Load(); l != nil {
		return l.control(f)
	}
	sc, ok := s.nc.(syscall.Conn)
	if !ok {
		return nil
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	return rc.Control(func(fd uintptr) { f(int(fd)) })
}

// Close closes the socket; blocked reads and writes return with net.ErrClosed.
func (s *Socket) Close() error {
	if l := s.loop.Load(); l != nil {
		return l.d.Close()
	}
	return s.nc.Close()
}

// LocalAddr returns the local address.
func (s *Socket) LocalAddr() net.Addr { return s.nc.LocalAddr() }

// RemoteAddr returns the peer's address.
func (s *Socket) RemoteAddr() net.Addr { return s.nc.RemoteAddr() }

// SetDeadline bounds reads and writes; the zero time takes the bound away.
func (s *Socket) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

// SetReadDeadline bounds reads; the zero time takes the bound away.
func (s *Socket) SetReadDeadline(t time.Time) error {
	if l := s.loop.Load(); l != nil {
		l.d.SetReadDeadline(t)
		return nil
	}
	return s.nc.SetReadDeadline(t)
}

// SetWriteDeadline bounds writes; the zero time takes the bound away.
func (s *Socket) SetWriteDeadline(t time.Time) error {
	if l := s.loop.Load(); l != nil {
		l.d.SetWriteDeadline(t)
		return nil
	}
	return s.nc.SetWriteDeadline(t)
}

// FD is the number of the socket's file descriptor, for display; -1 where there is none.
func (s *Socket) FD() int {
	number := -1
	_ = s.control(func(fd int) { number = fd }) // a closed socket has none
	return number
}
