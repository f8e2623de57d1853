package wire

import "errors"

// flushAt is how full the write buffer gets before it is sent without being asked.
const flushAt = bufferSize * 3 / 4

// Message is anything that can be the payload of a packet.
type Message interface {
	// Append appends the payload to b.
	Append(b []byte) []byte
}

// BeginCommand starts a new conversation: sequence numbers and the count of sent bytes (see WriteError) start at zero.
func (c *Conn) BeginCommand() {
	c.seq, c.sent = 0, 0
	if c.zip != nil {
		c.zip.begin()
	}
}

// WriteCommand starts a new conversation with one command packet and sends it.
func (c *Conn) WriteCommand(cmd Command, arg string) error {
	c.BeginCommand()
	b := append(c.StartPacket(), byte(cmd))
	if err := c.EndPacket(append(b, arg...)); err != nil {
		return err
	}
	return c.Flush()
}

// WriteMessage frames m and collects it; see EndPacket.
func (c *Conn) WriteMessage(m Message) error { return c.EndPacket(m.Append(c.StartPacket())) }

// StartPacket returns a slice to which the caller appends a payload and hands it to EndPacket. Nothing else may be written
// in between.
func (c *Conn) StartPacket() []byte {
	if c.out == nil {
		c.turn()
		c.outBuf = getBuffer()
		c.out = c.outBuf[:0]
	}
	return append(c.out, 0, 0, 0, 0)
}

// EndPacket frames what was appended to the slice of StartPacket and collects it. Packets are sent by Flush, or earlier
// when the buffer fills; an error is a *WriteError.
func (c *Conn) EndPacket(b []byte) error {
	start := len(c.out)
	n := len(b) - start - headerSize
	if n >= maxPayload {
		return c.WritePacket(append([]byte(nil), b[start+headerSize:]...))
	}
	putHeader(b[start:], n, c.seq)
	c.seq++
	c.out = b
	if len(b) >= flushAt {
		return c.Flush()
	}
	return nil
}

func putHeader(b []byte, n int, seq byte) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(n), byte(n>>8), byte(n>>16), seq
}

// WritePacket frames payload, in several packets from 16 MiB - 1 on, and collects it; large ones are sent at once.
func (c *Conn) WritePacket(payload []byte) error {
	for {
		part := payload[:min(len(payload), maxPayload)]
		payload = payload[len(part):]
		if err := c.writePart(part); err != nil {
			return err
		}
		if len(part) < maxPayload {
			return nil
		}
	}
}

// writePart collects one packet if it is small, and sends it without copying the payload if it is not.
func (c *Conn) writePart(part []byte) error {
	b := c.StartPacket()
	if len(part) <= bufferSize/2 {
		return c.EndPacket(append(b, part...))
	}
	putHeader(b[len(c.out):], len(part), c.seq)
	c.seq++
	c.out = b
	if err := c.Flush(); err != nil {
		return err
	}
	return c.send(part)
}

// QueueRaw collects packets that are framed already. Their sequence numbers are left alone.
func (c *Conn) QueueRaw(raw []byte) error {
	if len(c.out)+len(raw) > bufferSize {
		return c.WriteRaw(raw)
	}
	if c.out == nil {
		c.outBuf = getBuffer()
		c.out = c.outBuf[:0]
	}
	c.out = append(c.out, raw...)
	return nil
}

// WriteRaw sends raw bytes, behind what was collected before, with one write where they fit together.
func (c *Conn) WriteRaw(raw []byte) error {
	if len(c.out) > 0 {
		if len(c.out)+len(raw) <= bufferSize {
			c.out = append(c.out, raw...)
			return c.Flush()
		}
		if err := c.Flush(); err != nil {
			return err
		}
	}
	return c.send(raw)
}

// Flush sends what was collected. An error is a *WriteError.
func (c *Conn) Flush() error {
	if c.out == nil {
		return nil
	}
	out, buf := c.out, c.outBuf
	c.out, c.outBuf = nil, nil
	err := c.send(out)
	putBuffer(buf)
	return err
}

func (c *Conn) send(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := c.nc.Write(p)
	c.sent += int64(n)
	c.bytesOut += uint64(n)
	if err == nil {
		return nil
	}
	var w *WriteError
	if (c.tls != nil || c.zip != nil) && n == 0 && errors.As(err, &w) {
		c.sent += w.Sent // part of a TLS record or a frame left, though none of its content counts as written
	}
	if errors.As(err, &w) {
		err = w.Err
	}
	return &WriteError{Sent: c.sent, Err: err}
}
