package wire

import (
	"bytes"
	"fmt"
)

// AuthSwitch is the server's request to go on with another authentication plugin.
type AuthSwitch struct {
	Plugin string
	Data   []byte // the plugin's challenge, without the zero byte that ends it; points into the decoded packet
}

// Append implements Message.
func (a *AuthSwitch) Append(b []byte) []byte {
	b = appendNul(append(b, headerEOF), a.Plugin)
	return append(append(b, a.Data...), 0)
}

// Decode reads a request. The bare 0xfe of servers from before plugins asks for mysql_old_password, which is not spoken.
func (a *AuthSwitch) Decode(p []byte) error {
	*a = AuthSwitch{}
	c := cursor{b: p}
	if c.u8() != headerEOF {
		c.fail()
	}
	if !c.bad && len(c.b) == 0 {
		return fmt.Errorf("decode auth switch: pre-4.1 password requested: %w", ErrMalformed)
	}
	a.Plugin = c.nulOrEnd()
	a.Data = bytes.TrimSuffix(c.rest(), []byte{0})
	return c.err("auth switch")
}
