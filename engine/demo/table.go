package demo

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/keepsql/keepsql/engine/wire"
)

// printTable writes a result as the mysql client does.
func printTable(w io.Writer, r *wire.Result) {
	rows := make([][]string, 0, len(r.Rows)+1)
	var head []string
	for _, c := range r.Columns {
		head = append(head, c.Name)
	}
	rows = append(rows, head)
	for _, r := range r.Rows {
		var cells []string
		for _, v := range r {
			if v.Null {
				v.Text = "NULL"
			}
			cells = append(cells, v.Text)
		}
		rows = append(rows, cells)
	}
	width := make([]int, len(head))
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	rule(&b, width)
	for i, r := range rows {
		for j, cell := range r {
			b.WriteString("| " + cell + strings.Repeat(" ", width[j]-utf8.RuneCountInString(cell)+1))
		}
		b.WriteString("|\n")
		if i == 0 {
			rule(&b, width)
		}
	}
	rule(&b, width)
	io.WriteString(w, b.String())
}

func rule(b *strings.Builder, width []int) {
	for _, n := range width {
		b.WriteString("+" + strings.Repeat("-", n+2))
	}
	b.WriteString("+\n")
}
