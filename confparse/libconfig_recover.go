package confparse

import (
	"bytes"
	"fmt"
	"strings"
)

// follows tells whether the text goes on with prefix.
func (p *parser) follows(prefix string) bool {
	return strings.HasPrefix(p.src.text[p.src.off:], prefix)
}

// unexpected reports that the text goes on with something else than what is wanted.
func (p *parser) unexpected(want string) {
	s := p.src
	if s.eof() {
		if p.errs == 0 {
			p.errorAt(spot{s, s.off, 1}, CodeSyntax, "expected %s, but the file ends", want)
		}
		return
	}
	width := p.width(s, s.off)
	word := s.text[s.off : s.off+width]
	p.hintAt(spot{s, s.off, width}, CodeSyntax, p.advice(want, word), "expected %s, found %q", want, word)
}

// advice is what to do about a word that stands in place of what is wanted.
func (p *parser) advice(want, word string) string {
	switch lower := strings.ToLower(word); {
	case len(p.closers) > 0 && looksLikeRoot(p.src, p.src.off):
		return fmt.Sprintf("is '%c' missing before this line?", p.closers[len(p.closers)-1])
	case p.longStr != (Pos{}):
		return fmt.Sprintf("the string at %v runs over a line end: is its closing '\"' missing?", p.longStr)
	case !strings.HasPrefix(want, "a value"):
		return ""
	case lower == "yes" || lower == "on":
		return "write true"
	case lower == "no" || lower == "off":
		return "write false"
	case p.settingAhead():
		return "the value is missing"
	case isLetter(word[0]) || word[0] == '/':
		return "strings are written in double quotes"
	}
	return ""
}

// width is the length of what stands at off, as far as it would be read as one thing.
func (p *parser) width(s *source, off int) int {
	n := 0
	for off+n < len(s.text) {
		c := s.text[off+n]
		if !isLetter(c) && !isDigit(c) && c < 0x80 && strings.IndexByte("_-+.*@$", c) < 0 {
			break
		}
		n++
	}
	return max(n, 1)
}

// noteSuspect remembers the first setting inside brackets that is written like one at
// top level: where a bracket is never closed, the closer is probably missing before it.
func (p *parser) noteSuspect(s *source, off int, pos Pos) {
	if len(p.closers) > 0 && p.suspect == (Pos{}) && looksLikeRoot(s, off) {
		p.suspect = pos
	}
}

// looksLikeRoot tells whether a line at off looks like the start of an item at top level: it
// begins in the first column with `name = {`, `name = (`, `name: [`, or with one or two
// words and a brace as keepalived's blocks do.
func looksLikeRoot(s *source, off int) bool {
	if s.column(off) != 0 {
		return false
	}
	n := nameLen(s.text[off:])
	if n == 0 {
		return false
	}
	rest := s.text[off+n:]
	trimmed := strings.TrimLeft(rest, " \t\r\n")
	if trimmed != "" && (trimmed[0] == '=' || trimmed[0] == ':') {
		trimmed = strings.TrimLeft(trimmed[1:], " \t\r\n")
		return trimmed != "" && strings.IndexByte("{([", trimmed[0]) >= 0
	}
	line, _, _ := strings.Cut(rest, "\n")
	words := strings.Fields(strings.TrimSuffix(strings.TrimRight(line, " \t\r"), "{"))
	return strings.HasSuffix(strings.TrimRight(line, " \t\r"), "{") && len(words) <= 1
}

// recovery says how reading goes on after an error inside brackets.
type recovery int

const (
	goOn   recovery = iota // with the next item inside them
	closed                 // behind them: another closer was written in place of theirs
	giveUp                 // somewhere outside them
)

// resync skips what cannot be understood after an error inside the brackets that closer
// ends (0 at top level), up to where reading can go on.
func (p *parser) resync(closer byte) recovery {
	s := p.src
	var nested []byte
	fresh := s.atLineStart(s.off)
	for !s.eof() && !p.stop {
		c := s.text[s.off]
		if c == '\n' || isBlank(c) {
			fresh = fresh || c == '\n'
			s.off++
			continue
		}
		if fresh && p.lineResumes(closer, len(nested)) {
			if p.unwind {
				return giveUp
			}
			return goOn
		}
		fresh = false
		switch {
		case c == '"':
			p.skipBrokenString()
			continue
		case c == '#' || strings.HasPrefix(s.text[s.off:], "//"):
			s.off = s.lineEnd(s.off)
			continue
		case strings.HasPrefix(s.text[s.off:], "/*"):
			p.skipBlockComment()
			continue
		case c == '{' || c == '(' || c == '[':
			nested = append(nested, closerOf(c))
		case len(nested) > 0 && c == nested[len(nested)-1]:
			nested = nested[:len(nested)-1]
		case len(nested) > 0:
		case c == closer && closer != 0:
			return goOn
		case c == ',' || c == ';':
			s.off++
			return goOn
		case bytes.IndexByte(p.closers, c) >= 0:
			return giveUp
		case closer != 0 && (c == '}' || c == ')' || c == ']'):
			s.off++
			return closed
		}
		s.off++
	}
	if s.below != nil && !p.stop {
		return goOn
	}
	p.unwind = true
	return giveUp
}

// recover goes on after an error inside brackets. It tells whether reading these is done,
// and whether they can count as closed.
func (p *parser) recover(closer byte) (done, ok bool) {
	if p.unwind {
		return true, false
	}
	switch p.resync(closer) {
	case closed:
		return true, true
	case giveUp:
		return true, false
	}
	return false, false
}

// lineResumes tells whether reading can go on at the start of this line, and whether the
// open brackets are given up for that.
func (p *parser) lineResumes(closer byte, nested int) bool {
	s := p.src
	if looksLikeRoot(s, s.off) {
		p.unwind = closer != 0
		return true
	}
	if nested > 0 {
		return false
	}
	if closer == 0 {
		return s.column(s.off) == 0 && s.text[s.off] > ' ' && strings.IndexByte("{}()[],;", s.text[s.off]) < 0
	}
	return closer == '}' && p.settingAhead()
}

// skipBrokenString skips a string on one line; one that does not end there is skipped to
// the end of the line only, because its quote may be the misplaced one.
func (p *parser) skipBrokenString() {
	s := p.src
	i := s.off + 1
	for i < len(s.text) && s.text[i] != '\n' {
		c := s.text[i]
		i++
		if c == '"' {
			break
		}
		if c == '\\' && i < len(s.text) && s.text[i] != '\n' {
			i++
		}
	}
	s.off = i
}

func closerOf(open byte) byte {
	switch open {
	case '{':
		return '}'
	case '(':
		return ')'
	}
	return ']'
}
