package spooky

// Hash128 returns the 128-bit hash of msg as two words. Two different pairs of
// seeds give two independent hashes.
func Hash128(msg []byte, seed1, seed2 uint64) (uint64, uint64) {
	if len(msg) < bufSize {
		return short(msg, seed1, seed2)
	}
	s := newState(seed1, seed2)
	return s.final(s.blocks(msg))
}

// Hash64 returns the first word of the 128-bit hash with seed used twice.
func Hash64(msg []byte, seed uint64) uint64 {
	h, _ := Hash128(msg, seed, seed)
	return h
}
