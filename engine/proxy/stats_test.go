package proxy_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/metrics"
)

func TestTablesHaveTheirColumns(t *testing.T) {
	n := start(t, "", "")
	exec(t, n.open(1), "SELECT 1")
	for name, f := range n.proxy.Tables() {
		table := schema.Lookup("stats", name)
		if table == nil {
			t.Errorf("%s is no table of schema stats", name)
			continue
		}
		rows := f()
		if d := cmp.Diff(table.ColumnNames(), rows.Columns); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		for _, r := range rows.Rows {
			if len(r) != len(rows.Columns) {
				t.Errorf("%s: row of %d cells: %v", name, len(r), r)
			}
		}
	}
}

func TestStatistics(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1)
	exec(t, db, "DELETE FROM t", "INSERT INTO t (v) VALUES ('a'), ('b'), ('c')")
	for i := range 3 {
		one(t, db, "SELECT COUNT(*) FROM who WHERE name <> '"+strconv.Itoa(i)+"'")
	}
	db.Exec("SELECT nosuch FROM who")
	exec(t, db, "COMMIT")

	digests := map[string]map[string]string{}
	for _, d := range n.table("stats_mysql_query_digest") {
		if d["username"] != "app" || d["schemaname"] != "d" {
			t.Errorf("digest row %v", d)
		}
		digests[d["digest_text"]] = d
	}
	for text, want := range map[string][]string{ // hostgroup, count, rows affected, rows sent
		"SELECT COUNT(*) FROM who WHERE name <> ?": {"20", "3", "0", "3"},
		"INSERT INTO t (v) VALUES (?),(?),(?)":     {"10", "1", "3", "0"},
		"COMMIT":                                   {"-1", "1", "0", "0"},
	} {
		d := digests[text]
		if diff := cmp.Diff(want, []string{d["hostgroup"], d["count_star"], d["sum_rows_affected"], d["sum_rows_sent"]}); diff != "" {
			t.Errorf("digest %s: %s", text, diff)
		}
		if last, _ := strconv.ParseInt(d["last_seen"], 10, 64); time.Since(time.Unix(last, 0)) > time.Minute {
			t.Errorf("digest %s: last seen %s", text, d["last_seen"])
		}
	}
	if rows := n.table("stats_mysql_query_digest_reset"); len(rows) != len(digests) {
		t.Errorf("reset gave %d rows of %d", len(rows), len(digests))
	}
	if rows := n.table("stats_mysql_query_digest"); len(rows) != 0 {
		t.Errorf("rows after reset: %v", rows)
	}
	errs := n.table("stats_mysql_errors")
	if len(errs) != 1 || errs[0]["errno"] != "1054" || errs[0]["hostgroup"] != "20" || errs[0]["username"] != "app" {
		t.Errorf("errors: %v", errs)
	}
	for _, c := range n.table("stats_mysql_commands_counters") {
		if c["Command"] == "SELECT" && c["Total_cnt"] != "4" || c["Command"] == "INSERT" && c["Total_cnt"] != "1" {
			t.Errorf("commands counters: %v", c)
		}
	}
	globals := map[string]string{}
	for _, g := range n.table("stats_mysql_global") {
		globals[g["Variable_Name"]] = g["Variable_Value"]
	}
	for name, want := range map[string]string{
		"Questions": "7", "Com_commit": "1", "Com_commit_filtered": "1", "Client_Connections_connected": "1",
		"Active_Transactions": "0", "mysql_listener_paused": "false", "Servers_table_version": "1",
	} {
		if globals[name] != want {
			t.Errorf("%s = %s, want %s", name, globals[name], want)
		}
	}
	if len(globals) != 108 {
		t.Errorf("%d global status variables, want 108", len(globals))
	}
	pool := n.table("stats_mysql_connection_pool_reset")
	if len(pool) != 2 || pool[0]["Queries"] != "2" || pool[1]["Queries"] != "4" {
		t.Errorf("connection pool: %v", pool)
	}
	if pool = n.table("stats_mysql_connection_pool"); pool[0]["Queries"] != "0" || pool[0]["ConnOK"] != "0" {
		t.Errorf("connection pool after reset: %v", pool[0])
	}
}

