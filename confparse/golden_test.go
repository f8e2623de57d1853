package confparse_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/confparse"
)

var rewrite = flag.Bool("rewrite", false, "write what is found as what is wanted")

// TestCases parses every testdata/cases/*.conf and compares tree and diagnostics with the
// .want beside it.
func TestCases(t *testing.T) { compareFiles(t, "testdata/cases/*.conf") }

// TestSeed does the same for the configuration the project is measured by.
func TestSeed(t *testing.T) { compareFiles(t, "testdata/seed/*.c*nf*") }

func compareFiles(t *testing.T, pattern string) {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".want") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			tree, ds := confparse.ParseWith(confparse.Options{ConfigID: "n1"}, confparse.Files{}, name)
			got := strings.ReplaceAll(dump(tree, ds), filepath.Dir(name)+"/", "")
			if *rewrite {
				if err := os.WriteFile(name+".want", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ".want")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestKeepalivedCorpus parses the files that were given to `keepalived -t`. What that calls a
// problem of syntax must be one here, and nothing else may be.
func TestKeepalivedCorpus(t *testing.T) {
	table, err := os.Open("testdata/keepalived/expect.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	for lines.Scan() {
		cols := strings.Split(lines.Text(), "\t")
		file, options, stderr := cols[0], cols[2], cols[4]
		t.Run(file, func(t *testing.T) {
			opt := confparse.Options{ConfigID: strings.TrimPrefix(options, "-i ")}
			_, ds := confparse.ParseWith(opt, confparse.Files{}, filepath.Join("testdata/keepalived", file))
			if got, want := ds.HasErrors(), syntaxProblem(file, stderr); got != want {
				t.Errorf("errors: want %t, got %t\n%s\n%v", want, got, stderr, ds)
			}
			if got, want := len(ds) > 0, syntaxProblem(file, stderr) || strings.Contains(stderr, "files missing"); got != want {
				t.Errorf("diagnostics: want %t, got %t\n%s\n%v", want, got, stderr, ds)
			}
		})
	}
}

// syntaxProblem tells whether keepalived's messages are about the syntax of the text.
func syntaxProblem(file, stderr string) bool {
	switch file {
	case "059.conf": // includea: a missing file is an error
		return true
	case "096.conf", "098.conf", "188.conf":
		// Unknown keywords with a block: keepalived loses count of the braces, a tree does not.
		return false
	}
	for _, m := range []string{"missing '}'s", "Extra '}'", "Unexpected '{'", "Invalid ~SEQ", "quote"} {
		if strings.Contains(stderr, m) {
			return true
		}
	}
	return false
}

// TestProxySQLCorpus parses the configurations that were given to ProxySQL 2.7. Those it
// refused must be refused, all others accepted.
func TestProxySQLCorpus(t *testing.T) {
	data, err := os.ReadFile("testdata/proxysql/cnf.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c struct {
			Name string
			Cnf  string
			Exit *int
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			files := confparse.MapLoader{
				"p.cnf":   []byte(c.Cnf),
				"inc.cnf": []byte(`mysql_servers=({address="inc";hostgroup=9})`),
			}
			tree, ds := confparse.Parse(files, "p.cnf")
			if want := c.Exit != nil; ds.HasErrors() != want {
				t.Errorf("want errors %t, got:\n%v", want, ds)
			}
			if len(tree.Keywords) > 0 {
				t.Errorf("want libconfig only, got %v", dump(tree, ds))
			}
			t.Logf("\n%s", dump(tree, ds))
		})
	}
}
