package conf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf"
)

// parse reads one file of the given text.
func parse(t *testing.T, text string) (*conf.File, string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.cnf", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g, ds := conf.Read([]string{"a.cnf"})
	if ds.HasErrors() {
		return nil, ds.String()
	}
	f, ds := g.Parse()
	return f, ds.String()
}

func TestSeed(t *testing.T) {
	for _, node := range []string{"node1.cnf", "node2.cnf"} {
		g, ds := conf.Read([]string{filepath.Join("..", "testdata", "seed", node)})
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		f, ds := g.Parse()
		if ds.HasErrors() {
			t.Error(ds)
		}
		got := map[string]int{"variables": len(f.Variables), "instances": len(f.VRRP.Instances), "scripts": len(f.VRRP.Scripts)}
		for table, s := range f.Tables {
			got[table] = len(s.Rows.Rows)
		}
		want := map[string]int{
			"variables": 24, "instances": 1, "scripts": 1, "proxysql_servers": 2, "mysql_servers": 3,
			"mysql_replication_hostgroups": 1, "mysql_users": 1, "mysql_query_rules": 2,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", node, diff)
		}
	}
}

// The same rows as ProxySQL 2.7 makes of the same text (golden data), with a warning where it
// ignores something in silence.
func TestRows(t *testing.T) {
	cases := []struct{ name, text, table, rows, says string }{
		{"synonyms and defaults", `mysql_servers=({address="a";hostgroup=1},{hostname="b";hostgroup_id=2;port=3307})`,
			"mysql_servers", "1|a|3306|0|ONLINE|1|0|1000|0|0|0|\n2|b|3307|0|ONLINE|1|0|1000|0|0|0|", ""},
		{"the later of two rows wins", `mysql_servers=({address="a";hostgroup=1;weight=1},{address="a";hostgroup=1;weight=9})`,
			"mysql_servers", "1|a|3306|0|ONLINE|9|0|1000|0|0|0|", "this row replaces the one at a.cnf:1"},
		{"wrong types keep the default", `mysql_servers=({address="c";hostgroup=3;use_ssl=true;port="3307";weight=2.9})`,
			"mysql_servers", "3|c|3306|0|ONLINE|1|0|1000|0|0|0|", "use_ssl wants a plain whole number"},
		{"a user without a password", `mysql_users=({username="u"},,{username="v";active=0})`,
			"mysql_users", "u||1|0|0||0|1|0|1|1|10000||\nv||0|0|0||0|1|0|1|1|10000||", ""},
		{"users are always on both sides", `mysql_users=({username="u4";backend=0,frontend=1})`,
			"mysql_users", "u4||1|0|0||0|1|0|1|1|10000||", "backend cannot be set in mysql_users"},
		{"rules keep NULL", `mysql_query_rules=({rule_id=1;active=1;match_pattern="^S";apply=1})`,
			"mysql_query_rules", "1|1|NULL|NULL|0|NULL|NULL|NULL|NULL|NULL|^S|0|CASELESS|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|1||NULL", ""},
		{"peers", `proxysql_servers=({hostname="127.0.0.1";port=24999;comment="c"},{address="127.0.0.2";port=24998;weight=5})`,
			"proxysql_servers", "127.0.0.1|24999|0|c\n127.0.0.2|24998|5|", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, says := parse(t, c.text)
			if !strings.Contains(says, c.says) || c.says == "" && says != "" {
				t.Errorf("diagnostics %q, want %q in them", says, c.says)
			}
			var lines []string
			for _, r := range f.Tables[c.table].Rows.Rows {
				var cells []string
				for _, cell := range r {
					if cell.Null {
						cells = append(cells, "NULL")
					} else {
						cells = append(cells, cell.Text)
					}
				}
				lines = append(lines, strings.Join(cells, "|"))
			}
			if diff := cmp.Diff(c.rows, strings.Join(lines, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDiagnostics(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"unknown variable", "mysql_variables=\n{\n\tmontor_username=\"monitor\"\n}",
			`a.cnf:3:2: warning: unknown variable "montor_username" is ignored
   3 | 	montor_username="monitor"
     | 	^~~~~~~~~~~~~~~
     = did you mean "monitor_username"?
`},
		{"prefixed name", `mysql_variables={ mysql-threads=4 }`,
			`a.cnf:1:19: warning: unknown variable "mysql-threads" is ignored
   1 | mysql_variables={ mysql-threads=4 }
     |                   ^~~~~~~~~~~~~
     = inside a section the name goes without its prefix: threads
`},
		{"value out of range", `mysql_variables={ max_connections=0 }`,
			`a.cnf:1:35: warning: mysql-max_connections must be between 1 and 1000000, not 0
   1 | mysql_variables={ max_connections=0 }
     |                                   ^
     = the value in force stays
`},
		{"unknown section", `mysql_user=()`,
			`a.cnf:1:1: warning: unknown section or setting "mysql_user" is ignored
   1 | mysql_user=()
     | ^~~~~~~~~~
     = did you mean "mysql_users"?
`},
		{"mandatory key", `mysql_servers=({port=1;hostgroup=1})`,
			`a.cnf:1:16: error: mysql_servers: a row without hostname
   1 | mysql_servers=({port=1;hostgroup=1})
     |                ^
     = write address=… or hostname=…
`},
		{"check of the table", `mysql_servers=({address="a";hostgroup=1;port=70000})`,
			`a.cnf:1:46: error: mysql_servers: port = 70000 is not possible
   1 | mysql_servers=({address="a";hostgroup=1;port=70000})
     |                                              ^
     = the table demands port >= 0 AND port <= 65535
`},
		{"type of a top-level setting", `datadir=5`,
			`a.cnf:1:9: error: datadir wants a string in double quotes
   1 | datadir=5
     |         ^
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, got := parse(t, c.text)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGenerationIsFrozen(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.cnf", []byte(`mysql_users=({username="before"})`), 0o600); err != nil {
		t.Fatal(err)
	}
	g, ds := conf.Read([]string{"a.cnf"})
	if len(ds) != 0 {
		t.Fatal(ds)
	}
	if err := os.WriteFile("a.cnf", []byte(`mysql_users=({username="after"})`), 0o600); err != nil {
		t.Fatal(err)
	}
	f, _ := g.Parse()
	if got := f.Tables["mysql_users"].Rows.Rows[0][0].Text; got != "before" {
		t.Errorf("a parse after the edit sees user %q", got)
	}
	again, _ := conf.Read([]string{"a.cnf"})
	if g.Equal(again) || g.ID() == again.ID() {
		t.Error("generations of different bytes count as equal")
	}
	if same, _ := conf.Read([]string{"a.cnf"}); !again.Equal(same) || again.ID() != same.ID() {
		t.Error("generations of the same bytes count as different")
	}
}

func TestHostConditions(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "@n1 $PRIO=110\n@n2 $PRIO=90\nvrrp_instance V {\n interface eth0\n virtual_router_id 7\n priority $PRIO\n virtual_ipaddress {\n 10.0.0.1/24\n }\n include extra\n}\n"
	for name, mode := range map[string]os.FileMode{"a.conf": 0o600, "extra": 0o700} {
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]uint8{"n1": 110, "n2": 90} {
		host := conf.ThisHost()
		host.ConfigID = id
		g, _ := conf.ReadOn(host, []string{"a.conf"})
		f, ds := g.Parse()
		if ds.HasErrors() || len(f.VRRP.Instances) != 1 || f.VRRP.Instances[0].Priority != want {
			t.Errorf("%s: %v %+v", id, ds, f.VRRP.Instances)
		}
		if !strings.Contains(ds.String(), "skip file: extra is not a regular non-executable file") {
			t.Errorf("an executable file was included: %s", ds)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("KEEPSQL_TEST_PRIORITY", "123")
	t.Setenv("KEEPSQL_TEST_SECRET", "s3cret")
	text := "vrrp_instance V {\n interface eth0\n virtual_router_id 7\n priority ${_ENV KEEPSQL_TEST_PRIORITY}\n virtual_ipaddress {\n 10.0.0.1/24\n }\n}\n"
	if err := os.WriteFile("a.conf", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g, _ := conf.Read([]string{"a.conf"})
	f, ds := g.Parse()
	if ds.HasErrors() || f.VRRP.Instances[0].Priority != 123 {
		t.Errorf("%v", ds)
	}
	if diff := cmp.Diff(map[string]string{"KEEPSQL_TEST_PRIORITY": "123"}, g.Host.Env); diff != "" {
		t.Errorf("kept of the environment (-want +got):\n%s", diff)
	}
}
