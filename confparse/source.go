package confparse

import (
	"sort"
	"strings"
)

// bom is the UTF-8 byte order mark some editors put first.
const bom = "\xef\xbb\xbf"

// source is one file being read, and how far it has been read.
type source struct {
	name   string
	text   string
	lines  []int   // offset of the start of each line
	off    int     // the next byte to read
	parent *source // the file that included this one, nil for a named file
	below  *source // the file to go on with at the end of this one
	depth  int     // how many parents there are
	open   int     // from here on no comment is closed; 0 while unknown
	told   bool    // an unclosed comment was reported
	checks includeChecks
}

func newSource(name, text string, parent *source) *source {
	s := &source{name: name, text: text, parent: parent, below: parent, lines: []int{0}}
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		s.lines = append(s.lines, i)
	}
	if parent != nil {
		s.depth = parent.depth + 1
		s.checks = parent.checks
	}
	return s
}

// pos is the place of the byte at off.
func (s *source) pos(off int) Pos {
	n := sort.SearchInts(s.lines, off+1)
	return Pos{File: s.name, Line: n, Col: off - s.lines[n-1] + 1}
}

// line is the text of the line that off is in, without its line end.
func (s *source) line(off int) string {
	start := s.lines[sort.SearchInts(s.lines, off+1)-1]
	end := s.lineEnd(off)
	return printable(s.text[start:end])
}

// lineEnd is the offset of the newline that ends the line of off, or of the end of text.
func (s *source) lineEnd(off int) int {
	if n := strings.IndexByte(s.text[off:], '\n'); n >= 0 {
		return off + n
	}
	return len(s.text)
}

// atLineStart tells whether only blanks stand before off on its line.
func (s *source) atLineStart(off int) bool {
	start := s.lines[sort.SearchInts(s.lines, off+1)-1]
	return strings.TrimLeft(s.text[start:off], " \t") == ""
}

// column is the 0-based column of off.
func (s *source) column(off int) int {
	return off - s.lines[sort.SearchInts(s.lines, off+1)-1]
}

// commentEnd is the offset behind the */ that closes the comment at off, -1 without one.
func (s *source) commentEnd(off int) int {
	if s.open > 0 && off >= s.open {
		return -1
	}
	n := strings.Index(s.text[off+2:], "*/")
	if n < 0 {
		s.open = off
		return -1
	}
	return off + 2 + n + 2
}

// eof tells whether everything has been read.
func (s *source) eof() bool { return s.off >= len(s.text) }

// printable is a line as a diagnostic shows it: without the carriage return, and not at
// all when it is too long to be read.
func printable(line string) string {
	line = strings.TrimSuffix(line, "\r")
	if len(line) > 500 {
		return ""
	}
	return line
}

// isBlank tells whether c separates words without ending a line.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' }
