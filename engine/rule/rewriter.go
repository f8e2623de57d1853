package rule

import "github.com/dlclark/regexp2/v2"

// rewriter applies a template to the matches of a pattern. It has two buffers, so
// that the result of one rewriting can be the source of the next.
type rewriter struct {
	buf   [2][]byte
	which int

	// The rewriting that is going on.
	text     []byte
	template template
	global   bool
	out      []byte
	from     int // end of the last match in text
	found    bool

	yield func(regexp2.MatchView) bool // onView, bound once
}

func (r *rewriter) reset() {
	for i := range r.buf {
		if cap(r.buf[i]) > maxKept {
			r.buf[i] = nil
		}
	}
	r.text, r.out, r.template = nil, nil, nil
}

// rewrite replaces the first match of p in text, or all of them, and reports
// whether there was one. The result is valid until the next but one.
func (r *rewriter) rewrite(p *pattern, text []byte, s *subject, t template, global bool) ([]byte, bool) {
	r.text, r.template, r.global = text, t, global
	r.out, r.from, r.found = r.buf[r.which][:0], 0, false
	complete := true
	if p.re2 != nil {
		r.walkRE2(p)
	} else {
		complete = r.walkPCRE(p, s)
	}
	r.out = append(r.out, text[r.from:]...)
	if r.out == nil {
		r.out = []byte{} // nothing is left, which is not the same as no rewriting
	}
	r.buf[r.which] = r.out
	if !r.found || !complete {
		return nil, false
	}
	r.which = 1 - r.which
	return r.out, true
}

// walkPCRE reports whether the search ran to its end.
func (r *rewriter) walkPCRE(p *pattern, s *subject) bool {
	if r.yield == nil {
		r.yield = r.onView
	}
	re := p.pcre.get()
	return re != nil && re.FindRunesMatches(s.of(r.text), -1, r.yield) == nil
}

// onView takes a match; positions in runes are positions in bytes.
func (r *rewriter) onView(m regexp2.MatchView) bool {
	start, length, _ := m.GroupRange(0)
	r.upTo(start)
	for _, p := range r.template {
		if p.literal != "" {
			r.out = append(r.out, p.literal...)
		} else if at, n, ok := m.GroupRange(p.group); ok {
			r.out = append(r.out, r.text[at:at+n]...)
		}
	}
	r.from = start + length
	return r.global
}

func (r *rewriter) walkRE2(p *pattern) {
	limit := 1
	if r.global {
		limit = -1
	}
	for _, m := range p.re2.FindAllSubmatchIndex(r.text, limit) {
		r.upTo(m[0])
		for _, p := range r.template {
			if p.literal != "" {
				r.out = append(r.out, p.literal...)
			} else if at := m[2*p.group]; at >= 0 {
				r.out = append(r.out, r.text[at:m[2*p.group+1]]...)
			}
		}
		r.from = m[1]
	}
}

// upTo copies what stands between two matches.
func (r *rewriter) upTo(start int) {
	r.found = true
	r.out = append(r.out, r.text[r.from:start]...)
}
