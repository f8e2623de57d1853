package proxy

import "strings"

// words reads the first words of a statement, for names that the digest text may have cut or changed.
type words struct{ rest string }

func wordsOf(sql []byte) *words { return &words{stripComments(string(sql))} }

// verb takes the first word, in lower case.
func (w *words) verb() string { return strings.ToLower(w.next()) }

// next takes the next word, or the name in backticks, or one other character; "" at the end.
func (w *words) next() string {
	w.rest = strings.TrimLeft(w.rest, " \t\r\n")
	if w.rest == "" {
		return ""
	}
	if w.rest[0] == '`' {
		return w.quoted()
	}
	n := 0
	for n < len(w.rest) && (wordByte(w.rest[n]) || w.rest[n] >= 0x80) {
		n++
	}
	n = max(n, 1)
	word := w.rest[:n]
	w.rest = w.rest[n:]
	return word
}

func (w *words) quoted() string {
	for i := 1; i < len(w.rest); i++ {
		if w.rest[i] != '`' {
			continue
		}
		if i+1 < len(w.rest) && w.rest[i+1] == '`' {
			i++
			continue
		}
		name := strings.ReplaceAll(w.rest[1:i], "``", "`")
		w.rest = w.rest[i+1:]
		return name
	}
	w.rest = ""
	return ""
}

// skip takes the next word if it is this one, in any letter case.
func (w *words) skip(word string) bool {
	before := w.rest
	if strings.EqualFold(w.next(), word) {
		return true
	}
	w.rest = before
	return false
}

// table takes the name of a table with its schema: schema where it does not say; "" where there is no name.
func (w *words) table(schema string) string {
	name := w.next()
	if name == "" || len(name) == 1 && !wordByte(name[0]) {
		return ""
	}
	if w.skip(".") {
		return name + "." + w.next()
	}
	return schema + "." + name
}
