package wire

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Packet is one packet as it travels: four header bytes and the payload. A payload of 16 MiB - 1 is continued by the next
// packet.
type Packet []byte

// Payload returns the packet without its header.
func (p Packet) Payload() []byte { return p[headerSize:] }

// Seq returns the packet's sequence number.
func (p Packet) Seq() byte { return p[3] }

// Continued reports whether the message goes on in the next packet.
func (p Packet) Continued() bool { return payloadLen(p) == maxPayload }

func payloadLen(h []byte) int { return int(h[0]) | int(h[1])<<8 | int(h[2])<<16 }

// fill receives at least one more byte behind in[r:w].
func (c *Conn) fill() error {
	if c.r == c.w {
		c.Release()
		return c.fillEmpty()
	}
	if c.w == bufferSize {
		c.w = copy(c.in[:], c.in[c.r:c.w])
		c.r = 0
	}
	n, err := c.nc.Read(c.in[c.w:])
	c.w += n
	c.bytesIn += uint64(n)
	if n > 0 {
		return nil
	}
	return err
}

// fillEmpty waits for the peer without holding a buffer.
func (c *Conn) fillEmpty() error {
	if ok, err := c.fillPooled(); ok {
		return err
	}
	n, err := c.nc.Read(c.first[:])
	if n > 0 {
		c.in = getBuffer()
		c.r, c.w = 0, copy(c.in[:], c.first[:n])
		c.bytesIn += uint64(n)
		return nil
	}
	return err
}

// fillPooled does that where the transport can take a buffer at the moment it has something to put there.
func (c *Conn) fillPooled() (bool, error) {
	if c.tls != nil || c.zip != nil {
		return false, nil
	}
	buf, n, ok, err := c.sock.readPooled()
	if ok {
		c.in, c.r, c.w = buf, 0, n
		c.bytesIn += uint64(n)
	}
	return ok, err
}

// fillChunk receives as much as there is in one read. Over TLS and with compression that takes a buffer already while waiting: fillEmpty's few
// first bytes would be a poor chunk.
func (c *Conn) fillChunk() error {
	c.Release()
	if ok, err := c.fillPooled(); ok {
		return err
	}
	c.in = getBuffer()
	n, err := c.nc.Read(c.in[:])
	c.r, c.w = 0, n
	c.bytesIn += uint64(n)
	if n > 0 {
		return nil
	}
	c.Release()
	return err
}

// need receives until n bytes (at most a buffer) are unread. An end of the stream amid them is io.ErrUnexpectedEOF.
func (c *Conn) need(n int) error {
	if c.r+n > bufferSize {
		c.w = copy(c.in[:], c.in[c.r:c.w])
		c.r = 0
	}
	for c.w-c.r < n {
		begun := c.w > c.r
		if err := c.fill(); err != nil {
			if begun && errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// Buffered returns how many received bytes were not handed out yet.
func (c *Conn) Buffered() int { return c.w - c.r }

// Peek returns the next n bytes (at most 16 KiB) without consuming them, valid until the next read.
func (c *Conn) Peek(n int) ([]byte, error) {
	if n > bufferSize {
		return nil, fmt.Errorf("peek %d bytes: %w", n, ErrTooLarge)
	}
	if err := c.need(n); err != nil {
		return nil, err
	}
	return c.in[c.r : c.r+n], nil
}

// Discard drops n bytes that are buffered.
func (c *Conn) Discard(n int) { c.r += min(n, c.w-c.r) }

// ReadRaw returns the next packet with its header, for passing on unchanged; valid until the next read. io.EOF means the
// peer closed between packets. A message of several packets takes several calls, see Packet.Continued.
func (c *Conn) ReadRaw() (Packet, error) {
	c.large = nil
	if err := c.need(headerSize); err != nil {
		return nil, err
	}
	n := payloadLen(c.in[c.r:])
	c.seq = c.in[c.r+3] + 1
	if n > c.limit {
		return nil, fmt.Errorf("read packet of %d bytes: %w", n, ErrTooLarge)
	}
	total := headerSize + n
	if total > bufferSize {
		return c.readLarge(nil, total)
	}
	if err := c.need(total); err != nil {
		return nil, midPacket(err)
	}
	p := c.in[c.r : c.r+total : c.r+total]
	c.r += total
	return p, nil
}

// ReadPacket returns the payload of the next message, assembled of its packets, valid until the next read. A message
// above the limit is an error wrapping ErrTooLarge, after which the connection is of no use. io.EOF means the peer closed
// between messages.
func (c *Conn) ReadPacket() ([]byte, error) {
	p, err := c.ReadRaw()
	if err != nil {
		return nil, err
	}
	if !p.Continued() {
		return p.Payload(), nil
	}
	msg := []byte(p)
	for more := true; more; {
		if err := c.need(headerSize); err != nil {
			return nil, midPacket(err)
		}
		h := c.in[c.r : c.r+headerSize]
		n := payloadLen(h)
		c.seq = h[3] + 1
		c.r += headerSize
		if len(msg)-headerSize+n > c.limit {
			return nil, fmt.Errorf("read packet of more than %d bytes: %w", len(msg)-headerSize+n, ErrTooLarge)
		}
		if msg, err = c.readLarge(msg, n); err != nil {
			return nil, err
		}
		more = n == maxPayload
	}
	return msg[headerSize:], nil
}

// readLarge appends n bytes to p. It believes the announced length only as far as bytes arrive, so a header alone does
// not make it allocate megabytes.
func (c *Conn) readLarge(p []byte, n int) ([]byte, error) {
	buffered := min(n, c.w-c.r)
	p = append(p, c.in[c.r:c.r+buffered]...)
	c.r += buffered
	for n -= buffered; n > 0; {
		p = slices.Grow(p, min(n, bufferSize))
		m, err := c.nc.Read(p[len(p):min(cap(p), len(p)+n)])
		p = p[:len(p)+m]
		c.bytesIn += uint64(m)
		n -= m
		if err != nil && m == 0 {
			return nil, midPacket(err)
		}
	}
	c.large = p
	return p, nil
}

// ReadChunk returns whatever has been received, at least one byte, regardless of packets; valid until the next read. It is
// for relaying: the chunk goes to an Answer and to the peer. Bytes that were not meant can be put back with Unread.
func (c *Conn) ReadChunk() ([]byte, error) {
	c.large = nil
	if c.r == c.w {
		if err := c.fillChunk(); err != nil {
			return nil, err
		}
	}
	p := c.in[c.r:c.w:c.w]
	c.r = c.w
	return p, nil
}

// ReadBehind is ReadChunk with the last keep bytes of the chunk before it in front of what is new, so that a packet that came
// in pieces can be handed on as a whole. keep is less than 16 KiB, and no more than the chunk before had.
func (c *Conn) ReadBehind(keep int) ([]byte, error) {
	if keep == 0 {
		return c.ReadChunk()
	}
	c.Unread(keep)
	c.w = copy(c.in[:], c.in[c.r:c.w])
	c.r = 0
	if err := c.fill(); err != nil {
		return nil, err
	}
	c.r = c.w
	return c.in[:c.w:c.w], nil
}

// Unread puts the last n bytes of the chunk just returned by ReadChunk back. The rest of the chunk stays valid until the
// next read.
func (c *Conn) Unread(n int) {
	if n > c.r {
		panic("wire: Unread of more than was read")
	}
	c.r -= n
}

// midPacket turns an end of the stream inside a packet into io.ErrUnexpectedEOF.
func midPacket(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
