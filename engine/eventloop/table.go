package eventloop

import "sync/atomic"

// table finds a Descriptor by its number. It grows by chunks and is read without a lock.
type table [1 << 12]atomic.Pointer[chunk]

type chunk [1 << 10]atomic.Pointer[Descriptor]

func (t *table) put(fd int, d *Descriptor) bool {
	i := fd / len(chunk{})
	if i >= len(t) {
		return false
	}
	if t[i].Load() == nil {
		t[i].CompareAndSwap(nil, new(chunk))
	}
	t[i].Load()[fd%len(chunk{})].Store(d)
	return true
}

func (t *table) remove(fd int) { t[fd/len(chunk{})].Load()[fd%len(chunk{})].Store(nil) }

// get gives the Descriptor that an event is about; nil where it is gone.
func (t *table) get(fd, gen int32) *Descriptor {
	c := t[int(fd)/len(chunk{})].Load()
	if c == nil {
		return nil
	}
	if d := c[int(fd)%len(chunk{})].Load(); d != nil && d.gen == gen {
		return d
	}
	return nil
}
