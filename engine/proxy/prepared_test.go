package proxy_test

import (
	"bytes"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func binary(c *mysql.Config) { c.InterpolateParams = false }

func TestPreparedStatements(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1, binary)
	exec(t, db, "DELETE FROM t")
	insert, err := db.Prepare("INSERT INTO t (v) VALUES (?)")
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	read, err := db.Prepare("SELECT name FROM who WHERE name > ?")
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	// both servers number their statements from 1; each must be executed where it was prepared
	for i := range 10 {
		if _, err := insert.Exec(i); err != nil {
			t.Fatal(err)
		}
		var name string
		if err := read.QueryRow("a").Scan(&name); err != nil || name != "reader" {
			t.Fatalf("prepared SELECT went to %q: %v", name, err)
		}
	}
	if got := one(t, db, "SELECT COUNT(*) FROM t WHERE v < ? FOR UPDATE", "5"); got != "5" {
		t.Errorf("%s rows", got)
	}
	if _, err := db.Prepare("SELEC ?"); codeOf(err) != 1064 {
		t.Errorf("want 1064, got %v", err)
	}
}

// Within a transaction a statement prepared on the reader is executed where the transaction is, parameter types included.
func TestPreparedInTransaction(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1, binary)
	exec(t, db, "DELETE FROM t")
	count, err := db.Prepare("SELECT COUNT(*) FROM t WHERE v = ? AND 1 = ?")
	if err != nil {
		t.Fatal(err)
	}
	defer count.Close()
	var got int
	if err := count.QueryRow("x", 1).Scan(&got); err != nil || got != 0 {
		t.Fatalf("outside: %d, %v", got, err)
	}
	exec(t, db, "BEGIN", "INSERT INTO t (v) VALUES ('x')")
	for range 2 {
		if err := count.QueryRow("x", 1).Scan(&got); err != nil || got != 1 {
			t.Fatalf("within: %d, %v", got, err)
		}
	}
	exec(t, db, "ROLLBACK")
	if err := count.QueryRow("x", 1).Scan(&got); err != nil || got != 0 {
		t.Fatalf("afterwards: %d, %v", got, err)
	}
}

func TestPreparedLongData(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1, binary, func(c *mysql.Config) { c.MaxAllowedPacket = 1 << 20 })
	exec(t, db, "CREATE OR REPLACE TABLE big (v LONGBLOB)")
	data := bytes.Repeat([]byte("0123456789"), 300_000) // more than a packet: sent as long data
	if _, err := db.Exec("INSERT INTO big VALUES (?)", data); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT v = ? FROM big", data); got != "1" {
		t.Error("long data changed on its way")
	}
}

// The connection is given back when the last statement is closed.
func TestPreparedGiveBack(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1, binary)
	st, err := db.Prepare("SELECT ?")
	if err != nil {
		t.Fatal(err)
	}
	used := func() string { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] }
	if used() != "1" {
		t.Errorf("%s connections in use with a statement", used())
	}
	st.Close()
	waitFor(t, "connection to be given back", func() bool { return used() == "0" })
}
