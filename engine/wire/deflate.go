package wire

import (
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"sync"
)

// compressionLevel is zlib's: rows shrink nearly as much as with the default of 6, for half of the time.
const compressionLevel = 3

// keptFrame is how large a frame's memory may have grown to be kept for the next one, in bytes.
const keptFrame = 256 << 10

// inflater reads the content of one deflated frame.
type inflater struct {
	from *compressed
	z    io.ReadCloser
}

// inflaters, frames and deflaters only recycle memory between connections, as buffers does.
var (
	inflaters = sync.Pool{New: func() any { return new(inflater) }}
	frames    = sync.Pool{New: func() any { return new(frame) }}
	deflaters = sync.Pool{New: func() any {
		w, _ := zlib.NewWriterLevel(nil, compressionLevel) // fails for levels that do not exist only
		return w
	}}
)

// newInflater begins to read the content of the frame that from is at.
func newInflater(from *compressed) (*inflater, error) {
	i := inflaters.Get().(*inflater)
	i.from = from
	var err error
	if i.z == nil {
		i.z, err = zlib.NewReader(bodyReader{i})
	} else {
		err = i.z.(zlib.Resetter).Reset(bodyReader{i}, nil)
	}
	if err != nil {
		i.release()
		return nil, err
	}
	return i, nil
}

func (i *inflater) Read(p []byte) (int, error) { return i.z.Read(p) }

// end reads what is behind the content: its sum.
func (i *inflater) end() error {
	var more [1]byte
	n, err := i.z.Read(more[:])
	switch {
	case n > 0:
		return fmt.Errorf("content is longer than announced: %w", ErrMalformed)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

func (i *inflater) release() {
	i.from = nil
	inflaters.Put(i)
}

// bodyReader gives zlib the bytes of the frame and no more. Being an io.ByteReader it keeps zlib from buffering.
type bodyReader struct{ *inflater }

func (b bodyReader) Read(p []byte) (int, error) { return b.from.readBody(p) }

func (b bodyReader) ReadByte() (byte, error) {
	z := b.from
	if z.body > 0 && z.r < z.w {
		v := z.in[z.r]
		z.r++
		z.body--
		return v, nil
	}
	var one [1]byte
	_, err := z.readBody(one[:])
	return one[0], err
}

// frame is a frame to be sent.
type frame struct{ bytes []byte }

func getFrame() *frame { return frames.Get().(*frame) }

func (f *frame) release() {
	if cap(f.bytes) > keptFrame {
		f.bytes = nil
	}
	frames.Put(f)
}

// Write appends; it makes frame the io.Writer of zlib.
func (f *frame) Write(p []byte) (int, error) {
	f.bytes = append(f.bytes, p...)
	return len(p), nil
}

// fill makes the frame of a content of 1 to maxFrame bytes.
func (f *frame) fill(content []byte, seq byte) {
	f.bytes = append(f.bytes[:0], make([]byte, frameHeaderSize)...)
	inflated := len(content)
	if inflated >= minCompressed {
		f.deflate(content)
	}
	if n := len(f.bytes) - frameHeaderSize; n == 0 || n >= inflated {
		f.bytes = append(f.bytes[:frameHeaderSize], content...)
		inflated = 0
	}
	putHeader(f.bytes, len(f.bytes)-frameHeaderSize, seq)
	f.bytes[4], f.bytes[5], f.bytes[6] = byte(inflated), byte(inflated>>8), byte(inflated>>16)
}

func (f *frame) deflate(content []byte) {
	w := deflaters.Get().(*zlib.Writer)
	w.Reset(f)
	_, err := w.Write(content)
	if errors.Join(err, w.Close()) != nil { // a frame takes everything; were it not so, the content is stored
		f.bytes = f.bytes[:frameHeaderSize]
	}
	w.Reset(nil)
	deflaters.Put(w)
}
