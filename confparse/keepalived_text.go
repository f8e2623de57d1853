package confparse

import (
	"sort"
	"strings"
)

// text is a line or a part of one, which remembers where each of its bytes was written.
type text struct {
	s    string
	from []origin // sorted by at; the first has at 0
}

// origin says where the bytes from index at on come from.
type origin struct {
	at    int
	src   *source
	off   int
	fixed bool // all bytes come from the one place: the use of a parameter
}

// place is where the byte at i was written.
func (t text) place(i int) (*source, int) {
	n := sort.Search(len(t.from), func(n int) bool { return t.from[n].at > i }) - 1
	o := t.from[n]
	if o.fixed {
		return o.src, o.off
	}
	return o.src, min(o.off+i-o.at, len(o.src.text))
}

// pos is the place as a Pos.
func (t text) pos(i int) Pos {
	s, off := t.place(i)
	return s.pos(off)
}

// slice is the part from i to j.
func (t text) slice(i, j int) text {
	if len(t.from) == 1 {
		o := t.from[0]
		if !o.fixed {
			o.off += i
		}
		return text{s: t.s[i:j], from: []origin{o}}
	}
	first := sort.Search(len(t.from), func(n int) bool { return t.from[n].at > i }) - 1
	part := text{s: t.s[i:j]}
	for n := first; n < len(t.from) && (n == first || t.from[n].at < j); n++ {
		o := t.from[n]
		if o.at < i {
			if !o.fixed {
				o.off += i - o.at
			}
			o.at = i
		}
		o.at -= i
		part.from = append(part.from, o)
	}
	return part
}

// trim is t without the blanks around it.
func (t text) trim() text {
	i := len(t.s) - len(strings.TrimLeft(t.s, blanks))
	j := len(strings.TrimRight(t.s, blanks))
	if j < i {
		j = i
	}
	return t.slice(i, j)
}

// blanks is what separates words.
const blanks = " \t\r\f\v"

// join is the parts one after the other.
func join(parts ...text) text {
	var b strings.Builder
	var t text
	for _, part := range parts {
		if part.s == "" {
			continue
		}
		for _, o := range part.from {
			o.at += b.Len()
			t.from = append(t.from, o)
		}
		b.WriteString(part.s)
	}
	t.s = b.String()
	if t.from == nil {
		t.from = parts[0].from[:1]
	}
	return t
}

// at is s as if it had been written where t has the byte i.
func (t text) at(i int, s string) text {
	src, off := t.place(i)
	return text{s: s, from: []origin{{src: src, off: off, fixed: true}}}
}
