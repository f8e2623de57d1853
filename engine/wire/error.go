package wire

import "fmt"

// Error is a server's ERR packet, and the Go error that callers of this package get for it.
type Error struct {
	Code    uint16
	State   string // SQLSTATE, five characters; empty if the server sent none
	Message string
}

// Errorf makes an Error with a formatted message.
func Errorf(code uint16, state, format string, args ...any) *Error {
	return &Error{Code: code, State: state, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	return fmt.Sprintf("server error %d (%s): %s", e.Code, e.State, e.Message)
}

// Append implements Message.
func (e *Error) Append(b []byte) []byte {
	b = appendU16(append(b, headerERR), e.Code)
	if len(e.State) == 5 {
		b = append(append(b, '#'), e.State...)
	}
	return append(b, e.Message...)
}

// Decode reads an ERR packet, with or without SQLSTATE.
func (e *Error) Decode(p []byte) error {
	*e = Error{}
	c := cursor{b: p}
	if c.u8() != headerERR {
		c.fail()
	}
	e.Code = c.u16()
	if len(c.b) >= 6 && c.b[0] == '#' {
		e.State = string(c.take(6)[1:])
	}
	e.Message = string(c.rest())
	return c.err("ERR packet")
}
