package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// cursor takes fields off the front of a payload. A field that is not there sets bad and yields zero values from then
// on, so decoders check once at the end.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) fail() { c.b, c.bad = nil, true }

// err names the message that could not be decoded.
func (c *cursor) err(what string) error {
	if c.bad {
		return fmt.Errorf("decode %s: %w", what, ErrMalformed)
	}
	return nil
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.fail()
		return nil
	}
	p := c.b[:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) u8() byte {
	if p := c.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if p := c.take(2); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if p := c.take(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

// lenenc reads a length-encoded integer; null is set for 0xfb.
func (c *cursor) lenenc() (v uint64, null bool) {
	switch first := c.u8(); first {
	case headerNull:
		return 0, true
	case 0xfc:
		return uint64(c.u16()), false
	case 0xfd:
		if p := c.take(3); p != nil {
			return uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16, false
		}
		return 0, false
	case 0xfe:
		if p := c.take(8); p != nil {
			return binary.LittleEndian.Uint64(p), false
		}
		return 0, false
	case 0xff:
		c.fail()
		return 0, false
	default:
		return uint64(first), false
	}
}

// number is lenenc where NULL is not allowed.
func (c *cursor) number() uint64 {
	v, null := c.lenenc()
	if null {
		c.fail()
	}
	return v
}

// lenencBytes reads a length-encoded string; nil with null set for NULL.
func (c *cursor) lenencBytes() (p []byte, null bool) {
	n, null := c.lenenc()
	if null {
		return nil, true
	}
	if n > uint64(len(c.b)) {
		c.fail()
		return nil, false
	}
	return c.take(int(n)), false
}

// text is lenencBytes as a string where NULL is not allowed.
func (c *cursor) text() string {
	p, null := c.lenencBytes()
	if null {
		c.fail()
	}
	return string(p)
}

// nul reads a string that ends with a zero byte.
func (c *cursor) nul() string {
	i := bytes.IndexByte(c.b, 0)
	if i < 0 {
		c.fail()
		return ""
	}
	s := string(c.b[:i])
	c.b = c.b[i+1:]
	return s
}

// nulOrEnd reads a string that ends with a zero byte or with the packet: several connectors leave the last one out.
func (c *cursor) nulOrEnd() string {
	if bytes.IndexByte(c.b, 0) < 0 {
		return string(c.rest())
	}
	return c.nul()
}

func (c *cursor) rest() []byte {
	p := c.b
	c.b = nil
	return p
}

// AppendLenenc appends v as a length-encoded integer.
func AppendLenenc(b []byte, v uint64) []byte {
	switch {
	case v < 0xfb:
		return append(b, byte(v))
	case v <= 0xffff:
		return append(b, 0xfc, byte(v), byte(v>>8))
	case v <= 0xffffff:
		return append(b, 0xfd, byte(v), byte(v>>8), byte(v>>16))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xfe), v)
}

// AppendText appends s as a length-encoded string, which is also a text row's form of a value that is not NULL.
func AppendText[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(AppendLenenc(b, uint64(len(s))), s...)
}

// AppendNull appends a text row's form of NULL.
func AppendNull(b []byte) []byte { return append(b, headerNull) }

func appendNul(b []byte, s string) []byte { return append(append(b, s...), 0) }

func appendU16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }

func appendU32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }
