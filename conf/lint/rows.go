package lint

import (
	"strconv"

	"github.com/keepsql/keepsql/conf"
)

// row is one row of a section.
type row struct {
	in *conf.Section
	n  int
}

// text is a cell; set is false where it is NULL.
func (r row) text(column string) (text string, set bool) {
	c := r.in.Rows.Get(r.n, column)
	return c.Text, !c.Null
}

// number is a cell that holds a whole number; set is false where it is NULL.
func (r row) number(column string) (n int, set bool) {
	text, set := r.text(column)
	if !set {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// on tells whether a 0/1 column is 1.
func (r row) on(column string) bool {
	n, _ := r.number(column)
	return n == 1
}

// table lists the rows the files have for a table.
func (l *linter) table(name string) []row {
	s := l.file.Tables[name]
	if s == nil {
		return nil
	}
	out := make([]row, len(s.Rows.Rows))
	for i := range out {
		out[i] = row{s, i}
	}
	return out
}

// at reports a finding about a column of a row.
func (l *linter) at(r row, column, hint, format string, args ...any) {
	pos, width := r.in.PosOf(r.n, column)
	l.warn(pos, width, hint, format, args...)
}