func TestPoolIsReused(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	for range 50 {
		exec(t, db, "SELECT 1")
	}
	for range 10 {
		db := n.open(1)
		n.settle() // a session that follows at once may come before the connection is given back
		exec(t, db, "SELECT 1")
		db.Close()
	}
	if p := n.table("stats_mysql_connection_pool")[0]; p["Queries"] != "60" || p["ConnOK"] != "1" {
		t.Errorf("pool: %v", p)
	}
}

func TestPauseAndInterfaces(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	exec(t, db, "SELECT 1")
	n.proxy.Pause()
	if ok, why := n.proxy.Health(); ok || why != "paused" {
		t.Errorf("health while paused: %v, %s", ok, why)
	}
	if err := n.open(1).Ping(); err == nil {
		t.Error("a paused proxy lets clients in")
	}
	exec(t, db, "SELECT 1") // who is in stays in
	n.proxy.Resume()
	if err := n.open(1).Ping(); err != nil {
		t.Errorf("after resume: %v", err)
	}
}

func TestReload(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	if got := one(t, db, "SELECT name FROM who"); got != "writer" {
		t.Fatal(got)
	}
	n.admin("mysql_query_rules", "INSERT INTO mysql_query_rules (rule_id, active, match_digest, destination_hostgroup, apply) VALUES (1, 1, 'who', 20, 1)")
	if got := one(t, db, "SELECT name FROM who"); got != "reader" {
		t.Errorf("new rule has no effect: %s", got)
	}
	n.admin("mysql_users", "UPDATE mysql_users SET default_hostgroup=20")
	n.admin("mysql_query_rules", "DELETE FROM mysql_query_rules")
	if got := one(t, n.open(1), "SELECT name FROM who"); got != "reader" {
		t.Errorf("new default hostgroup has no effect: %s", got)
	}
	n.admin("mysql_servers", "UPDATE mysql_servers SET hostgroup_id=30 WHERE hostgroup_id=10")
	exec(t, n.open(1), "SELECT /* hostgroup=30 */ 1")
	if p := n.table("stats_mysql_connection_pool"); len(p) != 2 || p[1]["hostgroup"] != "30" {
		t.Errorf("pool after a server moved: %v", p)
	}
}

func TestFreeConnections(t *testing.T) {
	n := start(t, "", "")
	exec(t, n.open(1), "SET time_zone='+02:00', sql_mode='ANSI'", "SELECT 1")
	var rows []map[string]string
	waitFor(t, "a free connection", func() bool {
		rows = n.table("stats_mysql_free_connections")
		return len(rows) == 1
	})
	r := rows[0]
	if r["hostgroup"] != "10" || r["user"] != "app" || r["schema"] != "d" || r["time_zone"] != "+02:00" || r["sql_mode"] != "ANSI" ||
		r["autocommit"] != "1" || r["fd"] == "-1" {
		t.Errorf("got %v", r)
	}
}

// The names are upstream's, and what has a figure shows one.
func TestMemoryAndOwnFigures(t *testing.T) {
	n := start(t, "stats_time_query_processor=true\n stats_time_backend_query=true\n", readWriteSplit)
	exec(t, n.open(1), "SELECT 1", "SET autocommit=0", "SELECT 2 FOR UPDATE", "USE d", "COMMIT")
	memory := map[string]int{}
	for _, r := range n.table("stats_memory_metrics") {
		memory[r["Variable_Name"]], _ = strconv.Atoi(r["Variable_Value"])
	}
	for _, name := range []string{
		"jemalloc_resident", "jemalloc_active", "jemalloc_allocated", "jemalloc_mapped", "jemalloc_metadata", "Auth_memory",
		"query_digest_memory", "mysql_query_rules_memory", "stack_memory_mysql_threads",
	} {
		if memory[name] <= 0 {
			t.Errorf("%s is %d", name, memory[name])
		}
	}
	own := map[string]string{}
	for _, r := range n.table("stats_keepsql_global") {
		own[r["Variable_Name"]] = r["Variable_Value"]
	}
	if own["query_digest_bytes"] == "0" || own["query_digest_evicted"] != "0" {
		t.Errorf("own figures: %v", own)
	}
	waitFor(t, "the last statement's time", func() bool { return n.global("Com_commit") > 0 })
	for _, name := range []string{
		"Query_Processor_time_nsec", "Backend_query_time_nsec", "Selects_for_update__autocommit0", "Com_frontend_use_db",
		"ConnPool_memory_bytes", "mysql_session_internal_bytes",
	} {
		if n.global(name) == 0 {
			t.Errorf("%s is 0", name)
		}
	}
}

