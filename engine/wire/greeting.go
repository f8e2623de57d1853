package wire

import (
	"crypto/rand"
	"fmt"
)

// ScrambleSize is the length of the random challenge in a greeting, in bytes.
const ScrambleSize = 20

// Scramble is the server's challenge. No byte is zero or above 127, because clients of all ages read it as text.
type Scramble [ScrambleSize]byte

// NewScramble draws a challenge from the system's random source.
func NewScramble() (s Scramble) {
	rand.Read(s[:]) // never fails: crypto/rand aborts the process instead
	for i, v := range s {
		if s[i] = v & 0x7f; s[i] == 0 {
			s[i] = 'a'
		}
	}
	return s
}

// Greeting is the server's first packet (protocol version 10).
type Greeting struct {
	Version      string     // server version as clients see it
	ConnectionID uint32     // thread id
	Capabilities Capability // what the server offers
	MariaDBCaps  uint32     // MariaDB's extended capabilities; only meaningful without CapLongPassword
	Charset      byte       // id of the default collation, lower byte
	Status       uint16     // status flags
	Plugin       string     // default authentication plugin
	Scramble     Scramble
}

// Append implements Message.
func (g *Greeting) Append(b []byte) []byte {
	b = appendNul(append(b, 10), g.Version)
	b = appendU32(b, g.ConnectionID)
	b = append(append(b, g.Scramble[:8]...), 0)
	b = appendU16(b, uint16(g.Capabilities))
	b = appendU16(append(b, g.Charset), g.Status)
	b = appendU16(b, uint16(g.Capabilities>>16))
	b = append(b, ScrambleSize+1, 0, 0, 0, 0, 0, 0)
	b = appendU32(b, g.MariaDBCaps)
	if g.Capabilities&CapSecureConnection != 0 {
		b = append(append(b, g.Scramble[8:]...), 0)
	}
	if g.Capabilities&CapPluginAuth != 0 {
		b = appendNul(b, g.Plugin)
	}
	return b
}

// Decode reads a greeting. A server that refuses the connection sends an error instead, which is returned as *Error.
func (g *Greeting) Decode(p []byte) error {
	*g = Greeting{}
	if len(p) > 0 && p[0] == headerERR {
		return decodeError(p) // the SQLSTATE may be missing
	}
	c := cursor{b: p}
	if v := c.u8(); v != 10 && !c.bad {
		return fmt.Errorf("decode greeting: protocol version %d: %w", v, ErrMalformed)
	}
	g.Version = c.nul()
	g.ConnectionID = c.u32()
	copy(g.Scramble[:8], c.take(8))
	c.take(1)
	g.Capabilities = Capability(c.u16())
	if len(c.b) == 0 && !c.bad { // a server older than 4.1 stops here
		return fmt.Errorf("decode greeting: no 4.1 protocol: %w", ErrMalformed)
	}
	g.Charset = c.u8()
	g.Status = c.u16()
	g.Capabilities |= Capability(c.u16()) << 16
	n := int(c.u8()) // length of the whole challenge with its zero byte
	c.take(6)
	g.MariaDBCaps = c.u32()
	if g.Capabilities&CapSecureConnection != 0 {
		tail := c.take(max(13, n-8))
		copy(g.Scramble[8:], tail)
	}
	if g.Capabilities&CapPluginAuth != 0 {
		g.Plugin = c.nulOrEnd()
	}
	return c.err("greeting")
}
