package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// Variables that a hostgroup ignores are not set on its servers, and others are.
func TestIgnoredVariables(t *testing.T) {
	n := start(t, "", readWriteSplit)
	n.admin("mysql_servers", `INSERT INTO mysql_hostgroup_attributes (hostgroup_id, ignore_session_variables) VALUES (20, '["sql_safe_updates","max_join_size"]')`)
	db := n.open(1)
	exec(t, db, "SET sql_safe_updates=1, time_zone='+03:00'")
	const q = "SELECT CONCAT(@@sql_safe_updates, @@time_zone)"
	for range 2 { // the second time the connection is known already
		if got := one(t, db, q); got != "OFF+03:00" {
			t.Errorf("reader: %s", got)
		}
		if got := one(t, db, q+" FOR UPDATE"); got != "ON+03:00" {
			t.Errorf("writer: %s", got)
		}
	}
}

// Warnings keep a connection for SHOW WARNINGS, unless a variable or the hostgroup says otherwise.
func TestHandleWarnings(t *testing.T) {
	for _, c := range []struct {
		variables, settings string
		used                string // connections in use after a statement with a warning
	}{
		{"", "", "1"}, {"handle_warnings=0", "", "0"}, {"handle_warnings=0", `{"handle_warnings":1}`, "1"}, {"", `{"handle_warnings":0}`, "0"},
	} {
		n := start(t, c.variables, "")
		if c.settings != "" {
			n.admin("mysql_servers", fmt.Sprintf("INSERT INTO mysql_hostgroup_attributes (hostgroup_id, hostgroup_settings) VALUES (10, '%s')", c.settings))
		}
		exec(t, n.open(1), "DO 1/0")
		if got := n.table("stats_mysql_connection_pool")[0]["ConnUsed"]; got != c.used {
			t.Errorf("%+v: %s connections in use", c, got)
		}
	}
}

// A transaction whose server goes away is lost, and its client hears of it, whenever that happens: nothing of the rest of it
// is executed by itself.
func TestLostTransactionStaysLost(t *testing.T) {
	n, slow := start(t, "", ""), newGate(t, writer)
	db := n.open(1)
	exec(t, db, "DELETE FROM t")
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range []string{"BEGIN", "INSERT INTO t (v) VALUES ('a')"} {
		if _, err := conn.ExecContext(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	result := make(chan error, 1)
	go func() {
		_, err := conn.ExecContext(context.Background(), slow.query())
		result <- err
	}()
	slow.reached(1)
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostgroup_id=10")
	slow.open()
	if err := <-result; err != nil {
		t.Fatalf("a statement that runs: %v", err)
	}
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='ONLINE' WHERE hostgroup_id=10")
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostgroup_id=10")
	if _, err := conn.ExecContext(context.Background(), "INSERT INTO t (v) VALUES ('b')"); codeOf(err) != 2013 {
		t.Errorf("the rest of the transaction: %v", err)
	}
	if got := writer.Query(t, "SELECT COUNT(*) FROM d.t")[0][0]; got != "0" {
		t.Errorf("%s rows", got)
	}
}

// A server that misses its heartbeats: a statement that waits for it ends with an error that says so, a read is tried again.
func TestMissedHeartbeats(t *testing.T) {
	n := start(t, "connect_timeout_server_max=60000", "")
	for name, c := range map[string]struct {
		more string
		code uint16
		sent int
	}{"locks": {" FOR UPDATE", 2013, 1}, "reads": {"", 0, 2}} {
		t.Run(name, func(t *testing.T) {
			slow, db := newGate(t, writer), n.open(1)
			result := make(chan error, 1)
			go func() { _, err := db.Exec(slow.query() + c.more); result <- err }()
			slow.reached(1)
			n.proxy.Servers().Missing("127.0.0.1", writer.Port, "missed 3 heartbeats")
			defer n.proxy.Servers().Back("127.0.0.1", writer.Port)
			if c.code == 0 {
				n.proxy.Servers().Back("127.0.0.1", writer.Port)
				slow.reached(c.sent) // the first does not see that nobody waits for it
				slow.open()
			}
			err := <-result
			if codeOf(err) != c.code {
				t.Errorf("got %v, want code %d", err, c.code)
			}
			if want := fmt.Sprintf("(server 127.0.0.1:%d of hostgroup 10: missed 3 heartbeats)", writer.Port); err != nil && !strings.Contains(err.Error(), want) {
				t.Error(err)
			}
		})
	}
}
