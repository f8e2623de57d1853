package rule

import (
	"bytes"
	"regexp/syntax"
)

// sequence is an expression that consists of literals with any characters between them, as in "^SELECT .* FROM orders WHERE": the
// usual form of rules, which needs no engine.
type sequence struct {
	parts      []string // the first may be empty with begin, the last with end
	least      []int    // characters there must be at least before each part
	begin, end bool     // the first part begins the text, the last one ends it
}

// sequenceOf takes an expression's body apart; nil if it is of another form. Strings are folded as the analyser says.
func (a *analyser) sequenceOf(body []*syntax.Regexp, begin, end bool) *sequence {
	if a.fold != a.caseless {
		return nil
	}
	s := &sequence{begin: begin, end: end, parts: []string{""}, least: []int{0}}
	for _, re := range body {
		last := len(s.parts) - 1
		if gap, least := anything(re); gap {
			if s.parts[last] == "" && last > 0 { // .*.*, where characters would have to be told from bytes
				return nil
			}
			s.parts, s.least = append(s.parts, ""), append(s.least, least)
			continue
		}
		l := a.walk(re)
		if len(l.exact) != 1 || !l.pure {
			return nil
		}
		s.parts[last] += l.exact[0]
	}
	n := len(s.parts)
	if n < 2 || s.parts[0] == "" && !begin || s.parts[n-1] == "" && !end {
		return nil
	}
	return s
}

// anything reports whether re is .* or .+, and how many characters that is at least.
func anything(re *syntax.Regexp) (ok bool, least int) {
	if re.Op != syntax.OpStar && re.Op != syntax.OpPlus || re.Sub[0].Op != syntax.OpAnyCharNotNL {
		return false, 0
	}
	if re.Op == syntax.OpPlus {
		least = 1
	}
	return true, least
}

// matches decides for a text of one line: each part is taken where it comes first, which leaves most room for those behind.
func (s *sequence) matches(text []byte, c comparer) bool {
	at := 0
	for i, part := range s.parts {
		rest := text[min(len(text), at+s.least[i]):]
		if at+s.least[i] > len(text) {
			return false
		}
		at += s.least[i]
		switch {
		case i == 0 && s.begin:
			if len(rest) < len(part) || !c.equal(rest[:len(part)], part) {
				return false
			}
			at += len(part)
		case i == len(s.parts)-1 && s.end:
			return len(rest) >= len(part) && c.equal(rest[len(rest)-len(part):], part)
		default:
			k := c.index(rest, part)
			if k < 0 {
				return false
			}
			at += k + len(part)
		}
	}
	return true
}

// index is the place of a literal in text, -1 if it is not there.
func (c comparer) index(text []byte, s string) int {
	if !c.fold {
		return bytes.Index(text, []byte(s))
	}
	if s == "" {
		return 0
	}
	for i := 0; i+len(s) <= len(text); i++ {
		if lower(text[i]) == s[0] && c.equal(text[i:i+len(s)], s) {
			return i
		}
	}
	return -1
}
