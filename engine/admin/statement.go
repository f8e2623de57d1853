package admin

import "strings"

// statement is the text of a query in the forms the commands are recognised by.
type statement struct {
	text string // without blanks and semicolons around it; what SQLite gets
	// norm is text without comments before it, every run of blanks made one blank, also inside quotes, as upstream does.
	norm  string
	upper string // norm in upper case (ASCII only, so that offsets agree)
}

// commandLimit is the size up to which a SELECT is looked up among the commands, in bytes; longer ones are plain SQL.
const commandLimit = 2048

// newStatement trims a text; its other forms are made by normalise.
func newStatement(text string) statement {
	text = strings.TrimRight(text, blanks+";")
	return statement{text: strings.TrimLeft(text, blanks)}
}

const blanks = " \t\n\v\f\r\x00"

// normalise fills in norm and upper.
func (st *statement) normalise() {
	st.norm = collapse(skipComments(st.text))
	st.upper = upperASCII(st.norm)
}

// firstWord gives the first word in upper case, behind comments.
func (st *statement) firstWord() string {
	text := skipComments(st.text)
	end := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) })
	if end < 0 {
		end = len(text)
	}
	return upperASCII(text[:end])
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
}

// skipComments drops comments and blanks before a statement. MySQL's conditional comments are statements.
func skipComments(text string) string {
	for {
		text = strings.TrimLeft(text, blanks)
		switch {
		case strings.HasPrefix(text, "/*") && !strings.HasPrefix(text, "/*!"):
			_, rest, closed := strings.Cut(text[2:], "*/")
			if !closed {
				return text
			}
			text = rest
		case strings.HasPrefix(text, "--"):
			_, text, _ = strings.Cut(text, "\n")
		default:
			return text
		}
	}
}

// collapse makes every run of blanks one blank.
func collapse(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	gap := false
	for i := range len(text) {
		if strings.IndexByte(blanks, text[i]) >= 0 {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteByte(text[i])
	}
	return b.String()
}

// upperASCII turns a to z into capitals and keeps the length.
func upperASCII(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - ('a' - 'A')
		}
	}
	return string(b)
}
