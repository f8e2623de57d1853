package proxy_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

// bare is a client that sends prepared statements packet by packet.
type bare struct {
	t    *testing.T
	c    *wire.Conn
	caps wire.Capability
	a    wire.Answer
}

func (n *node) bare(t *testing.T, caps ...wire.Capability) *bare {
	t.Helper()
	b := &bare{t: t}
	for _, c := range caps {
		b.caps |= c
	}
	c, _, err := wire.Dial(context.Background(), "unix", n.socket,
		&wire.Account{User: "app", Password: "app_pass", Database: "d", Capabilities: b.caps})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill() })
	b.c = c
	return b
}

// command sends a command and gives the payloads of its answer.
func (b *bare) command(cmd wire.Command, arg ...byte) [][]byte {
	b.t.Helper()
	if err := b.c.WriteCommand(cmd, string(arg)); err != nil {
		b.t.Fatal(err)
	}
	b.a.Reset(cmd, b.caps)
	var out [][]byte
	for done := !cmd.Answered(); !done; {
		p, err := b.c.ReadRaw()
		if err != nil {
			b.t.Fatal(err)
		}
		if _, done, err = b.a.Feed(p); err != nil {
			b.t.Fatal(err)
		}
		out = append(out, append([]byte(nil), p[4:]...))
	}
	return out
}

func (b *bare) query(sql string) [][]byte {
	b.t.Helper()
	return b.command(wire.ComQuery, []byte(sql)...)
}

func (b *bare) prepare(sql string) (id uint32) {
	b.t.Helper()
	b.command(wire.ComStmtPrepare, []byte(sql)...)
	if b.a.Err != nil {
		b.t.Fatalf("prepare %s: %v", sql, b.a.Err)
	}
	return b.a.StatementID
}

// execute executes a statement; params is what follows the number of iterations.
func (b *bare) execute(id uint32, cursor byte, params string) [][]byte {
	b.t.Helper()
	p := binary.LittleEndian.AppendUint32(nil, id)
	return b.command(wire.ComStmtExecute, append(append(p, cursor, 1, 0, 0, 0), params...)...)
}

func (b *bare) of(cmd wire.Command, id uint32, more ...byte) [][]byte {
	b.t.Helper()
	return b.command(cmd, append(binary.LittleEndian.AppendUint32(nil, id), more...)...)
}

// Clients that rely on types they sent before get them, although others have executed the same statement of the server.
func TestSharedStatementTypes(t *testing.T) {
	n := start(t, "", "")
	n.admin("mysql_servers", "UPDATE mysql_servers SET max_connections=1")
	a, b := n.bare(t), n.bare(t)
	const q = "SELECT CONCAT(?, '')"
	ida, idb := a.prepare(q), b.prepare(q)
	row := func(packets [][]byte) string { return string(packets[3][2:]) }
	for range 3 {
		if got := row(a.execute(ida, 0, "\x00\x01\x08\x00\x39\x30\x00\x00\x00\x00\x00\x00")); got != "\x0512345" {
			t.Errorf("number: %q", got)
		}
		if got := row(b.execute(idb, 0, "\x00\x01\xfd\x00\x03abc")); got != "\x03abc" {
			t.Errorf("text: %q", got)
		}
		if got := row(a.execute(ida, 0, "\x00\x00\x3a\x30\x00\x00\x00\x00\x00\x00")); got != "\x0512346" {
			t.Errorf("number without type: %q", got)
		}
		if got := row(b.execute(idb, 0, "\x00\x00\x04abcd")); got != "\x04abcd" {
			t.Errorf("text without type: %q", got)
		}
	}
	c := n.bare(t)
	if c.execute(c.prepare(q), 0, "\x00\x00\x04abcd"); c.a.Err == nil || c.a.Err.Code != 1210 {
		t.Errorf("types never sent: %v", c.a.Err)
	}
}

