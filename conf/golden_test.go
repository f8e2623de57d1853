package conf_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
)

// The tables and columns that the recordings show.
var recorded = map[string][]string{
	"servers":   {"mysql_servers"},
	"users":     {"mysql_users"},
	"rules":     {"mysql_query_rules", "rule_id", "active", "username", "match_digest", "match_pattern", "re_modifiers", "flagOUT", "destination_hostgroup", "OK_msg", "apply", "comment"},
	"repl":      {"mysql_replication_hostgroups"},
	"gr":        {"mysql_group_replication_hostgroups"},
	"ssl":       {"mysql_servers_ssl_params"},
	"proxies":   {"proxysql_servers"},
	"scheduler": {"scheduler"},
	"restapi":   {"restapi_routes"},
}

// outcome is what becomes of a configuration: rows, or nothing where it is refused.
type outcome struct {
	Rows map[string][][]*string `json:"result"`
	// Says is part of the diagnostics; only of differences.
	Says string `json:"says,omitempty"`
	// Cut is what upstream drops from the text, and keepsql refuses to take. Without it,
	// the rows are Then, or upstream's where Then is not given.
	Cut  []string               `json:"cut,omitempty"`
	Then map[string][][]*string `json:"then,omitempty"`
}

// The same rows as ProxySQL 2.7 makes of the same text, except where testdata/differences.jsonl
// says otherwise; docs/differences.md gives the reason for each, and for no other.
func TestGolden(t *testing.T) {
	differences := map[string]outcome{}
	eachLine(t, "testdata/differences.jsonl", func(line []byte) {
		var d struct {
			Case string `json:"case"`
			outcome
		}
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		differences[d.Case] = d.outcome
	})
	documented := documentedCases(t, "## proxysql.cnf")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(differences)), documented); diff != "" {
		t.Errorf("cases in the list and in docs/differences.md (-list +docs):\n%s", diff)
	}
	eachLine(t, "testdata/cnf.jsonl", func(line []byte) {
		var c struct {
			Name, Cnf string
			outcome
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			want, differs := differences[c.Name]
			if !differs {
				want = c.outcome
			} else if cmp.Equal(want.Rows, c.Rows) {
				t.Error("listed as a difference, but upstream does the same")
			}
			got, says := goldenRows(t, c.Cnf)
			if diff := cmp.Diff(want.Rows, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s\n%s", diff, says)
			}
			if !strings.Contains(says, want.Says) {
				t.Errorf("diagnostics lack %q:\n%s", want.Says, says)
			}
			if len(want.Cut) == 0 {
				return
			}
			rest := c.Cnf
			for _, part := range want.Cut {
				rest = strings.Replace(rest, part, "", 1)
			}
			if want.Then == nil {
				want.Then = c.Rows
			}
			got, says = goldenRows(t, rest)
			if diff := cmp.Diff(want.Then, got); diff != "" {
				t.Errorf("rows without what is refused (-want +got):\n%s\n%s", diff, says)
			}
		})
	})
}

func goldenRows(t *testing.T, cnf string) (map[string][][]*string, string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"a.cnf": cnf, "inc.cnf": `mysql_servers=({address="inc";hostgroup=9})`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, ds := conf.Read([]string{"a.cnf"})
	if ds.HasErrors() {
		return nil, ds.String()
	}
	f, ds := g.Parse()
	if ds.HasErrors() {
		return nil, ds.String()
	}
	rows := map[string][][]*string{}
	for name, columns := range recorded {
		section := f.Tables[columns[0]]
		if section == nil || len(section.Rows.Rows) == 0 {
			continue
		}
		shown := &section.Rows
		if len(columns) > 1 {
			shown = shown.Project(columns[1:]...)
		}
		rows[name] = pointers(shown)
	}
	return rows, ds.String()
}

// pointers gives cells as JSON has them: null for NULL.
func pointers(rows *schema.Rows) [][]*string {
	var out [][]*string
	for _, row := range rows.Rows {
		var cells []*string
		for _, cell := range row {
			if cell.Null {
				cells = append(cells, nil)
			} else {
				cells = append(cells, &cell.Text)
			}
		}
		out = append(out, cells)
	}
	return out
}

var backticked = regexp.MustCompile("`([a-z0-9_]+)`")

// documentedCases lists the cases that a section of docs/differences.md gives in the last
// column of its table.
func documentedCases(t *testing.T, heading string) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), heading+"\n")
	if !found {
		t.Fatalf("docs/differences.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var cases []string
	for line := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(strings.TrimSuffix(line, "|"), "|")
		if len(cells) < 5 {
			continue
		}
		for _, m := range backticked.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			cases = append(cases, m[1])
		}
	}
	slices.Sort(cases)
	return slices.Compact(cases)
}

func eachLine(t *testing.T, name string, do func([]byte)) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		do([]byte(line))
	}
}
