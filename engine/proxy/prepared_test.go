package proxy_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
)

func binaryProtocol(c *mysql.Config) { c.InterpolateParams = false }

func TestPreparedStatements(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1, binaryProtocol)
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
	db := n.open(1, binaryProtocol)
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
	db := n.open(1, binaryProtocol, func(c *mysql.Config) { c.MaxAllowedPacket = 1 << 20 })
	exec(t, db, "CREATE OR REPLACE TABLE big (v LONGBLOB)")
	data := bytes.Repeat([]byte("0123456789"), 300_000) // more than a packet: sent as long data
	if _, err := db.Exec("INSERT INTO big VALUES (?)", data); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT v = ? FROM big", data); got != "1" {
		t.Error("long data changed on its way")
	}
}

// A prepared statement keeps no connection: many sessions with one each share a single one.
func TestPreparedShareConnection(t *testing.T) {
	n := start(t, "", "")
	n.admin("mysql_servers", "UPDATE mysql_servers SET max_connections=1")
	var list []*sql.Stmt
	for i := range 10 {
		db := n.open(1, binaryProtocol)
		st, err := db.Prepare(fmt.Sprintf("SELECT ? + %d", i%5))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		list = append(list, st)
	}
	for range 3 {
		for i, st := range list {
			var got int
			if err := st.QueryRow(100 * i).Scan(&got); err != nil || got != 100*i+i%5 {
				t.Fatalf("statement %d: %d, %v", i, got, err)
			}
		}
	}
	waitFor(t, "connection to be free", func() bool {
		pool := n.table("stats_mysql_connection_pool")[0]
		return pool["ConnUsed"] == "0" && pool["ConnFree"] == "1" && pool["ConnOK"] == "1"
	})
	want := map[string]int{
		"Stmt_Cached": 5, "Stmt_Client_Active_Total": 10, "Stmt_Client_Active_Unique": 5, "Stmt_Server_Active_Total": 5,
		"Stmt_Server_Active_Unique": 5, "Stmt_Max_Stmt_id": 5, "Com_frontend_stmt_prepare": 10, "Com_backend_stmt_prepare": 5,
		"Com_frontend_stmt_execute": 30, "Com_backend_stmt_execute": 30,
	}
	for name, v := range want {
		if got := n.global(name); got != v {
			t.Errorf("%s is %d, want %d", name, got, v)
		}
	}
	info := n.table("stats_mysql_prepared_statements_info")
	wantRow := map[string]string{
		"global_stmt_id": "1", "schemaname": "d", "username": "app", "digest": info[0]["digest"], "ref_count_client": "2",
		"ref_count_server": "1", "num_columns": "1", "num_params": "1", "query": "SELECT ? + 0",
	}
	if diff := cmp.Diff(wantRow, info[0]); diff != "" || len(info) != 5 {
		t.Errorf("%d statements; first: %s", len(info), diff)
	}
}

// A session that is in a schema that does not exist gets out of it by a prepared USE, too.
func TestPreparedUseLeavesUnknownSchema(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	exec(t, db, "USE nowhere")
	if _, err := db.Exec("SELECT 1"); codeOf(err) != 1049 {
		t.Fatalf("in an unknown schema: %v, want 1049", err)
	}
	use, err := db.Prepare("USE d")
	if err != nil {
		t.Fatal(err)
	}
	defer use.Close()
	if _, err := use.Exec(); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT DATABASE()"); got != "d" {
		t.Errorf("schema: %s", got)
	}
}
