package proxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/wire"
)

// dial opens a bare connection to the proxy.
func (n *node) dial(caps wire.Capability) *wire.Conn {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, _, err := wire.Dial(ctx, "unix", n.socket, &wire.Account{User: "app", Password: "app_pass", Database: "d", Capabilities: caps})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { c.Kill() })
	c.SetDeadline(time.Now().Add(2 * patience))
	return c
}

// ask sends a command and returns the packets of its answer.
func ask(t *testing.T, c *wire.Conn, cmd wire.Command, arg string, caps wire.Capability) [][]byte {
	t.Helper()
	if err := c.WriteCommand(cmd, arg); err != nil {
		t.Fatal(err)
	}
	return answerTo(t, c, cmd, caps)
}

func answerTo(t *testing.T, c *wire.Conn, cmd wire.Command, caps wire.Capability) [][]byte {
	t.Helper()
	var a wire.Answer
	a.Reset(cmd, caps)
	var packets [][]byte
	for done := false; !done; {
		p, err := c.ReadRaw()
		if err != nil {
			t.Fatalf("answer to command %d: %v", cmd, err)
		}
		packets = append(packets, append([]byte(nil), p.Payload()...))
		if _, done, err = a.Feed(p); err != nil {
			t.Fatal(err)
		}
	}
	return packets
}

func asError(t *testing.T, p []byte) *wire.Error {
	t.Helper()
	var e wire.Error
	if err := e.Decode(p); err != nil {
		t.Fatalf("want an error packet, got %q", p)
	}
	return &e
}

