package admin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

func toRows(r *wire.Result) *schema.Rows {
	rows := &schema.Rows{}
	for _, c := range r.Columns {
		rows.Columns = append(rows.Columns, c.Name)
	}
	for _, values := range r.Rows {
		row := make(schema.Row, len(values))
		for i, v := range values {
			row[i] = schema.Cell{Text: v.Text, Null: v.Null}
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows
}

// command sends a command of the protocol and gives the answer: "ok", "eof 514", the error, the bytes, or "closed".
func (c *client) command(cmd wire.Command, arg string) string {
	c.t.Helper()
	conn := c.Conn()
	conn.SetDeadline(time.Now().Add(patience))
	if err := conn.WriteCommand(cmd, arg); err != nil {
		c.t.Fatal(err)
	}
	p, err := conn.ReadPacket()
	var e wire.Error
	var end wire.EOF
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed):
		return "closed"
	case err != nil:
		return err.Error()
	case p[0] == 0:
		return "ok"
	case e.Decode(p) == nil:
		return e.Error()
	case end.Decode(p) == nil:
		return "eof " + itoa(uint64(end.Status))
	}
	return string(p)
}

func TestProtocolCommands(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	f := func(cmd wire.Command, arg, want string) {
		t.Helper()
		if diff := cmp.Diff(want, c.command(cmd, arg)); diff != "" {
			t.Errorf("command %d: %s", cmd, diff)
		}
	}
	f(wire.ComPing, "", "ok")
	f(wire.ComInitDB, "nosuch", "ok")
	f(wire.ComSetOption, "\x00\x00", "eof 514")
	f(wire.ComStmtPrepare, "SELECT 1", "server error 1045 (28000): Command not supported")
	f(wire.ComFieldList, "mysql_users\x00", "server error 1045 (28000): Command not supported")
	f(wire.ComProcessKill, "\x01\x00\x00\x00", "server error 9003 (28000): Command not supported")
	f(wire.ComResetConnection, "", "server error 1047 (28000): Received unsupported 'COM_RESET_CONNECTION' for session type 'PROXYSQL_SESSION_ADMIN'")
	if got := c.command(wire.ComStatistics, ""); !regexp.MustCompile(`^Uptime: \d+ Threads: 0  Questions: 0  Slow queries: 0$`).MatchString(got) {
		t.Errorf("statistics: %q", got)
	}
	f(wire.ComDebug, "", "closed")
	c = n.admin()
	f(wire.ComQuit, "", "closed")
	c = n.admin()
	f(wire.ComQuery, "PROXYSQL SHUTDOWN", "closed")
}

// Two tables of statistics that come from elsewhere.
func TestStatsTables(t *testing.T) {
	questions := &schema.Rows{Columns: []string{"Variable_Name", "Variable_Value"}, Rows: []schema.Row{
		{schema.Text("ProxySQL_Uptime"), schema.Text("12")}, {schema.Text("Client_Connections_connected"), schema.Text("3")},
		{schema.Text("Questions"), schema.Text("7")}, {schema.Text("Slow_queries"), schema.Text("1")},
	}}
	resets := 0
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		o.Tables = stats.Tables{
			"stats_mysql_global": func() *schema.Rows { return questions },
			"stats_mysql_query_digest_reset": func() *schema.Rows {
				resets++
				return &schema.Rows{Columns: []string{"digest_text"}}
			},
		}
	}})
	c := n.admin()
	c.steps(
		step{"SELECT Variable_Value FROM STATS.Stats_MySQL_Global WHERE Variable_Name='Questions'", "7"},
		step{"SHOW MYSQL STATUS", "Client_Connections_connected 3\nProxySQL_Uptime 12\nQuestions 7\nSlow_queries 1"},
		step{"TRUNCATE TABLE stats.stats_mysql_query_digest", "ok 0"},
		step{"truncate stats_mysql_query_digest_reset", "ok 0"},
		step{"TRUNCATE TABLE mysql_users", errorPrefix + `near "TRUNCATE": syntax error`},
	)
	n.stats().steps(step{"SELECT Variable_Value FROM stats_mysql_global WHERE Variable_Name='Questions'", "7"})
	if resets != 2 {
		t.Errorf("digests were reset %d times", resets)
	}
	if got := c.command(wire.ComStatistics, ""); got != "Uptime: 12 Threads: 3  Questions: 7  Slow queries: 1" {
		t.Errorf("statistics: %q", got)
	}
}

// cluster keeps account of one node.
type cluster struct {
	uuid, interfaces string
	seen, closed     atomic.Int64
}

