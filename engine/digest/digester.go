package digest

import (
	"bytes"
	"slices"
)

// Digester turns queries into digest texts. It owns the buffers that this needs,
// so one Digester serves one session at a time; its zero value is ready to use.
type Digester struct {
	scan scanner
}

// Append appends the digest text of query to dst and returns the extended slice,
// at most min(len(query), o.MaxQueryLength, o.MaxDigestLength) bytes longer.
//
// firstComment is the body of the first block comment, white space turned into
// blanks, without the '!' of a version comment, at most 1021 bytes; nil when there
// is none. It is valid until the next call and does not alias query.
func (d *Digester) Append(dst, query []byte, o *Options) (text, firstComment []byte) {
	limit := max(0, min(len(query), o.MaxQueryLength))
	dst = slices.Grow(dst, limit+maxComment+1)
	d.scan.reset(query, limit, o)
	out := d.shape(dst[len(dst):], limit, o)
	return dst[:len(dst)+len(out)], d.scan.comment
}

// shape runs the passes over out, which has room for limit bytes and one comment
// more.
func (d *Digester) shape(out []byte, limit int, o *Options) []byte {
	s := &d.scan
	c := collapser{limit: max(1, o.GroupingLimit), groups: o.GroupsGroupingLimit}
	tidied := 0
	for {
		out = s.run(out)
		out = tidy(out, tidied, o)
		if s.marks > c.limit || o.NoDigits { // else there is nothing to abbreviate
			out = c.collapse(out)
		}
		tidied = max(0, len(out)-1) // what will follow the last byte was not seen
		if s.pos >= len(s.query) || len(out)+s.cut >= limit {
			break
		}
	}
	if s.cut > 0 {
		out = append(out, '?') // the number that did not fit
	}
	return finish(out, o)
}

// finish ends the text at a NUL, where upstream's text ends, takes off what
// trails, and cuts it to the length that is stored.
func finish(out []byte, o *Options) []byte {
	if n := bytes.IndexByte(out, 0); n >= 0 {
		out = out[:n]
	}
	for len(out) > 1 && (out[len(out)-1] == ' ' || out[len(out)-1] == ';') {
		out = out[:len(out)-1]
	}
	return out[:max(0, min(len(out), o.MaxDigestLength))]
}
