package setting

import "bytes"

type tokenKind byte

const (
	tokEnd tokenKind = iota
	tokBad           // what no understood statement contains
	tokWord
	tokNumber
	tokString // with its quotes, always single ones
	tokSystem // @@name, without the @@
	tokSymbol // one byte
)

type token struct {
	kind tokenKind
	text string
}

// lexer splits a statement into tokens. Comments separate like blanks.
type lexer struct {
	q   []byte
	pos int
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c-'0' < 10 || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// skip passes over blanks and comments; false for a comment without end.
func (l *lexer) skip() bool {
	for l.pos < len(l.q) {
		rest := l.q[l.pos:]
		end := 0
		switch {
		case isSpace(rest[0]):
			l.pos++
			continue
		case bytes.HasPrefix(rest, []byte("/*!")), bytes.HasPrefix(rest, []byte("/*M!")):
			return false // its content may count or not
		case bytes.HasPrefix(rest, []byte("/*")):
			end = bytes.Index(rest[2:], []byte("*/")) + 4
			if end < 4 {
				return false
			}
		case rest[0] == '#', bytes.HasPrefix(rest, []byte("-- ")):
			if end = bytes.IndexByte(rest, '\n'); end < 0 {
				end = len(rest)
			}
		default:
			return true
		}
		l.pos += end
	}
	return true
}

// peek returns the next byte that counts, 0 at the end.
func (l *lexer) peek() byte {
	if !l.skip() || l.pos == len(l.q) {
		return 0
	}
	return l.q[l.pos]
}

func (l *lexer) next() token {
	if !l.skip() {
		return token{kind: tokBad}
	}
	if l.pos == len(l.q) {
		return token{}
	}
	switch c := l.q[l.pos]; {
	case c == '\'' || c == '"':
		return l.quoted(c)
	case c == '`':
		return l.backticked()
	case c == '@':
		return l.system()
	case c-'0' < 10 || c == '.':
		return l.number()
	case isWord(c):
		return token{tokWord, string(l.run(isWord))}
	default:
		l.pos++
		return token{tokSymbol, string(rune(c))}
	}
}

func (l *lexer) run(in func(byte) bool) []byte {
	start := l.pos
	for l.pos < len(l.q) && in(l.q[l.pos]) {
		l.pos++
	}
	return l.q[start:l.pos]
}

// quoted reads a string. Quotes and backslashes inside would depend on sql_mode, so they are not understood.
func (l *lexer) quoted(quote byte) token {
	end := bytes.IndexByte(l.q[l.pos+1:], quote)
	if end < 0 {
		return token{kind: tokBad}
	}
	body := l.q[l.pos+1 : l.pos+1+end]
	l.pos += end + 2
	if bytes.ContainsAny(body, "'\\\x00") || l.pos < len(l.q) && l.q[l.pos] == quote {
		return token{kind: tokBad}
	}
	return token{tokString, "'" + string(body) + "'"}
}

func (l *lexer) backticked() token {
	l.pos++
	name := l.run(isWord)
	if l.pos == len(l.q) || l.q[l.pos] != '`' || len(name) == 0 {
		return token{kind: tokBad}
	}
	l.pos++
	return token{tokWord, string(name)}
}

func (l *lexer) system() token {
	if l.pos+1 >= len(l.q) || l.q[l.pos+1] != '@' {
		return token{kind: tokBad} // a user variable
	}
	l.pos += 2
	name := l.run(func(c byte) bool { return isWord(c) || c == '.' || c == '`' })
	return token{tokSystem, string(bytes.ReplaceAll(name, []byte("`"), nil))}
}

// number reads digits, with a fraction and an exponent or not.
func (l *lexer) number() token {
	text := l.run(func(c byte) bool { return isWord(c) || c == '.' })
	for i, c := range text {
		if c-'0' >= 10 && c != '.' && (c|0x20 != 'e' || i == 0) {
			return token{kind: tokBad}
		}
	}
	return token{tokNumber, string(text)}
}

// unwrap takes a statement out of a version comment: /*!40101 SET NAMES utf8 */.
func unwrap(q []byte) []byte {
	t := bytes.Trim(q, " \t\r\n;")
	if !bytes.HasPrefix(t, []byte("/*!")) || !bytes.HasSuffix(t, []byte("*/")) || bytes.Count(t, []byte("*/")) != 1 {
		return q
	}
	t = t[3 : len(t)-2]
	for len(t) > 0 && t[0]-'0' < 10 {
		t = t[1:]
	}
	return t
}