func (c *cluster) NodeUUID(_ net.Addr, uuid, interfaces string) (admin.PeerSession, error) {
	if uuid == "bad" {
		return nil, errors.New("not a UUID")
	}
	c.uuid, c.interfaces = uuid, interfaces
	return c, nil
}
func (c *cluster) Seen()  { c.seen.Add(1) }
func (c *cluster) Close() { c.closed.Add(1) }

func TestClusterNode(t *testing.T) {
	var peers cluster
	n := start(t, setup{memory: true, options: func(o *admin.Options) { o.Peers = &peers }})
	c := n.admin()
	const uuid = "11111111-2222-3333-4444-555555555555"
	c.steps(step{"PROXYSQL CLUSTER_NODE_UUID " + uuid + " 127.0.0.1:6032;/tmp/a.sock", "ok 0 CLUSTER_WAIT"}, step{"SELECT GLOBAL_CHECKSUM()", "3678031158305879839"})
	if c.command(wire.ComQuit, ""); peers.uuid != uuid || peers.interfaces != "127.0.0.1:6032;/tmp/a.sock" || peers.seen.Load() != 2 {
		t.Errorf("uuid %q, interfaces %q, seen %d times", peers.uuid, peers.interfaces, peers.seen.Load())
	}
	eventually(t, "the account ends with the session", func() bool { return peers.closed.Load() == 1 })
	if got := n.admin().command(wire.ComQuery, "PROXYSQL CLUSTER_NODE_UUID bad x"); got != "closed" {
		t.Errorf("refused node: %q", got)
	}
}

// patience is how long something may take that only has to happen: far longer than a busy host stalls.
const patience = time.Minute

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func TestTooManyConnections(t *testing.T) {
	n := start(t, setup{memory: true, options: func(o *admin.Options) { o.MaxSessions = 2 }})
	first := n.admin()
	n.admin()
	_, err := n.login("admin", "admin")
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != 1040 {
		t.Errorf("third connection: %v", err)
	}
	first.command(wire.ComQuit, "")
	eventually(t, "a place becomes free", func() bool {
		_, err := n.login("admin", "admin")
		return err == nil
	})
}

const endless = "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM t) SELECT "

// A statement that never ends stops with its client, or at the limit, and others go on.
func TestEndlessStatements(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	if err := c.Conn().WriteCommand(wire.ComQuery, endless+"count(*) FROM t"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	_ = c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := n.admin().Query(ctx, "SELECT 1"); err != nil {
		t.Errorf("another session, after the client of an endless statement left: %v", err)
	}

	limited := start(t, setup{memory: true, options: func(o *admin.Options) { o.StatementTimeout = 200 * time.Millisecond }})
	c = limited.admin()
	c.steps(step{endless + "count(*) FROM t", errorPrefix + "statement interrupted after 200ms"})
	eventually(t, "a statement that does not take long", func() bool { return c.text("SELECT 1") == "1" })
}

func TestHugeStatements(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	values := strings.Repeat("('h',3306,0,'"+strings.Repeat("x", 1000)+"'),", 4000)
	c.steps(
		step{"REPLACE INTO proxysql_servers VALUES" + strings.TrimSuffix(values, ","), "ok 4000"},
		step{"SELECT count(*), max(length(comment)) FROM proxysql_servers", "1 1000"},
		step{"SELECT length(hex(zeroblob(20000000)))", "40000000"},
	)
	stats := n.stats()
	if err := stats.Conn().WriteCommand(wire.ComQuery, "SELECT '"+strings.Repeat("x", 2<<20)+"'"); err != nil {
		return // closed while it was sent
	}
	p, err := stats.Conn().ReadPacket()
	if err == nil && !bytes.Contains(p, []byte("max_allowed_packet")) {
		t.Errorf("2 MiB of a stats user: %q", p[:min(len(p), 80)])
	}
}

// A thousand clients that are connected at once, each with its own answers.
func TestManyClients(t *testing.T) {
	clients := 1000 // fewer in a short run: the race detector makes a login take its time
	if testing.Short() {
		clients = 200
	}
	n := start(t, setup{memory: true})
	done := make(chan string)
	var all sync.WaitGroup // until every client is there
	all.Add(clients)
	for i := range uint64(clients) {
		go func() {
			c, err := n.login("admin", "admin")
			all.Done()
			if err != nil {
				done <- err.Error()
				return
			}
			defer c.Close()
			all.Wait()
			for range 5 {
				r, err := c.Query(context.Background(), "SELECT "+itoa(i)+", count(*) FROM runtime_mysql_servers")
				if err != nil || r.Rows[0][0].Text != itoa(i) {
					done <- "wrong answer"
					return
				}
			}
			done <- ""
		}()
	}
	for range clients {
		if failure := <-done; failure != "" {
			t.Error(failure)
		}
	}
}
