package admin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// step is a statement and the answer it must get, as client.text gives it.
type step struct{ sql, want string }

func (c *client) steps(steps ...step) {
	c.t.Helper()
	for _, s := range steps {
		if diff := cmp.Diff(s.want, c.text(s.sql)); diff != "" {
			c.t.Errorf("%s (-want +got):\n%s", s.sql, diff)
		}
	}
}

const errorPrefix = "ProxySQL Admin Error: "

// What makes upstream crash, or do something else than it says.
func TestFootguns(t *testing.T) {
	n := start(t, setup{memory: true})
	admin, stats := n.admin(), n.stats()
	for _, c := range []*client{admin, stats} {
		c.steps(
			step{";", errorPrefix + "not an error"},
			step{" ; ; ", errorPrefix + "not an error"},
			step{";SELECT 1", "1"},
			step{"\x00", errorPrefix + "not an error"},
			step{"SELECT 1", "1"},
		)
	}
	const value = "SELECT variable_value FROM global_variables WHERE variable_name='mysql-max_connections'"
	const others = "SELECT count(*) > 10 FROM (SELECT DISTINCT variable_value FROM global_variables)"
	admin.steps(
		step{"SET mysql-max_connections=1; SELECT 1", "ok 1"}, step{value, "1"},
		step{"SET mysql-max_connections=7 -- why", "ok 1"}, step{value, "7"},
		step{"SET mysql-max_connections=8 /* why */", "ok 1"}, step{value, "8"},
		step{"SET mysql-max_connections=9 #", errorPrefix + `unrecognized token: "#"`},
		step{"SET mysql-max_connections=1, variable_name='x'", errorPrefix + `cannot take "1, variable_name='x'" as the value of one variable: row value misused`},
		step{"SET mysql-max_connections=1 WHERE 1 OR (1", errorPrefix + `near "WHERE": syntax error`},
		step{"SET mysql-max_connections=1 FROM (SELECT 1)", errorPrefix + `cannot take "1 FROM (SELECT 1)" as the value of one variable: near "FROM": syntax error`},
		step{"SET mysql-default_charset='a;b--c/*d*/'", "ok 1"},
		step{"SELECT variable_value FROM global_variables WHERE variable_name='mysql-default_charset'", "a;b--c/*d*/"},
		step{"SET mysql-" + strings.Repeat("x", 2000) + "=1", "ok 0 ERROR: Unknown global variable: 'mysql-" + strings.Repeat("x", 2000) + "'."},
		step{value, "8"}, step{others, "1"},
	)
	admin.steps( // an admin variable may hold any character, and values that are not taken come back
		step{`SET admin-cluster_password='a"b'`, "ok 1"}, step{"LOAD ADMIN VARIABLES TO RUNTIME", "ok 0"}, step{"SAVE ADMIN VARIABLES FROM RUNTIME", "ok 0"},
		step{"SELECT variable_value FROM runtime_global_variables WHERE variable_name='admin-cluster_password'", `a"b`},
		step{"SET mysql-max_connections=0", "ok 1"}, step{"LOAD MYSQL VARIABLES TO RUNTIME", "ok 0"}, step{value, "10000"},
	)
	admin.steps( // all sessions share one connection to SQLite, which none may take for itself
		step{"/**/BEGIN", "ok 0"}, step{"EXPLAIN SELECT 1; BEGIN", admin.text("EXPLAIN SELECT 1")},
		step{"SAVEPOINT x", errorPrefix + "not authorized"},
		step{"PRAGMA query_only=1", errorPrefix + "not authorized"},
		step{"DETACH DATABASE disk", errorPrefix + "not authorized"},
		step{"SAVE MYSQL USERS TO DISK", "ok 0"},
	)
}

