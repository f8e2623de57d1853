package digest

import "bytes"

// quoted takes a string. One that is not closed leaves nothing.
func (s *scanner) quoted(out []byte) []byte {
	q, quote := s.query, s.query[s.pos]
	for at := s.pos + 1; ; {
		n := bytes.IndexByte(q[at:], quote)
		if n < 0 {
			s.pos = len(q)
			return out
		}
		end := at + n
		at = escapes(q, at, end)
		switch {
		case at > end: // the quote found was escaped
		case end+1 < len(q) && q[end+1] == quote:
			at = end + 2
		default:
			s.pos = end + 1
			out = s.mark(out)
			s.prev = 0
			return out
		}
	}
}

// escapes steps over the escapes in q[at:end], where end is the next quote, and
// returns end, or what follows the quote if the quote itself is escaped.
func escapes(q []byte, at, end int) int {
	for at < end {
		n := bytes.IndexByte(q[at:end], '\\')
		if n < 0 {
			return end
		}
		at += n + 1
		if at == end || q[at] == '\\' {
			at++
		}
	}
	return at
}

// number takes what begins with a digit. It stays as it is unless it has the form
// of a number; of one at the very end of the query the last byte is not looked at.
func (s *scanner) number(out []byte) []byte {
	q, start := s.query, s.pos
	end := start + 1
	for end < len(q) && inNumber(q[end-1], q[end]) {
		end++
	}
	if room := s.limit - len(out); end-start >= room && (end < len(q) || end-start > room) {
		s.cut = room
		return out
	}
	s.pos = end
	check := q[start:end]
	if end == len(q) {
		check = q[start : end-1]
	}
	if !isNumber(check) {
		for _, c := range q[start:end] {
			out = append(out, s.fold[c])
		}
		s.prev = '?'
		return out
	}
	out = s.mark(out)
	if last := q[end-1]; end == len(q) && !isWord(last) {
		out = append(out, last)
	}
	return out
}

// inNumber reports whether c goes on with a number whose last byte is prev.
func inNumber(prev, c byte) bool {
	return isWord(c) || c == '.' || (c == '+' || c == '-') && prev|0x20 == 'e'
}

func isNumber(b []byte) bool {
	if len(b) > 1 && b[0] == '0' && b[1]|0x20 == 'x' {
		for _, c := range b[2:] {
			if !isDigit(c) && (c|0x20)-'a' > 'f'-'a' {
				return false
			}
		}
		return true
	}
	for _, c := range b {
		// A sign is here only if an e stands before it.
		if !isDigit(c) && c != '.' && c|0x20 != 'e' && c != '+' && c != '-' {
			return false
		}
	}
	return true
}

// atNull reports whether q begins with the whole word NULL.
func atNull(q []byte) bool {
	return len(q) >= 4 && q[0]|0x20 == 'n' && q[1]|0x20 == 'u' && q[2]|0x20 == 'l' && q[3]|0x20 == 'l' &&
		(len(q) == 4 || !isWord(q[4]))
}
