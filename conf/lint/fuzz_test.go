package lint_test

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/lint"
	"github.com/keepsql/keepsql/confparse"
)

// FuzzCheck: whatever was parsed without errors can be checked, and findings are warnings with
// a code and a place.
func FuzzCheck(f *testing.F) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, ds := (&conf.Generation{Names: []string{"f"}, Texts: map[string][]byte{"f": text}}).Parse()
		if ds.HasErrors() {
			return
		}
		for _, d := range lint.Check(file, lint.Options{Probes: host{}, Peer: file}) {
			if d.Severity != confparse.Warning || d.Code == "" || d.Pos.Line < 1 {
				t.Errorf("finding %+v", d)
			}
		}
	})
}
