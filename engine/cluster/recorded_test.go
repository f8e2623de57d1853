package cluster_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// statement is what a recording says a node was asked, and the answer.
type statement struct{ node, sql, answer string }

var recordedStatement = regexp.MustCompile(`(?m)^([A-C])> (.*)\n   (.*)$`)

// recordedStatements gives the statements of a recording in their order.
func recordedStatements(t *testing.T, file string) (out []statement) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range recordedStatement.FindAllStringSubmatch(string(text), -1) {
		out = append(out, statement{m[1], m[2], m[3]})
	}
	return out
}

// TestQuotes is recording 16, statement by statement: apostrophes in the less used tables reach the other node.
func TestQuotes(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	nodes := map[string]*peer{}
	for i, name := range []string{"A", "B"} {
		nodes[name] = startPeer(t, name, ports[i], version, ports, "", asUpstream)
	}
	a, b := nodes["A"], nodes["B"]
	acquainted(t, 2, a, b)
	statements := recordedStatements(t, "16_quotes_in_other_tables.txt")
	if len(statements) != 32 {
		t.Fatalf("read %d statements, want 32", len(statements))
	}
	replace := strings.NewReplacer("25012", itoa(b.port))
	for _, s := range statements {
		sql := replace.Replace(s.sql)
		if strings.HasPrefix(s.answer, "ERR") {
			if _, err := a.Store.Exec(t.Context(), sql); err == nil || !strings.HasSuffix(s.answer, err.Error()) {
				t.Errorf("%s: %v, want %s", sql, err, s.answer)
			}
			continue
		}
		got := nodes[s.node].sql(sql)
		if rows, is := strings.CutPrefix(s.answer, `[["`); is && got != strings.TrimSuffix(rows, `"]]`) {
			t.Errorf("%s: %s on %s, want %s", sql, got, s.node, s.answer)
		}
		if strings.HasPrefix(sql, "LOAD ") {
			for _, m := range []string{"mysql_servers_v2", "mysql_query_rules", "proxysql_servers"} {
				eventually(t, sql+" and then "+m, func() bool { return a.checksumOnly(m) == b.checksumOnly(m) })
			}
		}
	}
	const comments = `SELECT comment FROM mysql_replication_hostgroups UNION ALL SELECT comment FROM mysql_group_replication_hostgroups
		UNION ALL SELECT comment FROM mysql_galera_hostgroups UNION ALL SELECT comment FROM mysql_hostgroup_attributes
		UNION ALL SELECT comment FROM mysql_servers_ssl_params UNION ALL SELECT comment FROM mysql_query_rules_fast_routing
		UNION ALL SELECT init_connect FROM mysql_hostgroup_attributes`
	if got := b.List(comments); got != strings.Repeat("it's ", 6)+"SET NAMES 'utf8'" {
		t.Errorf("comments of B: %s", got)
	}
}

// TestCheckTypeAndLoads is recording 21: (a) a column that the query does not name, (b) loads that change nothing, (d) a load of the
// node that had pulled. (c) is TestDrafts.
func TestCheckTypeAndLoads(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], version, ports, "", asUpstream)
	b := startPeer(t, "B", ports[1], version, ports, "", asUpstream)
	acquainted(t, 2, a, b)
	a.sql("INSERT INTO mysql_replication_hostgroups VALUES(1,2,'innodb_read_only','c')", "LOAD MYSQL SERVERS TO RUNTIME")
	inStep(t, []string{"mysql_servers_v2", "mysql_servers"}, a, b)
	if got := a.checksumOnly("mysql_servers_v2"); got != "0xC8516E188E3723A0" {
		t.Errorf("checksum is %s", got)
	}
	for _, c := range []struct {
		node        *peer
		table, want string
	}{
		{a, "mysql_replication_hostgroups", "1,2,innodb_read_only,c"}, {a, "disk.mysql_replication_hostgroups", ""},
		{b, "mysql_replication_hostgroups", "1,2,innodb_read_only,c"}, {b, "runtime_mysql_replication_hostgroups", "1,2,innodb_read_only,c"},
		{b, "disk.mysql_replication_hostgroups", "1,2,innodb_read_only,c"},
	} {
		eventually(t, c.table+" of "+c.node.name, func() bool { return c.node.sql("SELECT * FROM "+c.table) == c.want })
	}

	b.logged(fmt.Sprintf("Cluster: Saving to disk MySQL Servers v2 from peer 127.0.0.1:%d", a.port))
	_, seen := b.log.since(0)
	a.sql("LOAD MYSQL USERS TO RUNTIME", "LOAD MYSQL QUERY RULES TO RUNTIME")
	// Nothing is pulled; ProxySQL would keep its own version and epoch.
	inStep(t, []string{"mysql_users", "mysql_query_rules"}, a, b)
	for _, line := range strings.Split(b.log.text()[seen:], "\n") {
		if strings.Contains(line, "mysql_users") || strings.Contains(line, "mysql_query_rules") || strings.Contains(line, "Fetching") {
			t.Errorf("B did more than align its stamps: %s", line)
		}
	}

	a.sql("INSERT INTO mysql_users(username,password) VALUES('a','x')", "LOAD MYSQL USERS TO RUNTIME")
	inStep(t, []string{"mysql_users"}, a, b)
	b.sql("INSERT INTO mysql_users(username,password) VALUES('b','x')", "LOAD MYSQL USERS TO RUNTIME")
	inStep(t, []string{"mysql_users"}, b, a)
	if got := a.sql("SELECT username FROM mysql_users ORDER BY 1"); got != "a b" {
		t.Errorf("users of A: %s", got)
	}
	for _, p := range []*peer{a, b} {
		if got := p.checksumOnly("mysql_users"); got != "0x6C810F32B992722F" {
			t.Errorf("checksum of %s is %s", p.name, got)
		}
	}
}

// TestWithoutTLS is recording 22: a peer that offers no TLS is asked in clear text.
func TestWithoutTLS(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/22_tls_downgrade.txt")
	if err != nil {
		t.Fatal(err)
	}
	f := newFakePeer(t, false)
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, `mysql_ifaces="127.0.0.1:25011";`))
	want := recording{string(text)}.conn("1")
	eventually(t, "as many statements as recorded", func() bool { return len(f.statements(1)) > len(want) })
	got := f.statements(1)[:len(want)]
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], uuidA, "<UUID>")
	}
	if !slices.Equal(want, got) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

var coverage = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\|")

// TestRecordingsAreReproduced keeps the table in testdata/README.md complete: each recording names tests that there are.
func TestRecordingsAreReproduced(t *testing.T) {
	table, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]string{}
	for _, m := range coverage.FindAllStringSubmatch(string(table), -1) {
		named[m[1]] = m[2]
	}
	var code strings.Builder
	for _, pattern := range []string{"*_test.go", "diffcheck/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	recordings, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range recordings {
		tests := strings.Fields(strings.NewReplacer("`", "", ",", "").Replace(named[filepath.Base(file)]))
		if len(tests) == 0 {
			t.Errorf("%s has no test", file)
		}
		for _, name := range tests {
			transcript, is := strings.CutPrefix(name, "diffcheck/testdata/")
			if is {
				if _, err := os.Stat("diffcheck/testdata/" + transcript); err != nil {
					t.Error(err)
				}
			} else if !strings.Contains(code.String(), fmt.Sprintf("func %s(t *testing.T)", name)) {
				t.Errorf("%s: there is no %s", file, name)
			}
		}
	}
}