func TestCommands(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(0)
	okPacket := []byte{0, 0, 0, 2, 0, 0, 0}
	if got := ask(t, c, wire.ComPing, "", 0); cmp.Diff([][]byte{okPacket}, got) != "" {
		t.Errorf("COM_PING: %q", got)
	}
	if got := ask(t, c, wire.ComStatistics, "", 0); !strings.HasPrefix(string(got[0]), "Uptime: ") || !strings.Contains(string(got[0]), "  Questions: ") {
		t.Errorf("COM_STATISTICS: %q", got)
	}
	if got := ask(t, c, wire.ComInitDB, "e", 0); cmp.Diff([][]byte{okPacket}, got) != "" {
		t.Errorf("COM_INIT_DB: %q", got)
	}
	if got := ask(t, c, wire.ComQuery, "SELECT DATABASE()", 0); string(got[3]) != "\x01e" {
		t.Errorf("schema: %q", got)
	}
	ask(t, c, wire.ComInitDB, "d", 0)
	if got := ask(t, c, wire.ComFieldList, "t\x00", 0); len(got) != 3 || got[2][0] != 0xfe {
		t.Errorf("COM_FIELD_LIST: %q", got)
	}
	if got := ask(t, c, wire.ComProcessKill, "\x01\x00\x00\x00", 0); asError(t, got[0]).Code != 9003 {
		t.Errorf("COM_PROCESS_KILL: %q", got)
	}
	for _, cmd := range []wire.Command{wire.ComDebug, wire.ComShutdown, wire.ComRefresh, wire.ComCreateDB, wire.ComTime, 99} {
		if got := ask(t, c, cmd, "", 0); asError(t, got[0]).Code != 1047 {
			t.Errorf("command %d: %q", cmd, got)
		}
	}
	if got := ask(t, c, wire.ComPing, "", 0); got[0][0] != 0 {
		t.Errorf("COM_PING after unknown commands: %q", got)
	}
	if err := c.WriteCommand(wire.ComQuit, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadRaw(); !errors.Is(err, io.EOF) {
		t.Errorf("after COM_QUIT: %v", err)
	}
}

// The greeting announces what upstream's does.
func TestGreeting(t *testing.T) {
	n := start(t, "", "")
	nc, err := net.Dial("unix", n.socket)
	if err != nil {
		t.Fatal(err)
	}
	c := wire.NewConn(nc)
	defer c.Kill()
	p, err := c.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	var got wire.Greeting
	if err := got.Decode(p); err != nil {
		t.Fatal(err)
	}
	want := wire.Greeting{Version: "8.0.11", ConnectionID: got.ConnectionID, Capabilities: 0x818ffa2f,
		Charset: 33, Status: wire.StatusAutocommit, Plugin: wire.PluginNative, Scramble: got.Scramble}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSetOption(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(0)
	if got := ask(t, c, wire.ComQuery, "SELECT 1; SELECT 2", 0); asError(t, got[0]).Code != 1064 {
		t.Errorf("multi-statements without the flag: %q", got)
	}
	if got := ask(t, c, wire.ComSetOption, "\x00\x00", 0); got[0][0] != 0xfe {
		t.Errorf("COM_SET_OPTION on: %q", got)
	}
	if got := ask(t, c, wire.ComQuery, "SELECT 1; SELECT 2", 0); len(got) != 10 {
		t.Errorf("multi-statements: %d packets", len(got))
	}
	ask(t, c, wire.ComSetOption, "\x01\x00", 0)
	if got := ask(t, c, wire.ComQuery, "SELECT 1; SELECT 2", 0); asError(t, got[0]).Code != 1064 {
		t.Errorf("multi-statements after off: %q", got)
	}
}

func TestResetConnection(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(0)
	for _, q := range []string{"SET @x=1", "SET time_zone='+05:00'", "CREATE TEMPORARY TABLE tmp (a INT)", "BEGIN"} {
		if got := ask(t, c, wire.ComQuery, q, 0); got[0][0] != 0 {
			t.Fatalf("%s: %q", q, got)
		}
	}
	if got := ask(t, c, wire.ComResetConnection, "", 0); got[0][0] != 0 || got[0][3]&1 != 0 {
		t.Errorf("COM_RESET_CONNECTION: %q", got)
	}
	if got := ask(t, c, wire.ComQuery, "SELECT CONCAT_WS(' ', @x IS NULL, @@time_zone, DATABASE())", 0); string(got[3][1:]) != "1 SYSTEM d" {
		t.Errorf("after the reset: %q", got[3])
	}
	if got := ask(t, c, wire.ComQuery, "SELECT * FROM tmp", 0); asError(t, got[0]).Code != 1146 {
		t.Errorf("temporary table is still there: %q", got)
	}
}

func TestChangeUser(t *testing.T) {
	n := start(t, "", accounts)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, info, err := wire.Dial(ctx, "unix", n.socket, &wire.Account{User: "app", Password: "app_pass", Database: "d"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Kill()
	ask(t, c, wire.ComQuery, "SET @x=1", 0)
	if err := wire.SendChangeUser(c, info, &wire.Account{User: "hashed", Password: "hash_pass", Database: "e"}); err != nil {
		t.Fatal(err)
	}
	got := ask(t, c, wire.ComQuery, "SELECT CONCAT_WS(' ', SUBSTRING_INDEX(CURRENT_USER(),'@',1), DATABASE(), @x IS NULL)", 0)
	if string(got[3][1:]) != "hashed e 1" {
		t.Errorf("after COM_CHANGE_USER: %q", got[3])
	}
	err = wire.SendChangeUser(c, info, &wire.Account{User: "app", Password: "wrong"})
	var se *wire.Error
	if !errors.As(err, &se) || se.Code != 1045 {
		t.Errorf("wrong password: %v", err)
	}
}

func TestPipelinedCommands(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(0)
	for range 3 {
		c.BeginCommand()
		if err := c.WritePacket([]byte("\x03SELECT 1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := answerTo(t, c, wire.ComQuery, 0); len(got) != 5 {
			t.Errorf("%d packets", len(got))
		}
	}
}

func TestLocalAnswers(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	for q, want := range map[string]string{
		"select @@version_comment limit 1":  "(ProxySQL)",
		"SELECT USER()":                     "app",
		"select LAST_INSERT_ID() FROM DUAL": "0",
		"SELECT @@character_set_client, @@character_set_connection, @@character_set_server, @@character_set_database LIMIT 1": "",
	} {
		rows, err := db.Query(q)
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		cols, _ := rows.Columns()
		values := make([]any, len(cols))
		for i := range values {
			values[i] = new(string)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				t.Errorf("%s: %v", q, err)
			}
		}
		rows.Close()
		if got := *values[0].(*string); want != "" && got != want {
			t.Errorf("%s: got %q, want %q", q, got, want)
		}
	}
	for q, code := range map[string]uint16{
		"SELECT $$": 1054, "PROXYSQL INTERNAL NONSENSE": 1064,
		"LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t":                      1047,
		"LOAD  DATA /* x */ LOCAL INFILE '/etc/hostname' INTO TABLE t":             1047,
		"/* y */ load data low_priority local infile '/etc/hostname' into table t": 1047,
		"USE": 1148,
	} {
		if _, err := db.Exec(q); codeOf(err) != code {
			t.Errorf("%s: want %d, got %v", q, code, err)
		}
	}
	if got := one(t, db, "PROXYSQL INTERNAL SESSION"); !strings.Contains(got, `"default_hostgroup":10`) {
		t.Errorf("session info: %s", got)
	}
}

func TestRuleOutputs(t *testing.T) {
	n := start(t, "", `mysql_query_rules: (
	{ rule_id=1, active=1, match_pattern="forbidden", error_msg="not today", apply=1 },
	{ rule_id=2, active=1, match_pattern="done", OK_msg="it is", apply=1 },
	{ rule_id=3, active=1, match_pattern="SELECT old", replace_pattern="SELECT 'new'", apply=1 },
	{ rule_id=4, active=1, match_pattern="slow", delay=80, apply=1 } )`)
	db := n.open(1)
	if _, err := db.Exec("SELECT forbidden"); codeOf(err) != 1148 || !strings.Contains(err.Error(), "not today") {
		t.Errorf("error_msg: %v", err)
	}
	exec(t, db, "SELECT done")
	if got := one(t, db, "SELECT old"); got != "new" {
		t.Errorf("rewritten statement: %s", got)
	}
	begin := time.Now()
	exec(t, db, "SELECT 'slow'")
	if took := time.Since(begin); took < 80*time.Millisecond {
		t.Errorf("delay: %v", took)
	}
	want := []map[string]string{{"rule_id": "1", "hits": "1"}, {"rule_id": "2", "hits": "1"}, {"rule_id": "3", "hits": "1"}, {"rule_id": "4", "hits": "1"}}
	if d := cmp.Diff(want, n.table("stats_mysql_query_rules")); d != "" {
		t.Error(d)
	}
}
