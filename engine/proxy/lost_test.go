package proxy_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

// own starts a server for a test that does harm to it, and a proxy in front.
func own(t *testing.T, variables string) (*node, *mariadbtest.Server) {
	t.Helper()
	s := mariadbtest.Start(t, mariadbtest.Opts{SQL: setup, Args: []string{"--innodb-flush-log-at-trx-commit=1"}})
	return startWith(t, variables, fmt.Sprintf(`mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=10, max_connections=20 } )`, s.Port)), s
}

func TestKilledMidQuery(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(0)
	if err := c.WriteCommand(wire.ComQuery, "DO SLEEP(300) /* victim */"); err != nil {
		t.Fatal(err)
	}
	var id string
	waitFor(t, "the statement on the server", func() bool {
		rows := writer.Query(t, "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP(300) /* victim%'")
		if len(rows) > 0 {
			id = rows[0][0]
		}
		return len(rows) > 0
	})
	writer.Exec(t, "KILL HARD CONNECTION "+id)
	p, err := c.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	e := asError(t, p)
	// the server may say itself that the connection was killed; else the proxy does, with the server's name
	if e.Code != 1927 && (e.Code != 2013 || !strings.Contains(e.Message, fmt.Sprintf("127.0.0.1:%d", writer.Port))) {
		t.Errorf("got %v", e)
	}
	if got := ask(t, c, wire.ComQuery, "SELECT 1", 0); got[0][0] != 1 {
		t.Errorf("the session does not go on: %q", got)
	}
}

// A server that is lost between two packets of an answer is an error of the answer.
func TestLostAmidAnswer(t *testing.T) {
	n, s := own(t, "")
	for _, deprecateEOF := range []wire.Capability{0, wire.CapDeprecateEOF} {
		c := n.dial(deprecateEOF | wire.CapMultiStatements | wire.CapMultiResults)
		if err := c.WriteCommand(wire.ComQuery, "SELECT 1; DO SLEEP(300)"); err != nil {
			t.Fatal(err)
		}
		var p wire.Packet
		var err error
		for p == nil || p.Payload()[0] != 0xfe || deprecateEOF == 0 && p.Seq() < 5 {
			if p, err = c.ReadRaw(); err != nil {
				t.Fatal(err)
			}
		}
		last := p.Seq()
		s.Kill()
		if p, err = c.ReadRaw(); err != nil {
			t.Fatalf("no error packet: %v", err)
		}
		if e := asError(t, p.Payload()); e.Code != 2013 || p.Seq() != last+1 {
			t.Errorf("packet %d after %d: %v", p.Seq(), last, e)
		}
		if _, err := c.ReadRaw(); err == nil {
			t.Error("the connection is still open")
		}
		if err := s.Again(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerCrash(t *testing.T) {
	t.Parallel()
	n, s := own(t, "connect_timeout_server_max=60000\nshun_recovery_time_sec=1")
	db := n.open(1)
	exec(t, db, "INSERT INTO t (v) VALUES ('a')")

	// in a transaction: the client hears of it, and its connection is closed, so that nothing of the transaction is
	// committed without the rest
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO t (v) VALUES ('b')"); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if _, err := tx.Exec("INSERT INTO t (v) VALUES ('c')"); codeOf(err) != 2013 {
		t.Errorf("in a transaction: want 2013, got %v", err)
	}
	if _, err := tx.Exec("INSERT INTO t (v) VALUES ('d')"); !gone(err) {
		t.Errorf("the session goes on after it lost its transaction: %v", err)
	}
	tx.Rollback()

	// no server: 9001 or 9002 with the reason
	n.set("connect_timeout_server_max", 3000)
	_, err = db.Exec("INSERT INTO t (v) VALUES ('e')")
	n.set("connect_timeout_server_max", 60000)
	if code := codeOf(err); code != 9001 && code != 9002 {
		t.Fatalf("without a server: %v", err)
	}
	if !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), "(servers: 1") {
		t.Errorf("the refusal does not say why: %v", err)
	}

	if err := s.Again(); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "INSERT INTO t (v) VALUES ('f')")
	if got := one(t, db, "SELECT GROUP_CONCAT(v ORDER BY id) FROM t"); got != "a,f" {
		t.Errorf("rows: %s", got)
	}
}

// A restart breaks every pooled connection; statements find new ones without an error.
func TestRestartIsNotNoticed(t *testing.T) {
	t.Parallel()
	n, s := own(t, "")
	dbs := n.open(10)
	for range 10 {
		exec(t, dbs, "SELECT 1")
	}
	s.Stop()
	if err := s.Again(); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if _, err := dbs.Exec(fmt.Sprintf("INSERT INTO t (v) VALUES ('%d')", i)); err != nil {
			t.Errorf("insert %d: %v", i, err)
		}
	}
	if got := one(t, dbs, "SELECT COUNT(*) FROM t"); got != "30" {
		t.Errorf("%s rows of 30", got)
	}
}

