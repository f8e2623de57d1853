package proxy_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestBigResult(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	rows, err := db.Query("SELECT seq, REPEAT('x', 20) FROM seq_1_to_100000")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	want := 0
	for rows.Next() {
		var id int
		var text string
		want++
		if err := rows.Scan(&id, &text); err != nil || id != want || len(text) != 20 {
			t.Fatalf("row %d: %d, %q, %v", want, id, text, err)
		}
	}
	if want != 100000 || rows.Err() != nil {
		t.Errorf("%d rows, %v", want, rows.Err())
	}
	if d := n.table("stats_mysql_query_digest"); d[0]["sum_rows_sent"] != "100000" {
		t.Errorf("digest: %v", d)
	}
}

func TestBigPackets(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	for _, size := range []int{1<<24 - 30, 1<<24 - 24, 1<<24 - 1, 1<<24 + 100, 40 << 20} {
		text := strings.Repeat("z", size)
		var length int
		if err := db.QueryRow("SELECT LENGTH('" + text + "')").Scan(&length); err != nil || length != size {
			t.Fatalf("%d bytes in: %d, %v", size, length, err)
		}
		var back string
		if err := db.QueryRow(fmt.Sprintf("SELECT REPEAT('y', %d)", size)).Scan(&back); err != nil || len(back) != size {
			t.Fatalf("%d bytes out: %d, %v", size, len(back), err)
		}
	}
	if _, err := db.Exec("SELECT '" + strings.Repeat("z", 65<<20) + "'"); err == nil {
		t.Error("a statement above max_allowed_packet went through")
	}
}

func TestManyClients(t *testing.T) {
	n := start(t, "", readWriteSplit)
	setupDB := n.open(1)
	exec(t, setupDB, "CREATE OR REPLACE TABLE counter (id INT PRIMARY KEY, n INT)")
	for i := range 100 {
		exec(t, setupDB, fmt.Sprintf("INSERT INTO counter VALUES (%d, 0)", i))
	}
	var wg sync.WaitGroup
	for client := range 100 {
		wg.Go(func() {
			db := n.open(1)
			defer db.Close()
			for i := range 10 {
				if err := work(db, client, i); err != nil {
					t.Errorf("client %d: %v", client, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := one(t, setupDB, "SELECT COUNT(*) FROM counter WHERE n=10 FOR UPDATE"); got != "100" {
		t.Errorf("%s of 100 clients counted to 10", got)
	}
	if p := n.table("stats_mysql_connection_pool"); len(p[0]["MaxConnUsed"]) > 2 {
		t.Errorf("more connections than max_connections: %v", p[0])
	}
}

// work is one round of a client: a read by the rules, a transaction, a read of its own.
func work(db *sql.DB, client, i int) error {
	var name string
	if err := db.QueryRow("SELECT name FROM who").Scan(&name); err != nil || name != "reader" {
		return fmt.Errorf("read from %q: %w", name, err)
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRow("SELECT n FROM counter WHERE id=?", client).Scan(&n); err != nil {
		return err
	}
	if n != i {
		return fmt.Errorf("round %d: counter is %d", i, n)
	}
	if _, err := tx.Exec("UPDATE counter SET n=n+1 WHERE id=?", client); err != nil {
		return err
	}
	return tx.Commit()
}
