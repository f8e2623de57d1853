package gtid

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// maxSpans is how many gaps and sources a set may have: 1.6 MB of memory. Real servers have a handful.
const maxSpans = 100_000

// Set is the transactions that a server has executed. It never changes. The zero Set is empty.
type Set struct {
	sources []history // in the order of compare
}

// history is what was executed of one source.
type history struct {
	source Source
	server uint32 // of the last transaction, where the source is a domain
	spans  []span // in order, with gaps between them
}

// span is the numbers first to last.
type span struct{ first, last uint64 }

func compare(a, b *Source) int {
	if c := cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.num, b.num), bytes.Compare(a.uuid[:], b.uuid[:])); c != 0 {
		return c
	}
	return bytes.Compare(a.tag[:], b.tag[:])
}

// find gives the place of a source, or where it belongs.
func find(sources []history, s *Source) (at int, ok bool) {
	for end := len(sources); at < end; {
		middle := (at + end) / 2
		switch c := compare(&sources[middle].source, s); {
		case c == 0:
			return middle, true
		case c < 0:
			at = middle + 1
		default:
			end = middle
		}
	}
	return at, false
}

// Has reports whether all transactions of the ID were executed. It does not allocate.
func (s *Set) Has(id *ID) bool {
	i, ok := find(s.sources, &id.Source)
	if !ok {
		return false
	}
	spans := s.sources[i].spans
	at, _ := slices.BinarySearchFunc(spans, id.Last, func(sp span, n uint64) int { return cmp.Compare(sp.last, n) })
	return at < len(spans) && spans[at].first <= id.First
}

// ParseSet reads a set in MySQL's form, "uuid:1-10:12-20,uuid2:1-3", or a position in MariaDB's, "0-1-100,1-2-20", which stands
// for all transactions of the domain up to it. Blanks and line ends between the parts do not matter.
func ParseSet(b []byte) (*Set, error) {
	var out Builder
	if err := out.addText(b); err != nil {
		return nil, err
	}
	return out.Set(), nil
}

// String writes the set as servers do, sources in order; of a domain the last transaction.
func (s *Set) String() string {
	var b []byte
	for i := range s.sources {
		h := &s.sources[i]
		if i > 0 {
			b = append(b, ',')
		}
		if h.source.kind == mariadb {
			last := ID{Source: h.source, Last: h.spans[len(h.spans)-1].last, server: h.server}
			b = last.Append(b)
			continue
		}
		b = h.source.append(b)
		for _, sp := range h.spans {
			b = appendSpan(append(b, ':'), sp.first, sp.last)
		}
	}
	return string(b)
}

// Builder collects transactions for a Set. The zero Builder is empty.
type Builder struct {
	sources []history
	shared  []bool // whether a Set has the spans of the source; parallel to sources
	spans   int    // of all sources
}

// Reset empties the Builder.
func (b *Builder) Reset() { *b = Builder{} }

// Set gives what was collected so far.
func (b *Builder) Set() *Set {
	for i := range b.shared {
		b.shared[i] = true
	}
	return &Set{sources: slices.Clone(b.sources)}
}

// Add adds the transactions of an ID. It fails where the set becomes too large.
func (b *Builder) Add(id *ID) error {
	i, ok := find(b.sources, &id.Source)
	if !ok {
		b.sources = slices.Insert(b.sources, i, history{source: id.Source})
		b.shared = slices.Insert(b.shared, i, false)
	}
	h := &b.sources[i]
	h.server = id.server
	if b.shared[i] {
		h.spans, b.shared[i] = append(make([]span, 0, len(h.spans)+1), h.spans...), false
	}
	before := len(h.spans)
	h.spans = insert(h.spans, span{id.First, id.Last})
	if b.spans += len(h.spans) - before; b.spans > maxSpans {
		return fmt.Errorf("add %s: the set has more than %d gaps and sources", id, maxSpans)
	}
	return nil
}

// insert adds a span and joins it with those it touches.
func insert(spans []span, n span) []span {
	from := len(spans)
	for from > 0 && spans[from-1].last >= n.first-1 { // mostly it continues, or follows, the last one
		from--
	}
	to := from
	for to < len(spans) && spans[to].first <= n.last+1 {
		n.first, n.last = min(n.first, spans[to].first), max(n.last, spans[to].last)
		to++
	}
	if to == from {
		return slices.Insert(spans, from, n)
	}
	spans[from] = n
	return slices.Delete(spans, from+1, to)
}

// addText adds a set or position as text.
func (b *Builder) addText(text []byte) error {
	for len(text) > 0 {
		var part []byte
		part, text, _ = bytes.Cut(text, []byte(","))
		part = bytes.TrimSpace(part)
		if len(part) == 0 {
			continue
		}
		if id, ok := parseMariaDB(part); ok {
			id.First = 1
			if err := b.Add(&id); err != nil {
				return err
			}
			continue
		}
		err := eachSpan(part, func(id ID) error { return b.Add(&id) })
		if err != nil {
			return fmt.Errorf("read %s: %w", quoted(part), err)
		}
	}
	return nil
}

// eachSpan calls f for the spans of one source: "uuid:1-10:12:tag:1-3".
func eachSpan(b []byte, f func(ID) error) error {
	source, rest, ok := parseUUID(b)
	if !ok {
		return errSyntax
	}
	for more := true; more; {
		var part []byte
		part, rest, more = bytes.Cut(rest, colon)
		first, last, ok := parseSpan(part)
		switch {
		case ok:
			if err := f(ID{Source: source, First: first, Last: last}); err != nil {
				return err
			}
		case !source.setTag(part):
			return errSyntax
		}
	}
	return nil
}

// quoted shortens what is shown of bad input.
func quoted(b []byte) string {
	if len(b) > 80 {
		return strconv.Quote(string(b[:80])) + "…"
	}
	return strconv.Quote(string(b))
}
