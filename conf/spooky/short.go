package spooky

import (
	"encoding/binary"
	"math/bits"
)

// sc is the constant of the algorithm: not zero, odd, and a not very regular mix
// of ones and zeros.
const sc = 0xdeadbeefdeadbeef

// short hashes a message of less than bufSize bytes. It is correct for longer
// messages too, but those are defined to use the long hash.
func short(msg []byte, seed1, seed2 uint64) (uint64, uint64) {
	a, b := seed1, seed2
	c, d := uint64(sc), uint64(sc)
	length := uint64(len(msg))

	for len(msg) >= 32 {
		c += binary.LittleEndian.Uint64(msg)
		d += binary.LittleEndian.Uint64(msg[8:])
		a, b, c, d = shortMix(a, b, c, d)
		a += binary.LittleEndian.Uint64(msg[16:])
		b += binary.LittleEndian.Uint64(msg[24:])
		msg = msg[32:]
	}
	if len(msg) >= 16 {
		c += binary.LittleEndian.Uint64(msg)
		d += binary.LittleEndian.Uint64(msg[8:])
		a, b, c, d = shortMix(a, b, c, d)
		msg = msg[16:]
	}

	d += length << 56
	switch {
	case len(msg) == 0:
		c += sc
		d += sc
	case len(msg) < 8:
		c += tail(msg)
	default:
		c += binary.LittleEndian.Uint64(msg)
		d += tail(msg[8:])
	}
	return shortEnd(a, b, c, d)
}

// tail reads up to seven bytes as one little-endian word.
func tail(b []byte) uint64 {
	var w uint64
	for i, c := range b {
		w |= uint64(c) << (8 * i)
	}
	return w
}

func shortMix(a, b, c, d uint64) (uint64, uint64, uint64, uint64) {
	c = bits.RotateLeft64(c, 50) + d
	a ^= c
	d = bits.RotateLeft64(d, 52) + a
	b ^= d
	a = bits.RotateLeft64(a, 30) + b
	c ^= a
	b = bits.RotateLeft64(b, 41) + c
	d ^= b
	c = bits.RotateLeft64(c, 54) + d
	a ^= c
	d = bits.RotateLeft64(d, 48) + a
	b ^= d
	a = bits.RotateLeft64(a, 38) + b
	c ^= a
	b = bits.RotateLeft64(b, 37) + c
	d ^= b
	c = bits.RotateLeft64(c, 62) + d
	a ^= c
	d = bits.RotateLeft64(d, 34) + a
	b ^= d
	a = bits.RotateLeft64(a, 5) + b
	c ^= a
	b = bits.RotateLeft64(b, 36) + c
	d ^= b
	return a, b, c, d
}

func shortEnd(a, b, c, d uint64) (uint64, uint64) {
	d ^= c
	c = bits.RotateLeft64(c, 15)
	d += c
	a ^= d
	d = bits.RotateLeft64(d, 52)
	a += d
	b ^= a
	a = bits.RotateLeft64(a, 26)
	b += a
	c ^= b
	b = bits.RotateLeft64(b, 51)
	c += b
	d ^= c
	c = bits.RotateLeft64(c, 28)
	d += c
	a ^= d
	d = bits.RotateLeft64(d, 9)
	a += d
	b ^= a
	a = bits.RotateLeft64(a, 47)
	b += a
	c ^= b
	b = bits.RotateLeft64(b, 54)
	c += b
	d ^= c
	c = bits.RotateLeft64(c, 32)
	d += c
	a ^= d
	d = bits.RotateLeft64(d, 25)
	a += d
	b ^= a
	a = bits.RotateLeft64(a, 63)
	b += a
	return a, b
}
