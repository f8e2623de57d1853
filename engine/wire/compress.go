package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

const (
	// frameHeaderSize is what stands before the content of a compressed frame: three bytes of its length, one of its number,
	// three of its length inflated, which is 0 for a content that is stored as it is.
	frameHeaderSize = 7
	// minCompressed is the shortest content worth deflating, in bytes (MySQL's MIN_COMPRESS_LENGTH).
	minCompressed = 50
	// maxFrame is how much goes into one frame at most, in bytes. The format allows 16 MiB - 1; more than this compresses no
	// better and costs memory.
	maxFrame = 1 << 20
)

// compressed is the transport of a connection with CapCompress: packets travel in frames that are deflated where that pays.
// As in every layer below Conn, one goroutine may read while another writes. Memory is held only while a frame is under way.
type compressed struct {
	net.Conn               // below: the socket, or TLS on it
	sock     *Socket       // what is below where that is the bare socket, nil otherwise
	seq      atomic.Uint32 // number of the next frame of this conversation, in either direction; the lower byte counts
	turned   bool          // the peer spoke last: the numbers of packets begin anew with that of the frame

	// Reading: in[r:w] was received and not looked at yet.
	in    *buffer
	r, w  int
	first [frameHeaderSize]byte // where a transport that cannot wait without a buffer reads the first bytes
	body  int                   // bytes of the frame's content not taken from in yet
	left  int                   // bytes of the content, inflated, not handed out yet
	inf   *inflater             // of the frame under way; nil for a stored one
}

// StartCompression puts packets into compressed frames from here on, in both directions: behind the OK of a login for which
// both sides have CapCompress. What was received already and not read counts as the first frame's beginning.
func (c *Conn) StartCompression() {
	if c.zip != nil {
		return
	}
	z := &compressed{Conn: c.nc}
	if c.tls == nil {
		z.sock = c.sock
	}
	z.in, z.r, z.w = c.in, c.r, c.w
	c.in, c.r, c.w = nil, 0, 0
	c.zip, c.nc = z, z
}

// StopCompression takes the layer off again, for a relay that passes frames on as they are. The peer goes on sending frames.
// It fails amid a conversation.
func (c *Conn) StopCompression() error {
	if c.zip == nil {
		return nil
	}
	if c.r != c.w || c.out != nil || !c.zip.quiet() {
		return errors.New("stop compression: bytes are under way")
	}
	c.nc, c.zip = c.zip.Conn, nil
	return nil
}

// Compressed reports whether packets travel in compressed frames.
func (c *Conn) Compressed() bool { return c.zip != nil }

// begin starts a new conversation.
func (z *compressed) begin() {
	z.seq.Store(0)
	z.turned = false
}

// quiet reports whether nothing was received that is not handed out.
func (z *compressed) quiet() bool { return z.r == z.w && z.left == 0 }

// Read fills p with what the frame under way has, or the next one.
func (z *compressed) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if z.left == 0 {
		if err := z.nextFrame(); err != nil {
			return 0, err
		}
	}
	n, err := z.readContent(p[:min(len(p), z.left)])
	if err != nil {
		return 0, fmt.Errorf("read compressed frame: %w", midPacket(err))
	}
	if z.left -= n; z.left == 0 {
		if err := z.endFrame(); err != nil {
			return 0, err // what was damaged is not handed out
		}
	}
	return n, nil
}

func (z *compressed) readContent(p []byte) (int, error) {
	if z.inf == nil {
		return z.readBody(p)
	}
	n, err := z.inf.Read(p)
	switch {
	case n > 0:
		return n, nil
	case err == nil || errors.Is(err, io.EOF):
		return 0, fmt.Errorf("content ends %d bytes early: %w", z.left, ErrMalformed)
	}
	return 0, err
}

// nextFrame waits for a frame, without a buffer, and reads its header.
func (z *compressed) nextFrame() error {
	if err := z.receive(frameHeaderSize); err != nil {
		return err
	}
	h := z.in[z.r : z.r+frameHeaderSize]
	z.r += frameHeaderSize
	z.body, z.left = payloadLen(h), payloadLen(h[4:])
	z.seq.Store(uint32(h[3]) + 1)
	z.turned = true
	if z.body == 0 {
		return fmt.Errorf("read compressed frame: no content: %w", ErrMalformed)
	}
	if z.left == 0 {
		z.left = z.body
		return nil
	}
	var err error
	if z.inf, err = newInflater(z); err != nil {
		z.left = 0
		return fmt.Errorf("read compressed frame: %w: %w", ErrMalformed, err)
	}
	return nil
}

// endFrame makes sure that the frame ends where its header says; with zlib, the sum over the content is checked there.
func (z *compressed) endFrame() error {
	var err error
	if z.inf != nil {
		err = z.inf.end()
		z.inf.release()
		z.inf = nil
	}
	if err == nil && z.body > 0 {
		err = fmt.Errorf("%d bytes behind the content: %w", z.body, ErrMalformed)
	}
	if err != nil {
		return fmt.Errorf("read compressed frame: %w", err)
	}
	if z.r == z.w {
		z.giveUp()
	}
	return nil
}

// readBody takes bytes of the frame's content as they travel. io.EOF is the end of the frame.
func (z *compressed) readBody(p []byte) (int, error) {
	if z.body == 0 {
		return 0, io.EOF
	}
	if err := z.receive(1); err != nil {
		return 0, midPacket(err)
	}
	n := copy(p, z.in[z.r:min(z.w, z.r+z.body)])
	z.r += n
	z.body -= n
	return n, nil
}

// receive waits until n bytes are in the buffer, at most a header. The end of the stream amid them is io.ErrUnexpectedEOF.
func (z *compressed) receive(n int) error {
	for z.w-z.r < n {
		begun := z.w > z.r
		if err := z.fill(); err != nil {
			if begun {
				return midPacket(err)
			}
			return err
		}
	}
	return nil
}

// fill receives something. Where nothing is left of what came before it waits without a buffer.
func (z *compressed) fill() error {
	if z.r == z.w {
		z.giveUp()
		return z.fillEmpty()
	}
	if z.w == bufferSize {
		z.w = copy(z.in[:], z.in[z.r:z.w])
		z.r = 0
	}
	n, err := z.Conn.Read(z.in[z.w:])
	z.w += n
	if n > 0 {
		return nil
	}
	return err
}

func (z *compressed) fillEmpty() error {
	if z.sock != nil {
		if buf, n, ok, err := z.sock.readPooled(); ok {
			z.in, z.r, z.w = buf, 0, n
			return err
		}
	}
	n, err := z.Conn.Read(z.first[:])
	if n > 0 {
		z.in = getBuffer()
		z.r, z.w = 0, copy(z.in[:], z.first[:n])
		return nil
	}
	return err
}

func (z *compressed) giveUp() {
	if z.in != nil {
		putBuffer(z.in)
		z.in, z.r, z.w = nil, 0, 0
	}
}

// Write sends p in frames. The count is of bytes of p whose frame was sent whole.
func (z *compressed) Write(p []byte) (int, error) {
	total := 0
	for total < len(p) {
		part := p[total:min(len(p), total+maxFrame)]
		if err := z.writeFrame(part); err != nil {
			return total, err
		}
		total += len(part)
	}
	return total, nil
}

func (z *compressed) writeFrame(part []byte) error {
	f := getFrame()
	defer f.release()
	f.fill(part, byte(z.seq.Add(1)-1))
	_, err := z.Conn.Write(f.bytes)
	return err
}
