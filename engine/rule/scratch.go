package rule

// maxKept is how much of a buffer, in elements, outlives a statement. Larger ones
// come from rare statements and are given back.
const maxKept = 16 << 10

// scratch is the working memory of one evaluation.
type scratch struct {
	base bitset // rules not ruled out by anything but the statement's text
	text bitset // rules not ruled out by the statement's text

	digestRunes subject
	textRunes   subject
	rewriter    rewriter
}

func (s *scratch) reset() {
	s.digestRunes.reset()
	s.textRunes.reset()
	s.rewriter.reset()
}

// subject is a text in the form the PCRE engine reads, made when first needed.
type subject struct {
	runes []rune
	ready bool
}

func (s *subject) reset() {
	s.ready = false
	if cap(s.runes) > maxKept {
		s.runes = nil
	}
}

// of returns text as one rune per byte. The caller resets s when text changes.
func (s *subject) of(text []byte) []rune {
	if s.ready {
		return s.runes
	}
	s.runes = s.runes[:0]
	for _, c := range text {
		s.runes = append(s.runes, runeOf(c))
	}
	s.ready = true
	return s.runes
}

// runeOf maps bytes to runes one to one, so that expressions see bytes as PCRE
// does. Bytes from 0x80 up go to private use, where runes are neither letters nor
// blanks and have no other case.
func runeOf(c byte) rune {
	if c < 0x80 {
		return rune(c)
	}
	return 0xE000 + rune(c)
}
