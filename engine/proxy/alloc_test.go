package proxy_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

// answerer is a server in this process that lets everybody in and gives every command the same answer: an OK to what is
// no SELECT, one row to what is. One of so many executions of prepared statements it forgets the statement, 0 for none. It does
// not allocate, so that what is counted is the proxy's.
func answerer(t testing.TB, forgetful int) (port int) {
	return standIn(t, func(auth *wire.Authenticator, c *wire.Conn) { answerAll(auth, c, forgetful) })
}

// standIn is a server in this process; serve is given each connection.
func standIn(t testing.TB, serve func(*wire.Authenticator, *wire.Conn)) (port int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	auth := &wire.Authenticator{
		Version: "10.11.0-MariaDB", Plugin: wire.PluginNative, Charset: 45, Status: wire.StatusAutocommit,
		Capabilities: wire.CapProtocol41 | wire.CapSecureConnection | wire.CapPluginAuth | wire.CapConnectWithDB | wire.CapTransactions,
		Lookup: func(string, wire.LoginInfo) (wire.Credential, error) {
			return wire.Credential{Password: "app_pass"}, nil
		},
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, nc)
			mu.Unlock()
			wg.Go(func() { serve(auth, wire.NewConn(nc)) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}

func answerAll(auth *wire.Authenticator, c *wire.Conn, forgetful int) {
	defer c.Kill()
	if _, err := auth.Handshake(c, 1); err != nil {
		return
	}
	ok := wire.OK{Status: wire.StatusAutocommit}
	if c.WriteMessage(&ok) != nil || c.Flush() != nil {
		return
	}
	okPacket := []byte{7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}
	row, binaryRow, statement := oneRow(), oneBinaryRow(), onePrepared()
	forget := []byte("\x23\x00\x00\x01\xff\xdb\x04#HY000Unknown prepared statement")
	forget[0] = byte(len(forget) - 4)
	executed := 0
	for {
		p, err := c.ReadPacket()
		if err != nil {
			return
		}
		answer := okPacket
		switch {
		case len(p) > 7 && p[0] == byte(wire.ComQuery) && string(p[1:7]) == "SELECT":
			answer = row
		case p[0] == byte(wire.ComStmtPrepare):
			statement[5]++ // the id
			answer = statement
		case p[0] == byte(wire.ComStmtExecute):
			if executed++; forgetful > 0 && executed%forgetful == 0 {
				answer = forget
				break
			}
			answer = binaryRow
		case p[0] == byte(wire.ComStmtClose):
			continue
		}
		if c.WriteRaw(answer) != nil {
			return
		}
	}
}

// onePrepared is the answer to COM_STMT_PREPARE of a statement with one parameter and one column.
func onePrepared() []byte {
	col, eof := wire.TextColumn("c"), wire.EOF{Status: wire.StatusAutocommit}
	return framed([]byte{0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0}, col.Append(nil), eof.Append(nil), col.Append(nil), eof.Append(nil))
}

func oneBinaryRow() []byte {
	col, eof := wire.TextColumn("c"), wire.EOF{Status: wire.StatusAutocommit}
	return framed([]byte{1}, col.Append(nil), eof.Append(nil), wire.AppendText([]byte{0, 0}, "68487932199-96439406143"), eof.Append(nil))
}

// framed makes packets of payloads.
func framed(payloads ...[]byte) []byte {
	var out []byte
	for i, p := range payloads {
		out = append(append(out, byte(len(p)), byte(len(p)>>8), 0, byte(i+1)), p...)
	}
	return out
}

// oneRow is the answer to SELECT c …: a column, a row.
func oneRow() []byte {
	col, eof := wire.TextColumn("c"), wire.EOF{Status: wire.StatusAutocommit}
	return framed([]byte{1}, col.Append(nil), eof.Append(nil),
		wire.AppendText(nil, "68487932199-96439406143-93774651418-41631865787-96406072701"), eof.Append(nil))
}

// statementClient sends statements over a bare connection, without allocating.
type statementClient struct {
	c *wire.Conn
	a wire.Answer
}

func (s *statementClient) query(payload []byte) error { return s.command(wire.ComQuery, payload) }

func (s *statementClient) command(cmd wire.Command, payload []byte) error {
	s.c.BeginCommand()
	if err := s.c.WritePacket(payload); err != nil {
		return err
	}
	if err := s.c.Flush(); err != nil {
		return err
	}
	s.a.Reset(cmd, 0)
	for done := false; !done; {
		chunk, err := s.c.ReadChunk()
		if err != nil {
			return err
		}
		if _, done, err = s.a.Feed(chunk); err != nil {
			return err
		}
	}
	if s.a.Err != nil {
		return s.a.Err
	}
	return nil
}

// allocationsPerRun is testing.AllocsPerRun without its GOMAXPROCS(1): event loops would wait on the only processor there is. It
// is the least of several tries: what else goes on in the process, and pools that a garbage collection has emptied, disturb some of
// them, and what f allocates is in all.
func allocationsPerRun(runs int, f func()) float64 {
	return least(func() uint64 {
		f()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			f()
		}
		runtime.ReadMemStats(&after)
		return (after.Mallocs - before.Mallocs) / uint64(runs)
	}, 0)
}

// least measures again until a figure is good enough, five times at most, and gives the least.
func least(measure func() uint64, enough uint64) float64 {
	got := measure()
	for try := 1; try < 5 && got > enough; try++ {
		got = min(got, measure())
	}
	return float64(got)
}

// allocatesNothing runs a command again and again.
func (c *statementClient) allocatesNothing(t *testing.T, name, command string) {
	t.Helper()
	payload := []byte(command)
	run := func() {
		if err := c.query(payload); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 { // the pools fill
		run()
	}
	if got := allocationsPerRun(2000, run); got != 0 {
		t.Errorf("%s: %v allocations per statement", name, got)
	}
}

func TestNoAllocationsPerStatement(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: the race detector allocates")
	}
	n := startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )\n"+
		"mysql_query_rules: (\n{ rule_id=1, active=1, match_digest=\"^SELECT .* FOR UPDATE$\", destination_hostgroup=10, apply=1 },\n"+
		"{ rule_id=2, active=1, match_digest=\"^SELECT\", destination_hostgroup=10, apply=1 } )", answerer(t, 0)))
	c, _, err := wire.Dial(context.Background(), "unix", n.socket, &wire.Account{User: "app", Password: "app_pass"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Kill()
	client := statementClient{c: c}
	for name, q := range map[string]string{
		"point select": "\x03SELECT c FROM sbtest1 WHERE id=50042",
		"range":        "\x03SELECT DISTINCT c FROM sbtest2 WHERE id BETWEEN 10 AND 109 ORDER BY c",
		"update":       "\x03UPDATE sbtest1 SET c='68487932199-96439406143-93774651418' WHERE id=50099",
		"hint":         "\x03SELECT /* hostgroup=10 */ c FROM sbtest1 WHERE id=50042",
	} {
		client.allocatesNothing(t, name, q)
	}
}

// A server without CLIENT_DEPRECATE_EOF and session tracking serves clients that have both.
func TestOlderServer(t *testing.T) {
	n := startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )", answerer(t, 0)))
	const caps = wire.CapDeprecateEOF | wire.CapSessionTrack
	c := n.dial(caps)
	for range 3 {
		got := ask(t, c, wire.ComQuery, "SELECT c FROM t", caps)
		if len(got) != 4 || got[3][0] != 0xfe || len(got[3]) < 7 {
			t.Errorf("answer: %q", got)
		}
		if got := ask(t, c, wire.ComQuery, "UPDATE t SET c=1", caps); got[0][0] != 0 {
			t.Errorf("answer: %q", got)
		}
	}
}
