package sqliteserver

import "strings"

type kind byte

const (
	end     kind = iota
	word         // identifier, key word or number; backticks are stripped
	text         // 'quoted' or "quoted", as written
	sysVar       // @@session.name, as written
	userVar      // @name, as written
	symbol       // any other byte
)

// token is a piece of a statement; sql[start:end] is how it was written.
type token struct {
	kind       kind
	text       string
	start, end int
}

// is compares with a key word in upper case.
func (t token) is(w string) bool {
	return (t.kind == word || t.kind == symbol) && strings.EqualFold(t.text, w)
}

// lexer reads MySQL's tokens; comments and blanks are skipped.
type lexer struct {
	sql string
	pos int
}

func (l *lexer) next() token {
	l.blank()
	if l.pos >= len(l.sql) {
		return token{start: l.pos, end: l.pos}
	}
	start := l.pos
	t := token{kind: symbol, start: start}
	switch c := l.sql[start]; {
	case c == '\'' || c == '"':
		t.kind = text
		l.quoted(c)
	case c == '`':
		t.kind = word
		l.quoted(c)
		t.text = strings.ReplaceAll(strings.Trim(l.sql[start:l.pos], "`"), "``", "`")
	case c == '@' && strings.HasPrefix(l.sql[start+1:], "@"):
		t.kind = sysVar
		l.pos += 2
		l.span(func(c byte) bool { return isWord(c) || c == '.' })
	case c == '@':
		t.kind = userVar
		l.pos++
		l.span(isWord)
	case isWord(c):
		t.kind = word
		l.span(isWord)
	default:
		l.pos++
	}
	t.end = l.pos
	if t.text == "" {
		t.text = l.sql[start:l.pos]
	}
	return t
}

func (l *lexer) span(in func(byte) bool) {
	for l.pos < len(l.sql) && in(l.sql[l.pos]) {
		l.pos++
	}
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// quoted skips text in quotes; a doubled quote stands for itself. Backslashes are plain, as for SQLite.
func (l *lexer) quoted(q byte) {
	for l.pos++; l.pos < len(l.sql); l.pos++ {
		if l.sql[l.pos] != q {
			continue
		}
		if l.pos++; l.pos >= len(l.sql) || l.sql[l.pos] != q {
			return
		}
	}
}

// blank skips blanks and comments.
func (l *lexer) blank() {
	for l.pos < len(l.sql) {
		rest := l.sql[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.pos++
		case rest[0] == '#' || strings.HasPrefix(rest, "--"):
			l.pos += through(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			l.pos += 2 + through(rest[2:], "*/")
		default:
			return
		}
	}
}

// through is the length of s up to and with the first mark, or of all of it.
func through(s, mark string) int {
	if i := strings.Index(s, mark); i >= 0 {
		return i + len(mark)
	}
	return len(s)
}

// split cuts the first statement off, and gives its tokens.
func split(sql string) (statement, rest string, tokens []token) {
	l := lexer{sql: sql}
	for {
		t := l.next()
		if t.kind == end || t.is(";") {
			if n := len(tokens); n > 0 { // SQLite would take a comment behind it into the name of the last column
				statement = sql[:tokens[n-1].end]
			}
			return statement, sql[t.end:], tokens
		}
		tokens = append(tokens, t)
	}
}

// skip cuts blanks, comments and empty statements off the beginning.
func skip(sql string) string {
	l := lexer{sql: sql}
	for {
		if t := l.next(); !t.is(";") {
			return sql[t.start:]
		}
	}
}
