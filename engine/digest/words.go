package digest

// longestKeyword is no_write_to_binlog.
const longestKeyword = 18

// words hands out the words of a digest text, in lower case.
type words struct {
	rest []byte
	buf  [longestKeyword]byte
}

// next returns the next word, valid until the call after; it is empty at the end
// of the text, before punctuation, and for a word longer than any keyword.
func (w *words) next() []byte {
	for len(w.rest) > 0 && w.rest[0] == ' ' {
		w.rest = w.rest[1:]
	}
	n := 0
	for n < len(w.rest) && isWord(w.rest[n]) {
		if n < len(w.buf) {
			w.buf[n] = lowerCase[w.rest[n]]
		}
		n++
	}
	w.rest = w.rest[n:]
	if n > len(w.buf) {
		n = 0
	}
	return w.buf[:n]
}

// is takes the next word and reports whether it is word.
func (w *words) is(word string) bool { return string(w.next()) == word }

// ifNext returns class if the next word is word.
func (w *words) ifNext(word string, class CommandClass) CommandClass {
	if w.is(word) {
		return class
	}
	return CommandUnknown
}
