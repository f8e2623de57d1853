package wire

import "crypto/sha256"

// sha256Crypt computes the SHA256-crypt hash of a password (U. Drepper, "Unix crypt using SHA-256 and SHA-512", steps
// numbered as there), 43 characters without prefix and salt. MySQL uses all 20 bytes of its salt where crypt(3) stops at 16.
func sha256Crypt(password, salt string, rounds int) []byte {
	p, s := []byte(password), []byte(salt)

	h := sha256.New() // 4–8: digest B
	h.Write(p)
	h.Write(s)
	h.Write(p)
	b := h.Sum(nil)

	h.Reset() // 1–3, 9–12: digest A
	h.Write(p)
	h.Write(s)
	h.Write(stretch(b, len(p)))
	for n := len(p); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write(b)
		} else {
			h.Write(p)
		}
	}
	a := h.Sum(nil)

	h.Reset() // 13–16: byte sequence P
	for range p {
		h.Write(p)
	}
	pseq := stretch(h.Sum(nil), len(p))

	h.Reset() // 17–20: byte sequence S
	for range 16 + int(a[0]) {
		h.Write(s)
	}
	sseq := stretch(h.Sum(nil), len(s))

	for i := range rounds { // 21
		h.Reset()
		h.Write(pick(i&1 != 0, pseq, a))
		if i%3 != 0 {
			h.Write(sseq)
		}
		if i%7 != 0 {
			h.Write(pseq)
		}
		h.Write(pick(i&1 != 0, a, pseq))
		a = h.Sum(a[:0])
	}
	return crypt64(a)
}

// stretch repeats d up to n bytes.
func stretch(d []byte, n int) []byte {
	out := make([]byte, 0, n+len(d))
	for len(out) < n {
		out = append(out, d...)
	}
	return out[:n]
}

func pick(first bool, a, b []byte) []byte {
	if first {
		return a
	}
	return b
}

const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// crypt64 writes the digest in crypt's base 64, in the byte order step 22 prescribes.
func crypt64(d []byte) []byte {
	out := make([]byte, 0, 43)
	put := func(v uint32, n int) {
		for range n {
			out = append(out, cryptAlphabet[v&0x3f])
			v >>= 6
		}
	}
	for i, j, k := 0, 10, 20; i != 30; i, j, k = k+1, i+1, j+1 {
		put(uint32(d[i])<<16|uint32(d[j])<<8|uint32(d[k]), 4)
	}
	put(uint32(d[31])<<8|uint32(d[30]), 3)
	return out
}
