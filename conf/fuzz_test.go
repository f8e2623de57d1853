package conf_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf"
)

// FuzzParse: no text makes Parse panic, every diagnostic has a place in the text, what is
// accepted is complete, and the same bytes say the same again.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("../testdata/seed/*.c*nf*")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range seeds {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	text, err := os.ReadFile("testdata/cnf.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(text)); dec.More(); {
		var c struct{ Cnf string }
		if err := dec.Decode(&c); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(c.Cnf))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		g := &conf.Generation{Names: []string{"f"}, Texts: map[string][]byte{"f": text}}
		file, ds := g.Parse()
		for _, d := range ds {
			if d.Pos.File != "f" || d.Pos.Line < 1 || d.Pos.Col < 1 || d.Code == "" || d.Message == "" {
				t.Errorf("diagnostic without place, code or message: %+v", d)
			}
		}
		for table, s := range file.Tables {
			for i, row := range s.Rows.Rows {
				if len(row) != len(s.Rows.Columns) {
					t.Errorf("%s: row %d has %d cells for %d columns", table, i, len(row), len(s.Rows.Columns))
				}
			}
		}
		if _, again := g.Parse(); !cmp.Equal(ds, again) {
			t.Errorf("a second parse says something else: %s", cmp.Diff(ds, again))
		}
	})
}
