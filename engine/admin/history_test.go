package admin_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/stats"
)

func TestConfigHistory(t *testing.T) {
	n := start(t, setup{})
	c := n.admin()
	c.do("INSERT INTO mysql_users(username,password) VALUES('app','p')")
	c.do("LOAD MYSQL USERS TO RUNTIME")
	c.do("DELETE FROM mysql_users")
	c.do("LOAD MYSQL USERS TO RUNTIME")
	const columns = "SELECT module, revision, version, origin, summary FROM stats_config_history WHERE module='mysql_users'"
	history := []string{
		"mysql_users 1 1 file  no rows", "mysql_users 2 2 admin admin@127.0.0.1 mysql_users: 1 added (app:1)",
		"mysql_users 3 3 admin admin@127.0.0.1 mysql_users: 1 deleted (app:1)",
	}
	c.steps(
		step{columns, strings.Join(history, "\n")},
		step{"LOAD MYSQL USERS FROM REVISION 2", "ok 0"},
		step{"SELECT username FROM mysql_users", "app"}, step{"SELECT count(*) FROM runtime_mysql_users", "0"},
		step{"ROLLBACK MYSQL USERS TO REVISION 2", "ok 0"},
		step{"SELECT count(*) FROM runtime_mysql_users", "2"}, step{"SELECT count(*) FROM disk.mysql_users", "1"},
		step{columns + " AND revision=4", "mysql_users 4 4 admin admin@127.0.0.1, back to revision 2 mysql_users: 1 added (app:1)"},
		step{"ROLLBACK MYSQL USERS TO REVISION 9", errorPrefix + "mysql users has no revision 9, or has forgotten it: see SHOW CONFIG HISTORY"},
		step{"LOAD MYSQL USERS FROM REVISION last", errorPrefix + `"last" is no revision: give a number of SHOW CONFIG HISTORY`},
		step{"ROLLBACK", "ok 0"},
	)
	for _, who := range []*client{c, n.stats()} {
		lines := strings.Split(who.text("SHOW CONFIG HISTORY MYSQL USERS"), "\n")
		if want := regexp.MustCompile(`^mysql_users 4 4 \d+ 0x\w+ admin admin@127.0.0.1, back to revision 2 \d+-\d\d-\d\d \d\d:\d\d:\d\d mysql_users: 1 added`); len(lines) != 4 || !want.MatchString(lines[0]) {
			t.Errorf("%d lines, the first is %q", len(lines), lines[0])
		}
	}
	if all := c.text("SHOW CONFIG HISTORY"); !strings.Contains(all, "admin_variables 1 1") || !strings.Contains(all, "scheduler 1 0 0") {
		t.Error(all)
	}
	if got := n.stats().text("ROLLBACK MYSQL USERS TO REVISION 1"); got != errorPrefix+`near "MYSQL": syntax error` {
		t.Errorf("a statistics account: %s", got)
	}
}

func TestConfigDrift(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	c.steps(step{"SHOW CONFIG DRIFT", ""}, step{"INSERT INTO mysql_users(username,password) VALUES('app','p')", "ok 1"},
		step{"SHOW CONFIG DRIFT", "mysql_users mysql_users username=app, backend=1  NULL NULL present NULL LOAD MYSQL USERS TO RUNTIME; SAVE MYSQL USERS TO DISK"})
}

func TestClusterStatus(t *testing.T) {
	peers := &schema.Rows{Columns: schema.Lookup("stats", "stats_cluster_modules").ColumnNames()}
	for _, r := range [][]string{
		{"p", "6032", "mysql_users", "1", "1700000000", "", "", "1", "5", "0x0", "1", "5", "0x0"},
		{"q", "6032", "mysql_users", "0", "0", "not checked", "wait", "0", "0", "", "1", "5", "0x0"},
	} {
		peers.Rows = append(peers.Rows, rowOf(r...))
	}
	metrics := &schema.Rows{Columns: schema.Lookup("stats", "stats_proxysql_servers_metrics").ColumnNames()}
	metrics.Rows = append(metrics.Rows, rowOf("p", "6032", "0", "", "7", "100", "250", "1", "2", "3"))
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		o.Tables = stats.Tables{
			"stats_cluster_modules": func() *schema.Rows { return peers }, "stats_proxysql_servers_metrics": func() *schema.Rows { return metrics },
		}
	}})
	want := `q:6032 mysql_users not in step never checked not checked wait 0 0  1 5 0x0 NULL NULL
p:6032 mysql_users in step 2023-11-14 22:13:20   1 5 0x0 1 5 0x0 7 250`
	if diff := cmp.Diff(want, n.admin().text("SHOW CLUSTER STATUS")); diff != "" {
		t.Error(diff)
	}
}

func rowOf(texts ...string) schema.Row {
	row := make(schema.Row, len(texts))
	for i, text := range texts {
		row[i] = schema.Text(text)
	}
	return row
}

func TestHelp(t *testing.T) {
	n := start(t, setup{memory: true})
	for _, c := range []*client{n.admin(), n.stats()} {
		all := strings.Split(c.text("help"), "\n")
		if len(all) < 30 || !strings.Contains(all[len(all)-1], "MYSQL QUERY RULES") {
			t.Errorf("%d lines, the last is %q", len(all), all[len(all)-1])
		}
		if got := c.text("HELP config history;"); !strings.HasPrefix(got, "SHOW CONFIG HISTORY") || strings.Count(got, "\n") != 1 {
			t.Error(got)
		}
	}
}

func TestKeepsqlVariables(t *testing.T) {
	n := start(t, setup{})
	const name = "keepsql-cluster_bootstrap_from_peer"
	var all []string
	for _, v := range schema.Variables("keepsql-") {
		all = append(all, v.Name+" "+v.Default)
	}
	number := strconv.Itoa(len(all))
	n.admin().steps(
		step{"SHOW KEEPSQL VARIABLES", strings.Join(all, "\n")},
		step{"SET " + name + "=0", "ok 1"},
		step{"LOAD KEEPSQL VARIABLES TO RUNTIME", "ok 0"},
		step{"SELECT * FROM runtime_keepsql_variables WHERE variable_name = '" + name + "'", name + " false"},
		step{"SELECT @@" + name, "0"},
		step{"SAVE KEEPSQL VARIABLES TO DISK", "ok " + number},
		step{"SET " + name + "=maybe", errorPrefix + "no such column: maybe"},
		step{"SET " + name + "='maybe'", "ok 1"},
		step{"LOAD KEEPSQL VARIABLES FROM MEMORY", "ok 0"},
		step{"SELECT variable_value FROM keepsql_variables WHERE variable_name = '" + name + "'", "false"},
		step{"LOAD KEEPSQL VARIABLES FROM DISK", "ok " + number},
		step{"SELECT variable_value FROM keepsql_variables WHERE variable_name = '" + name + "'", "0"},
		step{"SELECT count(*) FROM global_variables WHERE variable_name LIKE 'keepsql%'", "0"},
		step{"SHOW KEEPSQL TABLES", "keepsql_variables\nruntime_keepsql_variables\nstats_cluster_modules\nstats_config_history\nstats_keepsql_global"},
		step{"SHOW TABLES LIKE '%keepsql%'", ""},
	)
}
