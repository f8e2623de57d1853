package proxy_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// What servers know of the last statement of a connection, while other sessions use the connections in between.
func TestLastStatementIsTheSessions(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db, other := n.open(1, func(c *mysql.Config) { c.MultiStatements = true }), n.open(1)
	exec(t, db, "TRUNCATE t", "ALTER TABLE t AUTO_INCREMENT=499", "CREATE OR REPLACE PROCEDURE ins() INSERT INTO t (v) VALUES ('p')",
		"CREATE OR REPLACE PROCEDURE noop() DO 0")
	exec(t, other, "INSERT INTO t (v) VALUES ('not ours')")
	for _, c := range []struct{ do, ask, want string }{
		{"CALL noop()", "SELECT LAST_INSERT_ID()", "0"},
		{"INSERT INTO t (v) VALUES ('a'), ('b'), ('c')", "SELECT ROW_COUNT()", "3"},
		{"UPDATE t SET v='d'", "SELECT ROW_COUNT()", "4"},
		{"SELECT 1", "SELECT ROW_COUNT()", "-1"},
		{"SET time_zone='+00:00'", "SELECT ROW_COUNT()", "0"},
		{"SELECT * FROM t LIMIT 2", "SELECT FOUND_ROWS()", "0"}, // of the reader
		{"SELECT 1 UNION SELECT 2", "SELECT FOUND_ROWS()", "2"},
		{"SELECT nothing", "SELECT @@error_count", "1"},
		{"SELECT nothing", "SELECT @@warning_count", "1"},
		{"SELECT 1", "SELECT @@error_count", "0"},
		{"SELECT CAST('x' AS INT)", "SELECT @@warning_count", "1"},
		{"INSERT INTO t (v) VALUES ('e')", "SELECT @@last_insert_id", "503"},
		{"SELECT 1", "SELECT @@identity AS i", "503"},
		{"SELECT 1", "SELECT LAST_INSERT_ID () AS i", "503"},
		{"CALL ins()", "SELECT LAST_INSERT_ID()", "504"},
		{"CALL ins()", "SELECT LAST_INSERT_ID() AS i", "505"},
		{"SELECT LAST_INSERT_ID(7)", "SELECT LAST_INSERT_ID()", "7"},
		{"INSERT INTO t (v) VALUES ('f')", "SELECT LAST_INSERT_ID()", "506"},
		{"SELECT 1; SELECT 2; SELECT 3", "SELECT LAST_INSERT_ID()+0", "506"},
		{"CALL noop()", "SELECT LAST_INSERT_ID()", "506"},
		{"SET autocommit=0", "SELECT @@autocommit", "0"},
		{"SET autocommit=1", "SELECT @@autocommit", "1"},
	} {
		if _, err := db.Exec(c.do); err != nil && !strings.Contains(c.do, "nothing") {
			t.Fatalf("%s: %v", c.do, err)
		}
		exec(t, other, "SELECT 1 WHERE FALSE", "UPDATE who SET name=name WHERE FALSE", "SELECT 1 FROM who FOR UPDATE")
		if got := one(t, db, c.ask); got != c.want {
			t.Errorf("%s; %s: %s, want %s", c.do, c.ask, got, c.want)
		}
	}
}

// An insert id is the session's on whatever connection it is used, long after the insert.
func TestInsertIDMovesWithSession(t *testing.T) {
	n := start(t, " auto_increment_delay_multiplex=0\n", readWriteSplit)
	n.admin("mysql_servers", "UPDATE mysql_servers SET max_connections=1")
	a, b := n.open(1), n.open(1)
	exec(t, a, "TRUNCATE t", "INSERT INTO t (id, v) VALUES (900, 'a')")
	exec(t, b, "INSERT INTO t (v) VALUES ('b')")
	exec(t, a, "UPDATE t SET v=LAST_INSERT_ID() WHERE id=900")
	if got := one(t, a, "SELECT v FROM t WHERE id=900 FOR UPDATE"); got != "900" {
		t.Errorf("LAST_INSERT_ID() in a statement: %s, want 900", got)
	}
}

func TestShowErrors(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db, other := n.open(1), n.open(1)
	for _, ask := range []string{"SHOW WARNINGS", "SHOW ERRORS", "SHOW ERRORS LIMIT 1"} {
		if _, err := db.Exec("DELETE FROM nothing"); codeOf(err) != 1146 {
			t.Fatal(err)
		}
		var level, text string
		var code int
		if err := other.QueryRow(ask).Scan(&level, &code, &text); err != sql.ErrNoRows {
			t.Errorf("%s of a session without errors: %d %s, %v", ask, code, text, err)
		}
		for range 2 {
			if err := db.QueryRow(ask).Scan(&level, &code, &text); err != nil || code != 1146 || level != "Error" {
				t.Errorf("%s: %s %d %s, %v", ask, level, code, text, err)
			}
		}
		exec(t, db, "SELECT 1")
		if err := db.QueryRow(ask).Scan(&level, &code, &text); err != sql.ErrNoRows {
			t.Errorf("%s after a good statement: %d %s, %v", ask, code, text, err)
		}
	}
}

// Reads of what only one connection has go there, and all others where the rules say.
func TestReadsFollow(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1)
	exec(t, db, "CREATE OR REPLACE PROCEDURE answer(OUT x VARCHAR(20)) SELECT name INTO x FROM who", "CALL answer(@name)")
	exec(t, db, "CREATE TEMPORARY TABLE Mine SELECT 'kept' AS v", "CREATE TEMPORARY TABLE `odd 1` SELECT 'odd' AS v")
	for q, want := range map[string]string{
		"SELECT @name":                  "writer",
		"SELECT v FROM Mine":            "kept",
		"SELECT v FROM d.Mine AS m":     "kept",
		"SELECT v FROM `odd 1`":         "odd",
		"SELECT name FROM who":          "reader",
		"SELECT name AS Miner FROM who": "reader",
		"SELECT name AS email FROM who": "reader",
	} {
		if got := one(t, db, q); got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
	exec(t, db, "DROP TEMPORARY TABLE Mine")
	if _, err := db.Exec("SELECT v FROM Mine"); codeOf(err) != 1146 {
		t.Errorf("a table that was dropped: %v", err)
	}
}

// COMMIT RELEASE ends the session, and nobody gets its connection.
func TestRelease(t *testing.T) {
	n := start(t, "", "")
	for _, q := range []string{"COMMIT RELEASE", "ROLLBACK AND NO CHAIN RELEASE"} {
		c, err := n.open(1).Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, q := range []string{"BEGIN", "INSERT INTO t (v) VALUES ('released')", q} {
			if _, err := c.ExecContext(t.Context(), q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
		exec(t, n.open(1), "BEGIN", "ROLLBACK")
		if err := c.PingContext(t.Context()); err == nil {
			t.Errorf("%s: the session goes on", q)
		}
	}
	db := n.open(1)
	exec(t, db, "BEGIN", "COMMIT NO RELEASE", "SELECT 1")
}

// A connection that a session has for a while only, on account of an insert id, is as good as one of the pool.
func TestRestartWhileDelayed(t *testing.T) {
	n, s := own(t, "")
	db := n.open(1)
	exec(t, db, "INSERT INTO t (v) VALUES ('one')")
	s.Stop()
	if err := s.Again(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(t.Context(), "INSERT INTO t (v) VALUES ('two')"); err != nil {
		t.Errorf("statement after a restart: %v", err)
	}
}
