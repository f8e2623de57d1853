package admin

import (
	"context"
	_ "embed"
	"strings"
)

//go:embed charsets.tsv
var charsets string

// showCharset gives the character sets upstream lists, whose default collations are not always MySQL's.
func showCharset(context.Context, *session, call) (answer, error) {
	var rows [][]string
	for line := range strings.Lines(charsets) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), "\t"))
	}
	return table([]string{"Charset", "Default collation"}, rows...), nil
}
