package spooky

// Hash computes Hash128 of a message that arrives in pieces; how it is split
// makes no difference. The zero value hashes with both seeds zero. Hash is a plain
// value: copying it copies the position in the message. Not safe for concurrent
// use.
type Hash struct {
	seed1, seed2 uint64
	s            state         // valid once long is set
	buf          [bufSize]byte // bytes not mixed yet
	n            int           // bytes in buf, always less than bufSize
	long         bool          // bufSize bytes were seen: the long hash applies
}

// New starts a hash with the given seeds.
func New(seed1, seed2 uint64) Hash {
	return Hash{seed1: seed1, seed2: seed2}
}

// Reset starts over with new seeds.
func (h *Hash) Reset(seed1, seed2 uint64) {
	h.seed1, h.seed2, h.n, h.long = seed1, seed2, 0, false
}

// Write adds p to the message. It keeps nothing of p and never fails.
func (h *Hash) Write(p []byte) (int, error) {
	total := len(p)
	for h.n+len(p) >= bufSize {
		k := copy(h.buf[h.n:], p)
		h.mixBuffer()
		p = p[k:]
	}
	h.n += copy(h.buf[h.n:], p)
	return total, nil
}

// WriteString adds s to the message. It never fails.
func (h *Hash) WriteString(s string) (int, error) {
	total := len(s)
	for h.n+len(s) >= bufSize {
		k := copy(h.buf[h.n:], s)
		h.mixBuffer()
		s = s[k:]
	}
	h.n += copy(h.buf[h.n:], s)
	return total, nil
}

// mixBuffer takes the full buffer into the state.
func (h *Hash) mixBuffer() {
	if !h.long {
		h.s = newState(h.seed1, h.seed2)
		h.long = true
	}
	h.s.blocks(h.buf[:])
	h.n = 0
}

// Sum128 returns the hash of everything written so far. More may be written
// afterwards.
func (h *Hash) Sum128() (uint64, uint64) {
	rest := h.buf[:h.n]
	if !h.long {
		return short(rest, h.seed1, h.seed2)
	}
	s := h.s
	return s.final(s.blocks(rest))
}
