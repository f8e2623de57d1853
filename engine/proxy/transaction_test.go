package proxy_test

import (
	"testing"
)

func TestTransactionStays(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1)
	exec(t, db, "DELETE FROM t", "BEGIN")
	id := one(t, db, "SELECT @@pseudo_thread_id")
	if got := one(t, db, "SELECT name FROM who"); got != "writer" {
		t.Errorf("SELECT within a transaction went to %s", got)
	}
	exec(t, db, "INSERT INTO t (v) VALUES ('x')")
	if got := one(t, db, "SELECT @@pseudo_thread_id"); got != id {
		t.Errorf("transaction moved from connection %s to %s", id, got)
	}
	if got := one(t, n.open(1), "SELECT COUNT(*) FROM t FOR UPDATE SKIP LOCKED"); got != "0" {
		t.Errorf("others see %s rows of an open transaction", got)
	}
	if _, err := db.Exec("INSERT INTO nosuch VALUES (1)"); codeOf(err) != 1146 {
		t.Errorf("want 1146, got %v", err)
	}
	if got := one(t, db, "SELECT COUNT(*) FROM t"); got != "1" {
		t.Errorf("an error ended the transaction: %s rows", got)
	}
	exec(t, db, "ROLLBACK")
	if got := one(t, db, "SELECT COUNT(*) FROM t FOR UPDATE"); got != "0" {
		t.Errorf("%s rows after ROLLBACK", got)
	}
	if got := one(t, db, "SELECT name FROM who"); got != "reader" {
		t.Errorf("SELECT after the transaction went to %s", got)
	}
}

func TestAutocommitOff(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1)
	exec(t, db, "DELETE FROM t", "SET autocommit=0")
	if got := one(t, db, "SELECT name FROM who"); got != "reader" {
		t.Errorf("a read before any write went to %s", got)
	}
	exec(t, db, "INSERT INTO t (v) VALUES ('x')")
	if got := one(t, db, "SELECT name FROM who"); got != "writer" {
		t.Errorf("a read after a write went to %s", got)
	}
	other := n.open(1)
	if got := one(t, other, "SELECT COUNT(*) FROM t FOR UPDATE SKIP LOCKED"); got != "0" {
		t.Errorf("others see %s rows before COMMIT", got)
	}
	exec(t, db, "COMMIT")
	if got := one(t, other, "SELECT COUNT(*) FROM t FOR UPDATE"); got != "1" {
		t.Errorf("others see %s rows after COMMIT", got)
	}
	exec(t, db, "INSERT INTO t (v) VALUES ('y')", "SET autocommit=1")
	if got := one(t, other, "SELECT COUNT(*) FROM t FOR UPDATE"); got != "2" {
		t.Errorf("SET autocommit=1 did not commit: %s rows", got)
	}
	exec(t, db, "INSERT INTO t (v) VALUES ('z')")
	if got := one(t, other, "SELECT COUNT(*) FROM t FOR UPDATE"); got != "3" {
		t.Errorf("autocommit is still off: %s rows", got)
	}
}

func TestCommitWithoutTransaction(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	exec(t, db, "COMMIT", "ROLLBACK", "commit")
	if p := n.table("stats_mysql_connection_pool"); p[0]["ConnOK"] != "0" {
		t.Errorf("COMMIT without a transaction reached a server: %v", p[0])
	}
}

// A rule without transaction_persistent may lead a session to two transactions; COMMIT ends both.
func TestTwoTransactions(t *testing.T) {
	n := start(t, "", `mysql_users: ( { username="app", password="app_pass", default_hostgroup=10, transaction_persistent=0 } )
mysql_query_rules: ( { rule_id=1, active=1, match_pattern="reader", destination_hostgroup=20, apply=1 } )`)
	db := n.open(1)
	exec(t, db, "DELETE FROM t", "DELETE /* reader */ FROM t",
		"BEGIN", "BEGIN /* reader */", "INSERT INTO t (v) VALUES ('w')", "INSERT /* reader */ INTO t (v) VALUES ('r')", "COMMIT")
	for _, s := range []interface {
		Query(testing.TB, string) [][]string
	}{writer, reader} {
		if got := s.Query(t, "SELECT COUNT(*) FROM d.t"); got[0][0] != "1" {
			t.Errorf("%s rows after COMMIT", got[0][0])
		}
	}
}

// A prepared XA transaction outlives its session, and another one ends it. Afterwards nothing of it is left on the server.
func TestPreparedXA(t *testing.T) {
	n := start(t, "", "")
	n.admin("mysql_servers", "UPDATE mysql_servers SET max_connections=1")
	first := n.open(1)
	exec(t, first, "XA START 'held'", "INSERT INTO t (v) VALUES ('xa')", "XA END 'held'", "XA PREPARE 'held'")
	first.Close()
	waitFor(t, "end of the session", func() bool { return len(n.table("stats_mysql_processlist")) == 0 })
	exec(t, n.open(1), "XA ROLLBACK 'held'")
	db := writer.DB("")
	defer db.Close()
	waitFor(t, "end of all transactions on the server", func() bool {
		return one(t, db, "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > 0") == "0"
	})
}
