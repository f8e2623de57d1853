package proxy_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
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
		exec(t, db, "SELECT 1")
		db.Close()
	}
	waitFor(t, "60 statements to be counted", func() bool { return n.table("stats_mysql_connection_pool")[0]["Queries"] == "60" })
	// a session that follows at once may come before the connection is given back
	if p := n.table("stats_mysql_connection_pool")[0]; p["ConnOK"] > "3" {
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
