package sqliteserver_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/internal/sqlitetest"
	"github.com/keepsql/keepsql/engine/wire"
)

func TestStatements(t *testing.T) {
	_, c := start(t)
	script(t, c,
		"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)", "ok",
		"INSERT INTO t(b) VALUES ('x'),(NULL)", "ok affected=2 id=2",
		"SELECT * FROM t; ", "a,b | 1,x | 2,NULL",
		"/* hint */ SELECT b AS bb, 1.50, 'it''s' FROM t WHERE a = 1 FOR UPDATE", "bb,1.50,'it''s' | x,1.5,it's",
		`SELECT a FROM t WHERE b = "x" LOCK IN SHARE MODE`, "a | 1",
		"SELECT a FROM (SELECT * FROM t) WHERE a > 1 FOR SHARE SKIP LOCKED", "a | 2",
		"UPDATE t SET b = 'y' WHERE a > 10", "ok",
		"DELETE FROM t WHERE a = 2", "ok affected=1",
		"SELECT * FROM t WHERE 0", "a,b",
		"SELECT LAST_INSERT_ID()", "LAST_INSERT_ID() | 2",
		"SELEC 1", `1045 28000 ProxySQL SQLite3 Error: near "SELEC": syntax error`,
		"SELECT * FROM nope", "1045 28000 ProxySQL SQLite3 Error: no such table: nope",
		"INSERT INTO t VALUES (1,'')", "1045 28000 ProxySQL SQLite3 Error: UNIQUE constraint failed: t.a",
		"SELECT abs(-9223372036854775808)", "1045 28000 ProxySQL SQLite3 Error: integer overflow",
		" ;; -- nothing", "1065 42000 Query was empty",
		"SELECT 1; SELECT 2", "1064 42000 You have an error in your SQL syntax: more than one statement, and the client did not ask for multi-statements",
		"CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET b = 'trigger; done' WHERE a = new.a; END;", "ok",
		"INSERT INTO t VALUES (5,'')", "ok affected=1 id=5",
		"SELECT b FROM t WHERE a = 5", "b | trigger; done",
	)
}

func TestQuestionsOfClients(t *testing.T) {
	_, c := start(t)
	script(t, c,
		"select @@version_comment limit 1", "@@version_comment | keepsql embedded SQLite server",
		"SELECT VERSION()", "VERSION() | 8.0.11",
		"SELECT DATABASE(), USER()", "DATABASE(),USER() | NULL,app@127.0.0.1",
		"USE `my db`", "ok",
		"select database()", "database() | my db",
		"SHOW DATABASES", "Database | main",
		"SHOW TABLES", "Tables_in_my db",
		"CREATE TABLE t_1 (id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL DEFAULT 'x')", "ok",
		"CREATE TABLE tx1 (id INTEGER)", "ok",
		`SHOW TABLES LIKE 't\_1'`, "Tables_in_my db | t_1",
		"SHOW FULL TABLES FROM d", "Tables_in_d | t_1 | tx1",
		"DESCRIBE t_1", "Field,Type,Null,Key,Default,Extra | id,INTEGER,YES,PRI,NULL, | name,VARCHAR(10),NO,,'x',",
		"SHOW CREATE TABLE tx1", "Table,Create Table | tx1,CREATE TABLE tx1 (id INTEGER)",
		"SHOW WARNINGS", "Level,Code,Message",
		"SHOW VARIABLES LIKE 'read_only'", "Variable_name,Value | read_only,0",
		"SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wait_timeout','autocommit')", "Variable_name,Value | autocommit,1 | wait_timeout,28800",
		"SELECT @@global.read_only read_only, @@max_allowed_packet + 1 AS m, @@session.tx_isolation", "read_only,m,@@session.tx_isolation | 0,67108865,SERIALIZABLE",
		"SELECT '@@x', \"@@y\" -- @@z", `'@@x',"@@y" | @@x,@@y`,
		"SELECT @@nope", "1193 HY000 Unknown system variable 'nope'",
		"SHOW NONSENSE", `1045 28000 ProxySQL SQLite3 Error: near "SHOW": syntax error`,
	)
}

