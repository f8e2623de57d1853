package proxy_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// setRules replaces the rules: each is a list "column=value, …" without rule_id and active.
func (n *node) setRules(rules ...string) {
	n.t.Helper()
	stmts := []string{"DELETE FROM mysql_query_rules"}
	for i, r := range rules {
		names, values := "rule_id, active", fmt.Sprintf("%d, 1", i+1)
		for pair := range strings.SplitSeq(r, ", ") {
			name, value, _ := strings.Cut(pair, "=")
			names, values = names+", "+name, values+", "+value
		}
		stmts = append(stmts, fmt.Sprintf("INSERT INTO mysql_query_rules (%s) VALUES (%s)", names, values))
	}
	n.admin("mysql_query_rules", stmts...)
}

const whoami = "SELECT name FROM who"

// What every column of mysql_query_rules, and every hint, makes of a statement that goes to the writer by default.
func TestRuleColumns(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	slow := func(q string) func(*testing.T) {
		return func(t *testing.T) {
			begin := time.Now()
			one(t, db, q)
			if took := time.Since(begin); took < 150*time.Millisecond || took > patience {
				t.Errorf("%s took %v", q, took)
			}
		}
	}
	timedOut := func(q string) func(*testing.T) {
		return func(t *testing.T) {
			if _, err := db.Exec(q); outcomeOf(err) != "1907 Query execution was interrupted, query_timeout exceeded" {
				t.Errorf("%s: %v", q, err)
			}
		}
	}
	at := func(want string) func(*testing.T) {
		return func(t *testing.T) {
			if got := one(t, db, whoami); got != want {
				t.Errorf("executed on %s, want %s", got, want)
			}
		}
	}
	for _, c := range []struct {
		rules []string
		check func(*testing.T)
	}{
		{nil, at("writer")},
		{[]string{"destination_hostgroup=20"}, at("reader")},
		{[]string{"username='app', destination_hostgroup=20"}, at("reader")},
		{[]string{"username='other', destination_hostgroup=20"}, at("writer")},
		{[]string{"schemaname='d', destination_hostgroup=20"}, at("reader")},
		{[]string{"schemaname='e', destination_hostgroup=20"}, at("writer")},
		{[]string{"client_addr='local%', destination_hostgroup=20"}, at("reader")},
		{[]string{"client_addr='10.%', destination_hostgroup=20"}, at("writer")},
		{[]string{"proxy_port=1, destination_hostgroup=20"}, at("writer")},
		{[]string{"proxy_addr='10.9.9.9', destination_hostgroup=20"}, at("writer")},
		{[]string{"match_digest='from WHO', destination_hostgroup=20"}, at("reader")}, // CASELESS is the default
		{[]string{"match_digest='from WHO', re_modifiers='', destination_hostgroup=20"}, at("writer")},
		{[]string{"match_pattern='nothing', negate_match_pattern=1, destination_hostgroup=20"}, at("reader")},
		{[]string{"digest='" + digestOf(t, n, db, whoami) + "', destination_hostgroup=20"}, at("reader")},
		{[]string{"digest='0x1', destination_hostgroup=20"}, at("writer")},
		{[]string{"flagIN=5, destination_hostgroup=20"}, at("writer")},
		{[]string{"flagOUT=5", "flagIN=5, destination_hostgroup=20"}, at("reader")},
		{[]string{`attributes='{"flagOUTs":[{"id":6,"weight":1}]}'`, "flagIN=6, destination_hostgroup=20"}, at("reader")},
		{[]string{"destination_hostgroup=20, apply=1", "destination_hostgroup=10"}, at("reader")},
		{[]string{"destination_hostgroup=20", "destination_hostgroup=10"}, at("writer")},
		{[]string{"match_pattern='name', replace_pattern='UPPER(name)'"}, at("WRITER")},
		// accepted, as upstream has them: they change nothing
		{[]string{"reconnect=1, sticky_conn=1, cache_timeout=5, gtid_from_hostgroup=10, comment='c', destination_hostgroup=20"}, at("reader")},
		{[]string{"delay=200, apply=1"}, slow("SELECT 1")},
		{nil, slow("SELECT /* query_delay=200 */ 1")},
		{[]string{"match_digest='SLEEP', timeout=200, apply=1"}, timedOut("SELECT SLEEP(300)")},
		{nil, timedOut("SELECT /* query_timeout=200 */ SLEEP(300)")},
		{[]string{"error_msg='no'"}, func(t *testing.T) {
			if _, err := db.Exec("DO 1"); outcomeOf(err) != "1148 no" {
				t.Error(err)
			}
		}},
		{[]string{"OK_msg='fine'"}, func(t *testing.T) { exec(t, db, "no statement at all") }},
		{nil, func(t *testing.T) {
			if got := one(t, db, "SELECT /* HostGroup = 20 */ name FROM who"); got != "reader" {
				t.Errorf("hint: executed on %s", got)
			}
		}},
		{nil, func(t *testing.T) {
			first := one(t, db, "SELECT CONNECTION_ID() + 0")
			if again := one(t, db, "SELECT CONNECTION_ID() + 0"); first != again {
				t.Errorf("connections %s and %s: the pool does not give the same one again", first, again)
			}
			if fresh := one(t, db, "SELECT /* create_new_connection=1 */ CONNECTION_ID() + 0"); fresh == first {
				t.Errorf("connection %s is not a new one", fresh)
			}
		}},
	} {
		n.setRules(c.rules...)
		t.Run(strings.Join(c.rules, " | "), c.check)
	}
}