// A read that was lost is read again; the write is not. The server sleeps before its crash only: what was set is forgotten then.
func TestOnlyReadsAreRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		code uint16
	}{
		{"SELECT SLEEP(@@global.net_retry_count-10) /* again */", 0},
		{"INSERT INTO t (v) SELECT SLEEP(@@global.net_retry_count-10) /* again */", 2013},
		{"SELECT SLEEP(@@global.net_retry_count-10) /* again */ INTO @x", 2013},
	} {
		n, s := own(t, "connect_timeout_server_max=60000\nconnect_retries_on_failure=1000\nconnect_retries_delay=100\nshun_on_failures=0")
		s.Exec(t, "SET GLOBAL net_retry_count=310")
		db := n.open(1)
		result := make(chan error, 1)
		go func() { _, err := db.Exec(c.sql); result <- err }()
		waitFor(t, "the statement on the server", func() bool {
			return len(s.Query(t, "SELECT id FROM information_schema.processlist WHERE info LIKE '%/* again%' AND info NOT LIKE '%processlist%'")) > 0
		})
		s.Kill()
		if err := s.Again(); err != nil {
			t.Fatal(err)
		}
		if err := <-result; codeOf(err) != c.code {
			t.Errorf("%s: want code %d, got %v", c.sql, c.code, err)
		}
	}
}

func TestClientGone(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(0)
	if err := c.WriteCommand(wire.ComQuery, "DO SLEEP(300) /* gone */"); err != nil {
		t.Fatal(err)
	}
	running := func() int {
		return len(writer.Query(t, "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP(300) /* gone%'"))
	}
	waitFor(t, "the statement on the server", func() bool { return running() == 1 })
	c.Kill()
	waitFor(t, "the server to stop working for nobody", func() bool { return running() == 0 })
	waitFor(t, "the connection to be closed", func() bool { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] == "0" })
}

func TestQueryTimeout(t *testing.T) {
	n := start(t, "", `mysql_query_rules: ( { rule_id=1, active=1, match_pattern="SLEEP", timeout=100, apply=1 } )`)
	db := n.open(1)
	begin := time.Now()
	_, err := db.Exec("SELECT 1 FROM who WHERE SLEEP(300)")
	if codeOf(err) != 1907 || time.Since(begin) > patience {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	exec(t, db, "DELETE FROM t", "BEGIN", "INSERT INTO t (v) VALUES ('a')")
	if _, err := db.Exec("SELECT 1 FROM who WHERE SLEEP(300)"); codeOf(err) != 1907 {
		t.Errorf("in a transaction: %v", err)
	}
	exec(t, db, "INSERT INTO t (v) VALUES ('b')", "COMMIT")
	if got := one(t, db, "SELECT GROUP_CONCAT(v) FROM t"); got != "a,b" {
		t.Errorf("a timeout ended the transaction: %s", got)
	}
}

func TestKillSession(t *testing.T) {
	n := start(t, "", "")
	victim, other := n.open(1), n.open(1)
	id := one(t, victim, "SELECT CONNECTION_ID()")
	result := make(chan error, 1)
	go func() { _, err := victim.Exec("SELECT 1 FROM who WHERE SLEEP(300)"); result <- err }()
	waitFor(t, "the statement", func() bool {
		for _, p := range n.picture("stats_mysql_processlist") {
			if p["SessionID"] == id && p["command"] == "Query" && strings.Contains(p["info"], "SLEEP") {
				return true
			}
		}
		return false
	})
	exec(t, other, "KILL QUERY "+id)
	if err := <-result; codeOf(err) != 1317 {
		t.Errorf("KILL QUERY: %v", err)
	}
	if got := one(t, victim, "SELECT CONNECTION_ID()"); got != id {
		t.Errorf("KILL QUERY ended the session")
	}
	exec(t, other, "KILL "+id)
	waitFor(t, "the session to end", func() bool {
		for _, p := range n.table("stats_mysql_processlist") {
			if p["SessionID"] == id {
				return false
			}
		}
		return true
	})
}

func TestIdleLimits(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(context.Background(), "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(context.Background(), "INSERT INTO t (v) VALUES ('idle')"); err != nil {
		t.Fatal(err)
	}
	n.settle()
	n.set("max_transaction_idle_time", 1000)
	waitFor(t, "the end of the session", func() bool { return len(n.picture("stats_mysql_processlist")) == 0 })
	if _, err := conn.ExecContext(context.Background(), "SELECT 1"); !gone(err) {
		t.Errorf("an idle transaction lives on: %v", err)
	}
}

func TestFullServer(t *testing.T) {
	t.Parallel()
	n := start(t, "", "")
	n.admin("mysql_servers", "UPDATE mysql_servers SET max_connections=1")
	a, b := n.open(1), n.open(1)
	exec(t, a, "BEGIN", "SELECT * FROM t")
	n.set("connect_timeout_server_max", 1000)
	_, err := b.Exec("SELECT 1")
	want := regexp.MustCompile(`Max connect timeout reached while reaching hostgroup 10 after [1-9][0-9]{3,}ms.*at max_connections 1 \(1/1\)`)
	if codeOf(err) != 9001 || !want.MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	n.set("connect_timeout_server_max", 60000)
	result := make(chan error, 1)
	go func() { _, err := b.Exec("SELECT 1"); result <- err }()
	time.Sleep(100 * time.Millisecond)
	exec(t, a, "COMMIT")
	if err := <-result; err != nil {
		t.Errorf("a place that came free was not taken: %v", err)
	}
}

func TestOffline(t *testing.T) {
	n := start(t, "", "")
	db, idle := n.open(1), n.open(1)
	exec(t, idle, "SELECT 1")
	exec(t, db, "DELETE FROM t", "BEGIN", "INSERT INTO t (v) VALUES ('a')")
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='OFFLINE_SOFT' WHERE hostgroup_id=10")
	exec(t, db, "INSERT INTO t (v) VALUES ('b')", "COMMIT")
	n.set("connect_timeout_server_max", 300)
	_, err := db.Exec("SELECT 1")
	n.set("connect_timeout_server_max", 10000)
	if codeOf(err) != 9001 || !strings.Contains(err.Error(), "OFFLINE_SOFT 1") {
		t.Errorf("new work on an OFFLINE_SOFT server: %v", err)
	}
	waitFor(t, "connections to close", func() bool {
		p := n.table("stats_mysql_connection_pool")[0]
		return p["ConnFree"] == "0" && p["ConnUsed"] == "0" && p["status"] == "OFFLINE_SOFT"
	})
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='ONLINE' WHERE hostgroup_id=10")
	exec(t, db, "BEGIN", "INSERT INTO t (v) VALUES ('c')")
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostgroup_id=10")
	if _, err := db.Exec("INSERT INTO t (v) VALUES ('d')"); codeOf(err) != 2013 {
		t.Errorf("work on an OFFLINE_HARD server: %v", err)
	}
	if got := writer.Query(t, "SELECT GROUP_CONCAT(v) FROM d.t"); got[0][0] != "a,b" {
		t.Errorf("rows: %s", got[0][0])
	}
}

// gone reports whether the driver found its connection closed.
func gone(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn)
}

