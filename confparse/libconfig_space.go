package confparse

import "strings"

// skipSource skips blanks, line ends and libconfig comments, up to the end of this file.
func (p *parser) skipSource() {
	s := p.src
	for !s.eof() {
		c := s.text[s.off]
		switch {
		case isBlank(c) || c == '\n':
			s.off++
		case c == '#' || strings.HasPrefix(s.text[s.off:], "//"):
			s.off = s.lineEnd(s.off)
		case strings.HasPrefix(s.text[s.off:], "/*"):
			p.skipBlockComment()
		default:
			return
		}
	}
}

// skipBlockComment skips from /* behind the next */.
func (p *parser) skipBlockComment() {
	s := p.src
	end := s.commentEnd(s.off)
	if end < 0 {
		if !s.told {
			p.errorAt(spot{s, s.off, 2}, CodeSyntax, "the comment is not closed, '*/' is missing")
		}
		s.told = true
		s.off = len(s.text)
		return
	}
	s.off = end
}

// skip goes to the next byte that counts inside a libconfig value, through included
// files and back out of them. It returns 0 at the end of the named file.
func (p *parser) skip() byte {
	for {
		p.skipSource()
		switch {
		case p.stop:
			return 0
		case p.src.eof() && p.src.below == nil:
			return 0
		case p.src.eof():
			p.src = p.src.below
		case p.src.text[p.src.off] == '@' && p.includeDirective():
		default:
			return p.src.text[p.src.off]
		}
	}
}

// settingAhead tells whether a libconfig setting begins here: a name, then '=' or ':',
// with nothing but space and comments between. It only looks.
func (p *parser) settingAhead() bool {
	s := p.src
	n := nameLen(s.text[s.off:])
	if n == 0 {
		return false
	}
	i := s.off + n
	for i < len(s.text) {
		rest := s.text[i:]
		switch {
		case rest[0] == '=' || rest[0] == ':':
			return true
		case isBlank(rest[0]) || rest[0] == '\n':
			i++
		case rest[0] == '#' || strings.HasPrefix(rest, "//"):
			i = s.lineEnd(i)
		case strings.HasPrefix(rest, "/*"):
			if i = s.commentEnd(i); i < 0 {
				return false
			}
		default: // libconfig has no `name += value`, but says so
			return strings.HasPrefix(rest, "+=")
		}
	}
	return false
}

// nameLen is the length of the setting name that text begins with, 0 if there is none.
// libconfig's rule: [A-Za-z*][-A-Za-z0-9_*]*.
func nameLen(text string) int {
	n := 0
	for n < len(text) {
		c := text[n]
		first := isLetter(c) || c == '*'
		if !first && (n == 0 || c != '-' && c != '_' && !isDigit(c)) {
			break
		}
		n++
	}
	return n
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
