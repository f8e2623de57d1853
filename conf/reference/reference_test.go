package reference_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/reference"
	"github.com/keepsql/keepsql/conf/schema"
)

//go:generate go test . -run TestPage -update

var update = flag.Bool("update", false, "write docs/reference.md anew")

const file = "../../docs/reference.md"

func TestPage(t *testing.T) {
	page := reference.Page()
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), page); diff != "" {
		t.Errorf("docs/reference.md is out of date, run go generate ./conf/reference (-page +tables):\n%s", diff)
	}
}

// Every variable says what it is, and its default is a value it can take.
func TestVariables(t *testing.T) {
	for _, v := range schema.Variables("") {
		if v.Doc == "" || !strings.HasSuffix(v.Doc, ".") {
			t.Errorf("%s: no sentence says what it is", v.Name)
		}
		if got, err := v.Check(v.Default); err != nil || got != v.Default {
			t.Errorf("%s: the default %q is not possible: %q %v", v.Name, v.Default, got, err)
		}
	}
}
