package spooky

import (
	"encoding/binary"
	"math/bits"
)

const (
	numVars   = 12            // words of state
	blockSize = numVars * 8   // bytes mixed at once
	bufSize   = 2 * blockSize // messages shorter than this use the short hash
)

// state is the internal state of the long hash.
type state [numVars]uint64

func newState(seed1, seed2 uint64) state {
	return state{seed1, seed2, sc, seed1, seed2, sc, seed1, seed2, sc, seed1, seed2, sc}
}

// Rotations of mix and of one of the three rounds of end, by word.
const (
	m0, m1, m2, m3, m4, m5   = 11, 32, 43, 31, 17, 28
	m6, m7, m8, m9, m10, m11 = 39, 57, 55, 54, 22, 46
	e0, e1, e2, e3, e4, e5   = 44, 15, 34, 21, 38, 33
	e6, e7, e8, e9, e10, e11 = 10, 13, 38, 53, 42, 54
)

// blocks mixes every whole block at the head of msg into s and returns the rest,
// which is shorter than blockSize.
func (s *state) blocks(msg []byte) []byte {
	s0, s1, s2, s3, s4, s5 := s[0], s[1], s[2], s[3], s[4], s[5]
	s6, s7, s8, s9, s10, s11 := s[6], s[7], s[8], s[9], s[10], s[11]
	for len(msg) >= blockSize {
		d := msg[:blockSize:blockSize]
		s0 += binary.LittleEndian.Uint64(d[0:])
		s2 ^= s10
		s11 ^= s0
		s0 = bits.RotateLeft64(s0, m0)
		s11 += s1
		s1 += binary.LittleEndian.Uint64(d[8:])
		s3 ^= s11
		s0 ^= s1
		s1 = bits.RotateLeft64(s1, m1)
		s0 += s2
		s2 += binary.LittleEndian.Uint64(d[16:])
		s4 ^= s0
		s1 ^= s2
		s2 = bits.RotateLeft64(s2, m2)
		s1 += s3
		s3 += binary.LittleEndian.Uint64(d[24:])
		s5 ^= s1
		s2 ^= s3
		s3 = bits.RotateLeft64(s3, m3)
		s2 += s4
		s4 += binary.LittleEndian.Uint64(d[32:])
		s6 ^= s2
		s3 ^= s4
		s4 = bits.RotateLeft64(s4, m4)
		s3 += s5
		s5 += binary.LittleEndian.Uint64(d[40:])
		s7 ^= s3
		s4 ^= s5
		s5 = bits.RotateLeft64(s5, m5)
		s4 += s6
		s6 += binary.LittleEndian.Uint64(d[48:])
		s8 ^= s4
		s5 ^= s6
		s6 = bits.RotateLeft64(s6, m6)
		s5 += s7
		s7 += binary.LittleEndian.Uint64(d[56:])
		s9 ^= s5
		s6 ^= s7
		s7 = bits.RotateLeft64(s7, m7)
		s6 += s8
		s8 += binary.LittleEndian.Uint64(d[64:])
		s10 ^= s6
		s7 ^= s8
		s8 = bits.RotateLeft64(s8, m8)
		s7 += s9
		s9 += binary.LittleEndian.Uint64(d[72:])
		s11 ^= s7
		s8 ^= s9
		s9 = bits.RotateLeft64(s9, m9)
		s8 += s10
		s10 += binary.LittleEndian.Uint64(d[80:])
		s0 ^= s8
		s9 ^= s10
		s10 = bits.RotateLeft64(s10, m10)
		s9 += s11
		s11 += binary.LittleEndian.Uint64(d[88:])
		s1 ^= s9
		s10 ^= s11
		s11 = bits.RotateLeft64(s11, m11)
		s10 += s0
		msg = msg[blockSize:]
	}
	*s = state{s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11}
	return msg
}

// final hashes the last, partial block (less than blockSize bytes), which is
// padded with zeros and carries its own length in its last byte.
func (s *state) final(rest []byte) (uint64, uint64) {
	var d [blockSize]byte
	copy(d[:], rest)
	d[blockSize-1] = byte(len(rest))
	for i := range s {
		s[i] += binary.LittleEndian.Uint64(d[8*i:])
	}
	for range 3 {
		s.endRound()
	}
	return s[0], s[1]
}

func (s *state) endRound() {
	s[11] += s[1]
	s[2] ^= s[11]
	s[1] = bits.RotateLeft64(s[1], e0)
	s[0] += s[2]
	s[3] ^= s[0]
	s[2] = bits.RotateLeft64(s[2], e1)
	s[1] += s[3]
	s[4] ^= s[1]
	s[3] = bits.RotateLeft64(s[3], e2)
	s[2] += s[4]
	s[5] ^= s[2]
	s[4] = bits.RotateLeft64(s[4], e3)
	s[3] += s[5]
	s[6] ^= s[3]
	s[5] = bits.RotateLeft64(s[5], e4)
	s[4] += s[6]
	s[7] ^= s[4]
	s[6] = bits.RotateLeft64(s[6], e5)
	s[5] += s[7]
	s[8] ^= s[5]
	s[7] = bits.RotateLeft64(s[7], e6)
	s[6] += s[8]
	s[9] ^= s[6]
	s[8] = bits.RotateLeft64(s[8], e7)
	s[7] += s[9]
	s[10] ^= s[7]
	s[9] = bits.RotateLeft64(s[9], e8)
	s[8] += s[10]
	s[11] ^= s[8]
	s[10] = bits.RotateLeft64(s[10], e9)
	s[9] += s[11]
	s[0] ^= s[9]
	s[11] = bits.RotateLeft64(s[11], e10)
	s[10] += s[0]
	s[1] ^= s[10]
	s[0] = bits.RotateLeft64(s[0], e11)
}
