package vrrpconf_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
)

// recordedHost has the interfaces of the machine the recordings were made on.
type recordedHost struct{}

func (recordedHost) Program(name string) bool { return !strings.Contains(name, "nope") }
func (recordedHost) User(name string) bool    { return name == "root" || name == "nobody" }
func (recordedHost) Group(name string) bool   { return name == "root" || name == "nogroup" }

func (recordedHost) Interface(name string) (exists, loopback bool) {
	return slices.Contains([]string{"lo", "eth0", "eth1", "eth2"}, name), name == "lo"
}

// The exit status of `keepalived -t` 2.2.7 for every recorded file, except where
// testdata/keepalived/differences.tsv says otherwise; docs/differences.md gives the reason.
func TestConfigTest(t *testing.T) {
	differences := map[string]int{}
	for _, line := range table(t, "testdata/keepalived/differences.tsv") {
		differences[line[0]] = status(t, line[1])
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(differences)), documented(t)); diff != "" {
		t.Errorf("cases in the list and in docs/differences.md (-list +docs):\n%s", diff)
	}
	for _, line := range table(t, "testdata/keepalived/expect.tsv") {
		name, upstream := line[0], status(t, line[2])
		t.Run(name, func(t *testing.T) {
			want, differs := differences[name]
			delete(differences, name)
			if !differs {
				want = upstream
			} else if want == upstream {
				t.Error("listed as a difference, but upstream does the same")
			}
			var opt confparse.Options
			if id, ok := strings.CutPrefix(line[1], "-i "); ok {
				opt.ConfigID = id
			}
			tree, ds := confparse.ParseWith(opt, confparse.Files{}, filepath.Join("testdata/keepalived", name))
			ds = append(ds, vrrpconf.ConfigTest(tree, recordedHost{})...)
			if got := vrrpconf.ExitStatus(ds); got != want {
				t.Errorf("%s: exit status %d, want %d\n%s", line[3], got, want, ds)
			}
		})
	}
	if len(differences) > 0 {
		t.Errorf("differences without a recording: %v", slices.Sorted(maps.Keys(differences)))
	}
}

var recording = regexp.MustCompile("`([0-9]{3})`")

// documented lists the recordings that docs/differences.md names.
func documented(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## keepalived.conf\n")
	if !found {
		t.Fatal("docs/differences.md has no section about keepalived.conf")
	}
	var out []string
	for _, m := range recording.FindAllStringSubmatch(section, -1) {
		out = append(out, m[1]+".conf")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// table reads tab-separated lines under a heading.
func table(t *testing.T, name string) [][]string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		out = append(out, strings.Split(line, "\t"))
	}
	return out
}

func status(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExitStatus(t *testing.T) {
	cases := []struct {
		codes []string
		want  int
	}{
		{nil, 0},
		{[]string{vrrpconf.CodePending, vrrpconf.CodeShadowed, confparse.CodeInclude}, 0},
		{[]string{confparse.CodeFile}, 4},
		{[]string{confparse.CodeFile, vrrpconf.CodeValue}, 5},
		{[]string{vrrpconf.CodeSecurity, vrrpconf.CodeValue}, 6},
		{[]string{vrrpconf.CodeSecurity, vrrpconf.CodeMissingWord}, 2},
	}
	for _, c := range cases {
		var ds confparse.Diagnostics
		for _, code := range c.codes {
			ds = append(ds, confparse.Diagnostic{Code: code})
		}
		if diff := cmp.Diff(c.want, vrrpconf.ExitStatus(ds)); diff != "" {
			t.Errorf("%v: %s", c.codes, diff)
		}
	}
}
