package digest

const (
	// maxComment is how much of a block comment is looked at, marks included.
	maxComment = 1023
	maxBody    = maxComment - len("/*")
)

// lineComment skips a comment to the end of its line; opener is the length of
// what opens it. A query that is nothing but one unfinished comment keeps the
// comment's text, without the opener.
func (s *scanner) lineComment(opener int, first bool) {
	start := s.pos + opener
	s.prev = ' '
	for at := start; at < len(s.query); at++ {
		if c := s.query[at]; c == '\n' || c == '\r' {
			s.pos = at
			return
		}
	}
	s.pos = len(s.query)
	if first {
		s.pos = start
	}
}

// blockComment takes a comment that opens at the next byte. Comments do not nest,
// but one that opens inside another is where the copied text begins.
func (s *scanner) blockComment(out []byte) []byte {
	q, start := s.query, s.pos+2
	text, end := start, start
	for end+1 < len(q) && (q[end] != '*' || q[end+1] != '/') {
		if q[end] == '/' && q[end+1] == '*' {
			end++
			text = end + 1
		}
		end++
	}
	closed := end+1 < len(q)
	if !closed {
		end = len(q)
		if len(out) == 0 {
			s.pos = start
			return out
		}
	}
	s.firstComment(q[start:end])
	s.prev = ' '
	s.pos = end
	if closed {
		s.pos = end + 2
		out = s.copyComment(out, q[text:end])
	}
	return out
}

// copyComment writes what a closed comment leaves in the text: all of it when
// comments are kept, the statement in a version comment, and always a blank.
func (s *scanner) copyComment(out, body []byte) []byte {
	version := len(body) > 0 && body[0] == '!'
	if version {
		body = body[1:]
	}
	body = body[:min(len(body), maxBody)]
	statement := skipVersion(body)
	switch {
	case len(statement) == 0:
	case s.keep:
		out = append(out, "/*"...)
		out = append(out, body...)
		out = append(out, "*/"[:min(2, maxBody-len(body))]...)
	case version:
		out = append(out, statement...)
	}
	if s.keep || version {
		s.marks += len(body) // there may be any number in it
	}
	out = appendBlank(out)
	return out[:min(len(out), s.limit)]
}

// skipVersion drops the version number of a version comment and the like.
func skipVersion(b []byte) []byte {
	for len(b) > 0 && (b[0] == '/' || b[0] == '*' || b[0] == '!' || isSpace(b[0]) || isDigit(b[0])) {
		b = b[1:]
	}
	return b
}

// firstComment keeps body if it is the query's first, without the marks of
// comments inside it.
func (s *scanner) firstComment(body []byte) {
	if s.commented {
		return
	}
	s.commented = true
	if len(body) > 0 && body[0] == '!' {
		body = body[1:]
	}
	body = body[:min(len(body), maxBody)]
	var prev, next byte
	for i, c := range body {
		next = 0
		if i+1 < len(body) {
			next = body[i+1]
		}
		if !isMark(prev, c, next) {
			if isSpace(c) {
				c = ' '
			}
			s.comment = append(s.comment, c)
		}
		prev = body[i]
	}
}

// isMark reports whether c belongs to "/*" or "*/".
func isMark(prev, c, next byte) bool {
	return c == '/' && (prev == '*' || next == '*') || c == '*' && (prev == '/' || next == '/')
}