func TestStatsUsersReadOnlyStatistics(t *testing.T) {
	n := start(t, setup{})
	c := n.stats()
	const readonly = errorPrefix + "attempt to write a readonly database"
	c.steps(
		step{"SELECT DATABASE()", "stats"},
		step{"SHOW TABLES LIKE 'stats_mysql_g%'", "stats_mysql_global\nstats_mysql_gtid_executed"},
		step{"SHOW DATABASES", "3 stats \n4 monitor \n5 stats_history " + filepath.Join(n.dir, "proxysql_stats.db")},
		step{"SELECT count(*) FROM stats_mysql_global", "0"},
		step{"SHOW VARIABLES", "mysql-max_allowed_packet 67108864"},
		step{"SELECT @@mysql-max_allowed_packet", "67108864"},
		step{"SELECT @@mysql-monitor_password", ""},
		step{"SELECT * FROM mysql_users", errorPrefix + "access to main.mysql_users.username is prohibited"},
		step{"SELECT * FROM runtime_mysql_users", errorPrefix + "access to main.runtime_mysql_users.username is prohibited"},
		step{"SELECT * FROM disk.global_variables", errorPrefix + "access to disk.global_variables.variable_name is prohibited"},
		step{"SHOW TABLES FROM main", errorPrefix + "access to main.sqlite_master.name is prohibited"},
		step{"SHOW CREATE TABLE main.mysql_users", errorPrefix + "access to main.sqlite_master.name is prohibited"},
		step{"SHOW FIELDS FROM main.mysql_users", "Table does not exist"},
		step{"SHOW VARIABLES WHERE 1 UNION SELECT username, password FROM main.mysql_users", errorPrefix + "access to main.mysql_users.username is prohibited"},
		step{"/**/ATTACH DATABASE '" + n.dir + "/proxysql.db' AS d", errorPrefix + "not authorized"},
		step{"/**/PRAGMA database_list", errorPrefix + "not authorized"},
		step{"SELECT CONFIG FILE", errorPrefix + "no such column: CONFIG"},
		step{"SELECT CONFIG INTO OUTFILE " + n.dir + "/stolen", errorPrefix + `near "INTO": syntax error`},
		step{"VACUUM stats INTO '" + n.dir + "/stolen'", readonly},
		step{"DELETE FROM stats_mysql_global", readonly},
		step{"SET mysql-max_connections=1", readonly},
		step{"LOAD MYSQL USERS TO RUNTIME", errorPrefix + `near "LOAD": syntax error`},
		step{"PROXYSQL SHUTDOWN", errorPrefix + `near "PROXYSQL": syntax error`},
		step{"SELECT GLOBAL_CHECKSUM()", errorPrefix + "no such function: GLOBAL_CHECKSUM"},
		step{"PROXY_SELECT username, password, use_ssl FROM runtime_mysql_users", errorPrefix + `near "PROXY_SELECT": syntax error`},
	)
	if _, err := os.Stat(filepath.Join(n.dir, "stolen")); !os.IsNotExist(err) {
		t.Errorf("a file was written: %v", err)
	}
}

// PROXYSQL READONLY stops changes to tables, nothing else.
func TestReadOnly(t *testing.T) {
	n := start(t, setup{memory: true})
	const readonly = errorPrefix + "attempt to write a readonly database"
	n.admin().steps(
		step{"PROXYSQL READONLY", "ok 0"},
		step{"DELETE FROM mysql_users", readonly},
		step{"SET admin-read_only='false'", readonly},
		step{"SAVE MYSQL USERS TO DISK", "ok 0"},
		step{"LOAD MYSQL USERS TO RUNTIME", "ok 0"},
		step{"SELECT count(*) FROM runtime_mysql_users", "0"},
		step{"PROXYSQL READWRITE", "ok 0"},
		step{"SET admin-read_only='true'", "ok 1"},
		step{"DELETE FROM mysql_users", "ok 0"},
		step{"LOAD ADMIN VARIABLES TO RUNTIME", "ok 0"},
		step{"DELETE FROM mysql_users", readonly},
		step{"SHOW GLOBAL VARIABLES LIKE 'read_only'", "read_only ON"},
	)
}