// A KILL QUERY that comes too late must not strike the next statement.
func TestLateKillStrikesNothing(t *testing.T) {
	n := start(t, "", "")
	victim, other := n.open(1), n.open(1)
	id := one(t, victim, "SELECT CONNECTION_ID()")
	exec(t, victim, "BEGIN", "DO 1", "SELECT * FROM t LIMIT 0 FOR UPDATE")
	killed := 0
	for i := range 40 {
		result := make(chan error, 1)
		go func() { _, err := victim.Exec("SELECT 1 FROM who WHERE SLEEP(0.01)"); result <- err }()
		time.Sleep(time.Duration(6+i%10) * time.Millisecond)
		exec(t, other, "KILL QUERY "+id)
		if err := <-result; codeOf(err) == 1317 {
			killed++
		} else if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := victim.Exec("SELECT 1 FROM who WHERE SLEEP(0.002)"); err != nil {
				t.Fatalf("kill %d struck a later statement: %v", i, err)
			}
		}
	}
	t.Logf("%d of 40 were killed", killed)
}

// A KILL QUERY that overtakes the statement on its way to the server is repeated until it strikes. This server misses the
// first.
func TestKillAheadOfStatement(t *testing.T) {
	t.Parallel()
	kills, end := make(chan string, 10), make(chan struct{})
	port := standIn(t, func(auth *wire.Authenticator, c *wire.Conn) {
		defer c.Kill()
		if _, err := auth.Handshake(c, 4711); err != nil {
			return
		}
		ok, interrupted := &wire.OK{Status: wire.StatusAutocommit}, wire.Errorf(1317, "70100", "Query execution was interrupted")
		for answer := wire.Message(ok); ; {
			if c.WriteMessage(answer) != nil || c.Flush() != nil {
				return
			}
			answer = ok
			p, err := c.ReadPacket()
			switch {
			case err != nil:
				return
			case strings.HasPrefix(string(p), "\x03KILL"):
				if kills <- string(p[1:]); len(kills) == 2 {
					close(end)
				}
			case strings.Contains(string(p), "SLEEP"):
				<-end
				answer = interrupted
			}
		}
	})
	n := startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )", port))
	victim, other := n.dial(0), n.open(1)
	if err := victim.WriteCommand(wire.ComQuery, "SELECT SLEEP(20)"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the statement", func() bool {
		return strings.Contains(n.picture("stats_mysql_processlist")[0]["info"], "SLEEP")
	})
	exec(t, other, "KILL QUERY "+n.picture("stats_mysql_processlist")[0]["SessionID"])
	p, err := victim.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	if e := asError(t, p); e.Code != 1317 {
		t.Errorf("the statement ended with %v", e)
	}
	for range 2 {
		if got := <-kills; got != "KILL QUERY 4711" {
			t.Errorf("the server was told: %s", got)
		}
	}
}
