package rule

import "math/bits"

// bitset has one bit per rule, in the order of evaluation.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func fullBitset(n int) bitset {
	b := newBitset(n)
	for i := range n {
		b.set(i)
	}
	return b
}

func (b bitset) set(i int) { b[i>>6] |= 1 << (i & 63) }

func (b bitset) and(other bitset) {
	for i := range b {
		b[i] &= other[i]
	}
}

func (b bitset) or(other bitset) {
	for i := range b {
		b[i] |= other[i]
	}
}

// next returns the first rule from i on that is in all three sets, or -1.
func next(a, b, c bitset, i int) int {
	if i>>6 >= len(a) {
		return -1
	}
	k := i >> 6
	word := a[k] & b[k] & c[k] & (^uint64(0) << (i & 63))
	for word == 0 {
		k++
		if k == len(a) {
			return -1
		}
		word = a[k] & b[k] & c[k]
	}
	return k<<6 + bits.TrailingZeros64(word)
}

// exactIndex tells which rules a column that is compared for equality lets pass.
type exactIndex[K comparable] struct {
	rest bitset       // rules for which the column is NULL
	by   map[K]bitset // rest and the rules that ask for this value
}

// newExactIndex asks column for the value rule i wants, if it wants one.
func newExactIndex[K comparable](n int, column func(i int) (K, bool)) exactIndex[K] {
	x := exactIndex[K]{rest: newBitset(n), by: make(map[K]bitset)}
	for i := range n {
		k, wanted := column(i)
		switch {
		case !wanted:
			x.rest.set(i)
		case x.by[k] == nil:
			x.by[k] = newBitset(n)
			fallthrough
		default:
			x.by[k].set(i)
		}
	}
	for _, b := range x.by {
		b.or(x.rest)
	}
	return x
}

// narrow removes from b the rules that want another value than k.
func (x *exactIndex[K]) narrow(b bitset, k K) {
	if len(x.by) == 0 {
		return
	}
	b.and(x.of(k))
}

func (x *exactIndex[K]) of(k K) bitset {
	if b, ok := x.by[k]; ok {
		return b
	}
	return x.rest
}
