package lab_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seed reads a file of the seed set-up.
func seed(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../testdata/seed/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// testdata reads a file of the lab.
func testdata(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sections splits walkthrough.sql at its "-- on …" lines into lists of statements, by the text of those lines.
func sections(script string) map[string][]string {
	out := map[string][]string{}
	var name, statement string
	for line := range strings.Lines(script) {
		if title, ok := strings.CutPrefix(line, "-- "); ok {
			name, _, _ = strings.Cut(strings.TrimSpace(title), " (")
			continue
		}
		statement += line
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			out[name] = append(out[name], strings.TrimSpace(statement))
			statement = ""
		}
	}
	return out
}

func TestSections(t *testing.T) {
	got := map[string]int{}
	for name, list := range sections(seed(t, "walkthrough.sql")) {
		got[name] = len(list)
	}
	want := map[string]int{
		"on node1": 19, "on node2: the above, and before it": 5, "on either": 1, "on node1, to let node2 pull": 2,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
