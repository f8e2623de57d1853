package rule

import "bytes"

// comparer compares literals with a text, caselessly if fold is set; literals are
// then in lower case.
type comparer struct{ fold bool }

func (c comparer) equal(text []byte, s string) bool {
	if len(text) != len(s) {
		return false
	}
	if !c.fold {
		return string(text) == s
	}
	for i := range len(s) {
		if lower(text[i]) != s[i] {
			return false
		}
	}
	return true
}

func (c comparer) anyPrefix(text []byte, set []string) bool {
	for _, s := range set {
		if len(text) >= len(s) && c.equal(text[:len(s)], s) {
			return true
		}
	}
	return false
}

func (c comparer) anySuffix(text []byte, set []string) bool {
	for _, s := range set {
		if len(text) >= len(s) && c.equal(text[len(text)-len(s):], s) {
			return true
		}
	}
	return false
}

func (c comparer) anyEqual(text []byte, set []string) bool {
	for _, s := range set {
		if c.equal(text, s) {
			return true
		}
	}
	return false
}

func (c comparer) anyInside(text []byte, set []string) bool {
	for _, s := range set {
		if c.inside(text, s) {
			return true
		}
	}
	return false
}

func (c comparer) inside(text []byte, s string) bool { return c.index(text, s) >= 0 }

// trimNewline takes off the one newline before which '$' matches too.
func trimNewline(text []byte) []byte {
	return bytes.TrimSuffix(text, []byte("\n"))
}