// A cursor keeps its connection, and no longer than it is open.
func TestCursors(t *testing.T) {
	n := start(t, "", "")
	used := func() string { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] }
	c := n.bare(t)
	const q = "SELECT seq FROM seq_1_to_10"
	one, two := c.prepare(q), c.prepare(q)
	fetch := func(id uint32, count byte, rows int, last bool) {
		t.Helper()
		packets := c.of(wire.ComStmtFetch, id, count, 0, 0, 0)
		if c.a.Err != nil || len(packets)-1 != rows || (c.a.Status&wire.StatusLastRowSent != 0) != last {
			t.Errorf("%d rows, status %#x, %v; want %d rows, last %v", len(packets)-1, c.a.Status, c.a.Err, rows, last)
		}
	}
	c.execute(one, 1, "")
	if used() != "1" {
		t.Error("connection given back below an open cursor")
	}
	fetch(one, 3, 3, false)
	c.execute(two, 1, "") // another cursor of the same text
	fetch(two, 4, 4, false)
	fetch(one, 3, 3, false)
	c.query("CREATE OR REPLACE TABLE other (a INT)") // what is known of columns is outdated
	c.prepare(q)
	c.execute(two, 0, "") // without one
	fetch(one, 10, 4, true)
	waitFor(t, "connection to be given back", func() bool { return used() == "0" })
	c.of(wire.ComStmtFetch, one, 1, 0, 0, 0)
	if c.a.Err == nil || c.a.Err.Code != 1421 {
		t.Errorf("FETCH without cursor: %v", c.a.Err)
	}
	c.execute(one, 1, "")
	c.of(wire.ComStmtReset, one)
	waitFor(t, "connection to be given back after reset", func() bool { return used() == "0" })
	c.execute(two, 1, "")
	c.of(wire.ComStmtClose, two)
	c.command(wire.ComPing)
	waitFor(t, "connection to be given back after close", func() bool { return used() == "0" })
	c.of(wire.ComStmtReset, two)
	if c.a.Err == nil || c.a.Err.Code != 1243 {
		t.Errorf("RESET of a closed statement: %v", c.a.Err)
	}
	if got := len(c.execute(one, 0, "")); got != 14 {
		t.Errorf("%d packets without cursor", got)
	}
}

// Server statements beyond mysql-max_stmts_per_connection are closed, those used longest ago first.
func TestStatementsPerConnection(t *testing.T) {
	n := start(t, "max_stmts_per_connection=3", "")
	n.admin("mysql_servers", "UPDATE mysql_servers SET max_connections=1")
	db := n.open(1, binaryProtocol)
	var list []*sql.Stmt
	for i := range 6 {
		st, err := db.Prepare(fmt.Sprintf("SELECT ? + %d", i))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		list = append(list, st)
	}
	for round := range 3 {
		for i, st := range list {
			var got int
			if err := st.QueryRow(10).Scan(&got); err != nil || got != 10+i {
				t.Errorf("round %d, statement %d: %d, %v", round, i, got, err)
			}
		}
	}
	if got := n.global("Stmt_Server_Active_Total"); got != 3 {
		t.Errorf("%d statements on the connection", got)
	}
	if p, c := n.global("Com_backend_stmt_prepare"), n.global("Com_backend_stmt_close"); p-c != 3 {
		t.Errorf("%d prepared, %d closed", p, c)
	}
	if got := one(t, db, "SELECT variable_value FROM information_schema.session_status WHERE variable_name='Com_stmt_close'"); got == "0" {
		t.Error("the server was not told")
	}
}

