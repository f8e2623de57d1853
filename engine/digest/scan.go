package digest

// scanner reads the query once, from front to back.
type scanner struct {
	query []byte
	limit int        // size of the text; also, no comment opens at or after it
	fold  *[256]byte // what a byte outside literals is copied as
	null  bool       // the word NULL is a literal
	keep  bool       // block comments are copied

	pos   int  // next byte of query
	prev  byte // previous byte that counts, see the package comment
	marks int  // question marks written so far, or a little more
	cut   int  // room left by a number that does not fit; 0 when there is none

	comment   []byte // first block comment
	commented bool   // there was one
}

func (s *scanner) reset(query []byte, limit int, o *Options) {
	*s = scanner{query: query, limit: limit, null: o.ReplaceNull, keep: o.KeepComment, comment: s.comment[:0]}
	s.fold = &sameCase
	if o.Lowercase {
		s.fold = &lowerCase
	}
}

// run appends to out until the query ends or the text is full. A number that
// does not fit is left in the query and noted in cut.
func (s *scanner) run(out []byte) []byte {
	s.cut = 0
	for s.cut == 0 {
		out = s.plain(out)
		if s.pos >= len(s.query) || len(out) >= s.limit {
			break
		}
		out = s.special(out)
	}
	return out
}

// plain copies words, punctuation and single blanks up to a byte that special has
// to look at.
func (s *scanner) plain(out []byte) []byte {
	q, pos, prev := s.query, s.pos, s.prev
scan:
	for pos < len(q) && len(out) < s.limit {
		c := q[pos]
		switch kinds[c] {
		case kindToken:
			if c == '?' {
				s.marks++
			}
		case kindWord:
			if s.null && c|0x20 == 'n' && !isWord(prev) && atNull(q[pos:]) {
				break scan
			}
		case kindDigit:
			if !isWord(prev) {
				break scan
			}
		case kindSpace:
			prev = ' '
			pos++
			out = appendBlank(out)
			continue
		default:
			break scan
		}
		out = append(out, s.fold[c])
		prev = c
		pos++
	}
	s.pos, s.prev = pos, prev
	return out
}

// special takes a literal or a comment, or the one byte that looked like the
// start of one.
func (s *scanner) special(out []byte) []byte {
	c, rest := s.query[s.pos], s.query[s.pos:]
	switch kinds[c] {
	case kindQuote:
		return s.quoted(out)
	case kindDigit:
		return s.number(out)
	case kindWord:
		s.pos += len("NULL")
		return s.mark(out)
	case kindHash:
		if s.pos < s.limit {
			s.lineComment(1, len(out) == 0)
			return out
		}
	case kindDash:
		if s.prev != '-' && s.pos < s.limit-1 && len(rest) > 2 && rest[1] == '-' && isSpace(rest[2]) {
			s.lineComment(3, len(out) == 0)
			return out
		}
	case kindSlash:
		if s.pos < s.limit-1 && len(rest) > 1 && rest[1] == '*' {
			return s.blockComment(out)
		}
	}
	s.pos++
	s.prev = c
	return append(out, c)
}

// mark writes the stand-in of a literal.
func (s *scanner) mark(out []byte) []byte {
	s.marks++
	s.prev = '?'
	return append(out, '?')
}

// appendBlank separates, never leads and never repeats.
func appendBlank(out []byte) []byte {
	if len(out) > 0 && out[len(out)-1] != ' ' {
		out = append(out, ' ')
	}
	return out
}
