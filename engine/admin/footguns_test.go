package admin_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/wire"
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

// footgun is one line of testdata/footguns.jsonl: what a fresh ProxySQL was told and how it reacted.
type footgun struct {
	Name  string
	Steps []footgunStep
}

type footgunStep struct {
	User     string    // "name:password"
	SQL      string    `json:"sql"`
	Com      byte      // a command of the protocol, without a body
	Login    []string  // name, password
	Response *response // nil: the process ended
}

const denied = "ProxySQL Error: Access denied for user '%s'@'127.0.0.1' (using password: %s)"

// better is what keepsql answers where what was recorded does harm, by name of the case and number of the step. Everything
// else is answered as it was recorded.
var better = map[string]map[int]string{
	"lone_semicolon_admin":                             {0: errorPrefix + "not an error"},
	"lone_semicolon_stats":                             {0: errorPrefix + "not an error"},
	"set_with_second_statement_updates_every_variable": {0: "ok 1", 1: manyValues},
	"set_with_trailing_comment_updates_every_variable": {0: "ok 1", 1: manyValues},
	"stats_user_select_config_file":                    {0: errorPrefix + "no such column: CONFIG", 1: errorPrefix + `near "INTO": syntax error`},
	"monitor_user_is_a_stats_login":                    {3: errorPrefix + `near "INTO": syntax error`},
	"admin_credentials_without_colon_gives_empty_password": {
		1: errorPrefix + "load admin variables to runtime: admin-admin_credentials has no entry of the form user:password",
		2: fmt.Sprintf(denied, "root2", "NO"), 3: "ok 0",
	},
	"mysql_user_named_admin_locks_out_admin": {2: "ok 0"},
	"mysql_user_named_stats":                 {2: "ok 0"},
	"com_change_user_never_answered":         {0: "closed"},
	"double_quote_in_admin_variable":         {3: `a"b`, 5: `a"b`},
	"numeric_overflow_wraps":                 {2: "28800000 28800000"},
	"cluster_username_cannot_be_cleared":     {4: " "},
	// Where the account is not listed it may still speak the cluster's protocol.
	"cluster_user_must_be_in_admin_credentials": {3: "ok 0"},
}

const manyValues = "more than ten values"

// TestRecordedFootguns replays what makes ProxySQL crash, hang, leak or do something else than it says.
func TestRecordedFootguns(t *testing.T) {
	for _, f := range readLines[footgun](t, "testdata/footguns.jsonl") {
		t.Run(f.Name, func(t *testing.T) {
			n := start(t, setup{})
			sessions := map[string]*client{}
			for i, step := range f.Steps {
				if step.Response == nil {
					continue
				}
				step.SQL = strings.ReplaceAll(step.SQL, "/tmp/datadir", n.dir)
				want, harmful := better[f.Name][i]
				if !harmful {
					want = step.Response.text()
				}
				got := step.run(n, sessions)
				if want == manyValues && strings.Count(got, "\n") > 10 {
					continue
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("step %d %s%v (-want +got):\n%s", i, step.SQL, step.Login, diff)
				}
			}
			if got := n.admin().text("SELECT 1"); got != "1" {
				t.Errorf("afterwards: %q", got)
			}
			stolen, _ := filepath.Glob(filepath.Join(n.dir, "*.cnf"))
			if stolen != nil {
				t.Errorf("files were written: %v", stolen)
			}
		})
	}
}

// run takes a step in the session of its user and gives the answer as text.
func (step footgunStep) run(n *node, sessions map[string]*client) string {
	account := step.User
	if step.Login != nil {
		account = strings.Join(step.Login, ":")
	}
	c := sessions[account]
	if c == nil || step.Login != nil {
		user, password, _ := strings.Cut(account, ":")
		conn, err := n.login(user, password)
		if e, is := errors.AsType[*wire.Error](err); is && step.Login != nil {
			return e.Message
		}
		if err != nil {
			return "closed"
		}
		c = &client{conn, n.t}
		sessions[account] = c
	}
	switch {
	case step.Login != nil:
		return "ok 0"
	case step.SQL != "":
		return c.text(step.SQL)
	}
	if err := c.Conn().WriteCommand(wire.Command(step.Com), ""); err != nil {
		return "closed"
	}
	if p, err := c.Conn().ReadPacket(); err == nil {
		return fmt.Sprintf("answer %x", p[0])
	}
	return "closed"
}

// text gives an answer in the form of client.text.
func (r *response) text() string {
	switch r.Type {
	case "err":
		return r.Message
	case "ok":
		return strings.TrimSpace("ok " + itoa(r.Affected) + " " + r.Info)
	case "resultset":
		var lines []string
		for _, row := range r.Rows {
			var cells []string
			for _, v := range row {
				cells = append(cells, *v)
			}
			lines = append(lines, strings.Join(cells, " "))
		}
		return strings.Join(lines, "\n")
	}
	return "closed"
}
