package store_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTablesAreUpstreams compares the columns of every table with those of a ProxySQL 2.7.1.
func TestTablesAreUpstreams(t *testing.T) {
	text, err := os.ReadFile("testdata/schema.tsv")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][][]string{} // by qualified name: column, type, not null, default, position in the key
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if f[0] == "database" || f[3] == "(table constraint)" {
			continue
		}
		name := f[0] + "." + f[1]
		null := "0"
		if f[5] == "1" {
			null = "1"
		}
		key := f[7]
		if key == "" {
			key = "0"
		}
		want[name] = append(want[name], []string{f[3], f[4], null, f[6], key})
	}
	s := open(t, "")
	for name, columns := range want {
		schemaName, table, _ := strings.Cut(name, ".")
		got := rows(t, s, `SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info('`+table+`','`+schemaName+`')`)
		for _, c := range got {
			if c[3] == "NULL" {
				c[3] = ""
			}
		}
		for _, c := range columns {
			if c[3] == "NULL" {
				c[3] = ""
			}
		}
		if diff := cmp.Diff(columns, got); diff != "" {
			t.Errorf("%s (-ProxySQL +keepsql):\n%s", name, diff)
		}
	}
	if len(want) < 100 {
		t.Errorf("only %d tables", len(want))
	}
}