// A server with room for a few statements only serves many connections with many statements.
func TestStatementsPerServer(t *testing.T) {
	s := mariadbtest.Start(t, mariadbtest.Opts{Args: []string{"--max-prepared-stmt-count=5"}, SQL: setup})
	n := startWith(t, "", fmt.Sprintf(`mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=10, max_connections=8 } )`, s.Port))
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			db := n.open(1, binaryProtocol)
			for i := range 40 {
				var got int
				if err := db.QueryRow(fmt.Sprintf("SELECT ? + %d", w*100+i%10), 1).Scan(&got); err != nil || got != 1+w*100+i%10 {
					t.Errorf("worker %d, round %d: %d, %v", w, i, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Names and text are understood as when the statement was prepared, wherever it is executed.
func TestPreparedCircumstances(t *testing.T) {
	n := start(t, "", "")
	exec(t, n.open(1), "CREATE OR REPLACE TABLE d.place (v CHAR(1))", "INSERT INTO d.place VALUES ('d')",
		"CREATE OR REPLACE TABLE e.place (v CHAR(1))", "INSERT INTO e.place VALUES ('e')")
	db := n.open(1, binaryProtocol)
	first, err := db.Prepare("SELECT v FROM place WHERE 1=?")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	exec(t, db, "USE e")
	second, err := db.Prepare("SELECT v FROM place WHERE 1=?")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	exec(t, db, "SET sql_mode='ANSI_QUOTES'")
	third, err := db.Prepare(`SELECT "v" FROM place WHERE 1=?`)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	exec(t, db, "SET sql_mode=''")
	fourth, err := db.Prepare(`SELECT "v" FROM place WHERE 1=?`)
	if err != nil {
		t.Fatal(err)
	}
	defer fourth.Close()
	check := func(when string) {
		t.Helper()
		for i, c := range []struct {
			st   *sql.Stmt
			want string
		}{{first, "d"}, {second, "e"}, {third, "e"}, {fourth, "v"}} {
			var got string
			if err := c.st.QueryRow(1).Scan(&got); err != nil || got != c.want {
				t.Errorf("%s, statement %d: %q, %v; want %q", when, i+1, got, err, c.want)
			}
		}
		if got := one(t, db, "SELECT CONCAT(DATABASE(), @@sql_mode)"); got != "e" {
			t.Errorf("%s: session is in %s", when, got)
		}
	}
	check("same connection")
	// connections that know none of the statements
	n.admin("mysql_servers", "UPDATE mysql_servers SET port=port+1 WHERE hostgroup_id=20", "UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostgroup_id=10")
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='ONLINE' WHERE hostgroup_id=10")
	check("another connection")
}

// After a table has changed, clients that prepare are told of its new columns.
func TestPreparedMetadata(t *testing.T) {
	n := start(t, "", "")
	c, other := n.bare(t), n.bare(t)
	c.query("CREATE OR REPLACE TABLE meta (a INT)")
	width := func(b *bare) uint16 {
		b.t.Helper()
		id, width := b.prepare("SELECT * FROM meta"), b.a.PreparedWidth
		b.of(wire.ComStmtClose, id)
		return width
	}
	old := c.prepare("SELECT * FROM meta")
	if width(c) != 1 || width(other) != 1 {
		t.Error("columns of the new table")
	}
	other.query("ALTER TABLE meta ADD b INT")
	if got := width(c); got != 2 {
		t.Errorf("%d columns after ALTER by the proxy's clients", got)
	}
	writer.Exec(t, "ALTER TABLE d.meta ADD c INT")
	if got := c.execute(old, 0, ""); len(got) != 1+3+2 {
		t.Errorf("%d packets from three columns", len(got))
	}
	n.settle() // the session notes after its answer that the columns are others
	if got := width(other); got != 3 {
		t.Errorf("%d columns after ALTER by others and an execution", got)
	}
	c.query("DROP TABLE meta")
	if c.execute(old, 0, ""); c.a.Err == nil || c.a.Err.Code != 1146 {
		t.Errorf("execution without table: %v", c.a.Err)
	}
}

// Temporary tables mean something to one session only.
func TestPreparedTemporaryTable(t *testing.T) {
	n := start(t, "", "")
	a, b := n.bare(t), n.bare(t)
	a.query("CREATE OR REPLACE TABLE shadow (a INT)")
	a.query("CREATE TEMPORARY TABLE shadow (a INT, b INT)")
	b.prepare("SELECT * FROM shadow")
	a.prepare("SELECT * FROM shadow")
	if a.a.PreparedWidth != 2 || b.a.PreparedWidth != 1 {
		t.Errorf("columns: %d of the temporary table, %d of the other", a.a.PreparedWidth, b.a.PreparedWidth)
	}
	if got := n.global("Stmt_Cached"); got != 1 {
		t.Errorf("%d statements in the cache", got)
	}
}

// What statements change of the session they change in prepared form too, and for no other session.
func TestPreparedSessionState(t *testing.T) {
	n := start(t, "", "")
	n.admin("mysql_servers", "UPDATE mysql_servers SET max_connections=1")
	a, b := n.bare(t), n.bare(t)
	run := func(sql string) { t.Helper(); a.execute(a.prepare(sql), 0, "") }
	run("USE e")
	run("SET SESSION time_zone='+03:00'")
	run("SET NAMES latin1")
	value := func(c *bare, sql string) string { t.Helper(); p := c.query(sql); return string(p[3][1:]) }
	const q = "SELECT CONCAT_WS(' ', DATABASE(), @@time_zone, @@character_set_client)"
	if got := value(a, q); got != "e +03:00 latin1" {
		t.Errorf("session: %s", got)
	}
	if got := value(b, q); got != "d SYSTEM utf8mb3" && got != "d SYSTEM utf8mb4" {
		t.Errorf("another session: %s", got)
	}
	run("BEGIN")
	if a.a.Status&wire.StatusInTrans == 0 || n.table("stats_mysql_connection_pool")[0]["ConnUsed"] != "1" {
		t.Error("no transaction by a prepared BEGIN")
	}
	run("COMMIT")
	if a.a.Status&wire.StatusInTrans != 0 {
		t.Error("transaction after a prepared COMMIT")
	}
	run("SET autocommit=0")
	if a.a.Status&wire.StatusAutocommit != 0 {
		t.Error("autocommit is still on")
	}
}

// Several servers, connections and sessions: each statement is prepared wherever it is needed.
func TestPreparedOverServers(t *testing.T) {
	n := start(t, "", `mysql_query_rules: ( { rule_id=1, active=1, match_digest="^SELECT name", destination_hostgroup=30, apply=1 } )`)
	n.admin("mysql_servers", fmt.Sprintf("INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (30,'127.0.0.1',%d),(30,'127.0.0.1',%d)", writer.Port, reader.Port))
	db := n.open(8, binaryProtocol)
	read, err := db.Prepare("SELECT name FROM who WHERE name > ?")
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				var name string
				if err := read.QueryRow("a").Scan(&name); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[name]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if seen["writer"] == 0 || seen["reader"] == 0 || seen["writer"]+seen["reader"] != 200 {
		t.Errorf("executions: %v", seen)
	}
	if got := n.global("Com_backend_stmt_prepare"); got > 16+1 {
		t.Errorf("prepared %d times: %s", got, strconv.Itoa(n.global("Server_Connections_created"))+" connections")
	}
}