// Series of the proxy have upstream's names and types, or keepsql's own prefix.
func TestMetricsNames(t *testing.T) {
	n := start(t, "", "")
	upstream := map[string]bool{}
	b, err := os.ReadFile("../metrics/testdata/series.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		upstream[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(metrics.Text(metrics.Input{More: n.proxy.Metrics()})) {
		name := line[:strings.LastIndexByte(line, ' ')]
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(name, "keepsql_") && !strings.HasPrefix(name, "proxysql_version") && !upstream[name] {
			t.Errorf("%s is not upstream's", name)
		}
	}
}

// The table of digests has a budget that can be changed while it is in use.
func TestDigestBudget(t *testing.T) {
	n := start(t, "", "")
	n.admin("keepsql_variables", "UPDATE keepsql_variables SET variable_value='1' WHERE variable_name='keepsql-query_digests_memory_MB'")
	db := n.open(1)
	for i := range 600 { // of about 2 KB each
		name := "a" + strconv.Itoa(i)
		exec(t, db, "SELECT COALESCE("+name+strings.Repeat(","+name, 1800/(1+len(name)))+") FROM (SELECT 1 AS "+name+") AS t")
	}
	own := map[string]int{}
	for _, r := range n.table("stats_keepsql_global") {
		own[r["Variable_Name"]], _ = strconv.Atoi(r["Variable_Value"])
	}
	if own["query_digest_bytes"] > 1<<20 || own["query_digest_evicted"] < 50 {
		t.Errorf("figures: %v", own)
	}
}

// Every option of digests takes effect with the next statement.
func TestDigestOptions(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	for _, c := range []struct{ variable, value, query, want string }{
		{"", "", "DO 1, 'Text'", "DO ?,?"},
		{"lowercase", "true", "DO 1, 'Text'", "do ?,?"},
		{"lowercase", "false", "DO 1, 'Text'", "DO ?,?"},
		{"replace_null", "true", "DO NULL + 1", "DO ?+?"},
		{"no_digits", "true", "DO 1 AS t123", "DO ? AS t?"},
		{"no_digits", "false", "DO 1 AS t123", "DO ? AS t123"},
		{"keep_comment", "true", "DO /* why */ 1", "DO /* why */ ?"},
		{"keep_comment", "false", "DO /* why */ 1", "DO ?"},
		{"grouping_limit", "2", "DO 1 IN (1,2,3,4,5,6)", "DO ? IN (?,?,...)"},
		{"max_digest_length", "16", "DO 1 AS abcdefghijklmnop", "DO ? AS abcdefgh"},
		{"max_digest_length", "2048", "DO 1 AS abcdefghijklmnop", "DO ? AS abcdefghijklmnop"},
		{"max_query_length", "16", "DO 1 AS abcdefghijklmnop", "DO ? AS abcdefgh"},
	} {
		if c.variable != "" {
			n.admin("mysql_variables", "UPDATE global_variables SET variable_value='"+c.value+"' WHERE variable_name='mysql-query_digests_"+c.variable+"'")
		}
		n.table("stats_mysql_query_digest_reset")
		db.Exec(c.query) // whether it is a statement does not matter
		var rows []map[string]string
		waitFor(t, "the digest of "+c.query, func() bool {
			rows = n.table("stats_mysql_query_digest")
			return len(rows) > 0
		})
		if rows[0]["digest_text"] != c.want {
			t.Errorf("%s=%s: %v, want %q", c.variable, c.value, rows, c.want)
		}
	}
	for _, c := range []struct{ variable, column, want string }{
		{"query_digests_track_hostname", "client_address", "localhost"},
	} {
		n.admin("mysql_variables", "UPDATE global_variables SET variable_value='true' WHERE variable_name='mysql-"+c.variable+"'")
		n.table("stats_mysql_query_digest_reset")
		exec(t, db, "DO 1")
		waitFor(t, c.variable, func() bool {
			rows := n.table("stats_mysql_query_digest")
			return len(rows) == 1 && rows[0][c.column] == c.want
		})
	}
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='false' WHERE variable_name='mysql-query_digests'")
	n.table("stats_mysql_query_digest_reset")
	exec(t, db, "DO 1")
	if rows := n.table("stats_mysql_query_digest"); len(rows) != 0 {
		t.Errorf("with query_digests=false: %v", rows)
	}
}