func TestSet(t *testing.T) {
	_, c := start(t)
	script(t, c,
		"SET NAMES latin1 COLLATE latin1_bin, SESSION sql_mode = 'A,B', @x := 1 + 1, @@wait_timeout=5", "ok",
		"SELECT @@character_set_client, @@collation_connection, @@sql_mode, @@wait_timeout, @x, @y",
		"@@character_set_client,@@collation_connection,@@sql_mode,@@wait_timeout,@x,@y | latin1,latin1_bin,A,B,5,2,NULL",
		"SET sql_mode = (SELECT CONCAT(@@sql_mode, ',C')), CHARACTER SET utf8", "ok",
		"SELECT @@sql_mode, @@character_set_results", "@@sql_mode,@@character_set_results | A,B,C,utf8",
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "ok",
		"SET autocommit = maybe", "1231 42000 Variable 'autocommit' can't be set to the value of 'maybe'",
		"SET nonsense", "1064 42000 You have an error in your SQL syntax near 'SET nonsense'",
	)
}

func TestTransactions(t *testing.T) {
	addr, c := start(t)
	other := dial(t, addr, wire.Account{User: "open"})
	script(t, c,
		"CREATE TABLE t (a INTEGER PRIMARY KEY)", "ok",
		"BEGIN", "ok [trans]",
		"INSERT INTO t VALUES (1)", "ok affected=1 id=1 [trans]",
		"SELECT * FROM t", "a | 1 [trans]")
	script(t, other, "SELECT * FROM t", "a")
	script(t, c,
		"COMMIT", "ok",
		"START TRANSACTION READ ONLY", "ok [trans]",
		"ROLLBACK WORK", "ok",
		"ROLLBACK", "ok",
		"BEGIN", "ok [trans]",
		"INSERT INTO t VALUES (2)", "ok affected=1 id=2 [trans]",
		"SAVEPOINT s", "ok [trans]",
		"INSERT INTO t VALUES (3)", "ok affected=1 id=3 [trans]",
		"ROLLBACK TO s", "ok [trans]",
		"BEGIN", "ok [trans]", // commits the one before
		"ROLLBACK", "ok")
	script(t, other, "SELECT * FROM t", "a | 1 | 2")
	script(t, c,
		"SET autocommit=0", "ok [manual]",
		"SELECT 1", "1 | 1 [manual]",
		"SELECT count(*) FROM t", "count(*) | 2 [trans] [manual]",
		"INSERT INTO t VALUES (4)", "ok affected=1 id=4 [trans] [manual]",
		"SELECT @@autocommit", "@@autocommit | 0 [trans] [manual]",
		"ROLLBACK", "ok [manual]",
		"INSERT INTO t VALUES (5)", "ok affected=1 id=5 [trans] [manual]",
		"SET autocommit=1", "ok",
		"SELECT max(a) FROM t", "max(a) | 5")
}

func TestMultiStatements(t *testing.T) {
	addr := sqlitetest.Start(t, accounts)
	c := dial(t, addr, wire.Account{User: "open", Capabilities: wire.CapMultiStatements})
	script(t, c,
		"CREATE TABLE t (a TEXT); INSERT INTO t VALUES (';'); SET @x = 7; SELECT a, @x FROM t;", "ok",
		"SELECT a FROM t; SELECT nope", "1045 28000 ProxySQL SQLite3 Error: no such column: nope")
	if got := run(c, "SELECT a, @x FROM t"); got != "a,@x | ;,7" {
		t.Errorf("after several statements: %s", got)
	}
}

func TestFilesOfTheHostAreOutOfReach(t *testing.T) {
	_, c := start(t)
	file := t.TempDir() + "/x"
	for _, sql := range []string{"ATTACH '" + file + "' AS x", "VACUUM INTO '" + file + "'"} {
		if got := run(c, sql); !strings.Contains(got, "not authorized") && !strings.Contains(got, "authorization denied") {
			t.Errorf("%s: %s", sql, got)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s made a file", sql)
		}
	}
	script(t, c, "VACUUM", "ok")
}

func TestReadOnly(t *testing.T) {
	addr := sqlitetest.StartWith(t, accounts, map[string]string{"sqliteserver-read_only": "true", "mysql-server_version": "5.7.99"})
	c := dial(t, addr, wire.Account{User: "open"})
	script(t, c,
		"CREATE TABLE t (a)", "1290 HY000 The MySQL server is running with the --read-only option so it cannot execute this statement",
		"SELECT @@global.read_only read_only", "read_only | 1")
	if d := cmp.Diff("5.7.99", c.Server().Version); d != "" {
		t.Error(d)
	}
}