// digestOf gives the digest of a statement as the table shows it.
func digestOf(t *testing.T, n *node, db *sql.DB, q string) string {
	t.Helper()
	one(t, db, q)
	for _, d := range n.table("stats_mysql_query_digest") {
		if d["digest_text"] == q {
			return d["digest"]
		}
	}
	t.Fatalf("no digest of %s", q)
	return ""
}

func TestNextQueryFlagIN(t *testing.T) {
	n := start(t, "", "")
	n.setRules("match_digest='^DO', next_query_flagIN=5", "match_digest='^USE', flagIN=5, next_query_flagIN=0", "flagIN=5, destination_hostgroup=20")
	db := n.open(1)
	got := []string{one(t, db, whoami)}
	exec(t, db, "DO 1")
	got = append(got, one(t, db, whoami), one(t, db, whoami))
	exec(t, db, "USE d")
	got = append(got, one(t, db, whoami))
	if d := cmp.Diff([]string{"writer", "reader", "reader", "writer"}, got); d != "" {
		t.Error(d)
	}
}

func TestMultiplexOfRules(t *testing.T) {
	n := start(t, "", "")
	n.setRules("match_digest='keep', multiplex=0", "match_digest='release', multiplex=1", "match_digest='@x', multiplex=2")
	db := n.open(1)
	for _, step := range []struct{ query, held string }{
		{"SELECT 1 AS plain", "0"}, {"SELECT 1 AS keep", "1"}, {"SELECT 1 AS plain", "1"}, {"SELECT 1 AS `release`", "0"},
		{"SELECT @x", "0"}, {"SELECT @y", "1"},
	} {
		exec(t, db, step.query)
		waitFor(t, step.query, func() bool { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] == step.held })
	}
}

func TestQueryProcessorVariables(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	set := func(name string, value int) {
		n.admin("mysql_variables", fmt.Sprintf("UPDATE global_variables SET variable_value='%d' WHERE variable_name='mysql-%s'", value, name))
	}
	n.setRules("flagIN=5, destination_hostgroup=20", "flagOUT=5")
	got := []string{one(t, db, whoami)}
	set("query_processor_iterations", 1) // from the first rule again
	got = append(got, one(t, db, whoami))
	n.setRules("match_pattern='(M).\\1?', destination_hostgroup=20", `match_digest='(o) .*who(?<!\1)', destination_hostgroup=20`)
	got = append(got, one(t, db, whoami))
	n.setRules(`match_pattern='(?<=FROM )who', destination_hostgroup=20`) // RE2 cannot look behind
	got = append(got, one(t, db, whoami))
	set("query_processor_regex", 2)
	got = append(got, one(t, db, whoami))
	if d := cmp.Diff([]string{"writer", "reader", "reader", "reader", "writer"}, got); d != "" {
		t.Error(d)
	}
}

func TestHintsCanBeForbidden(t *testing.T) {
	n := start(t, "", "keepsql_variables: { query_hints=false }")
	db := n.open(1)
	if got := one(t, db, "SELECT /* hostgroup=20 */ name FROM who"); got != "writer" {
		t.Errorf("executed on %s", got)
	}
	n.admin("keepsql_variables", "UPDATE keepsql_variables SET variable_value='true' WHERE variable_name='keepsql-query_hints'")
	if got := one(t, db, "SELECT /* hostgroup=20 */ name FROM who"); got != "reader" {
		t.Errorf("executed on %s", got)
	}
}
