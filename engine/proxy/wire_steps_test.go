package proxy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

// stage is what recorded conversations are replayed on.
type stage struct {
	n       *node
	one     *mariadbtest.Server // hostgroup 0
	clients map[string]*rawClient
}

// killConnections ends all connections of a user at once.
const killConnections = "BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; FOR r IN (SELECT id FROM information_schema.processlist WHERE user='app') DO KILL r.id; END FOR; END"

// step takes one step of a conversation: of a client, of an operator, or of a server.
func (s *stage) step(t *testing.T, conn, op string, args json.RawMessage) (answer string) {
	t.Helper()
	switch op {
	case "admin":
		var stmts []string
		if err := json.Unmarshal(args, &stmts); err != nil {
			t.Fatal(err)
		}
		s.n.recordedSetup(stmts)
		return ""
	case "kill connections":
		s.one.Exec(t, killConnections)
		waitFor(t, "the server to close them", func() bool {
			return len(s.one.Query(t, "SELECT id FROM information_schema.processlist WHERE user='app'")) == 0
		})
		time.Sleep(50 * time.Millisecond) // the list may be a moment ahead of the closing
		return ""
	case "send_raw":
		return sendRaw(t, s.n.tcp())
	case "send and close":
		return s.sendAndClose(t, s.clients[conn], text(t, args))
	case "query killed":
		sql, answered := text(t, args), make(chan string, 1)
		go func() { answered <- s.clients[conn].command(wire.ComQuery, sql) }()
		waitFor(t, "the statement on the server", func() bool { return len(s.running(t, sql)) == 1 })
		s.one.Exec(t, killConnections)
		return <-answered
	case "process_info answered":
		if answer := s.clients[conn].command(wire.ComProcessInfo, ""); !strings.HasPrefix(answer, "RS Id,User,") {
			return answer
		}
		return "answered" // with what differs each time
	case "two queries":
		return s.clients[conn].twoQueries(t, args)
	case "query":
		return s.clients[conn].command(wire.ComQuery, text(t, args))
	}
	return step(t, s.n.tcp(), s.clients, conn, op, args)
}

// text gives a statement, which may stand as what is in it so many times.
func text(t *testing.T, args json.RawMessage) string {
	t.Helper()
	var s string
	if json.Unmarshal(args, &s) == nil {
		return s
	}
	var long struct {
		Before, With, After string
		Fill                int
	}
	if err := json.Unmarshal(args, &long); err != nil {
		t.Fatal(err)
	}
	if long.With == "" {
		long.With = "c"
	}
	return long.Before + strings.Repeat(long.With, long.Fill) + long.After
}

// sendRaw sends what is no handshake response.
func sendRaw(t *testing.T, addr string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	c := wire.NewConn(nc)
	if _, err := c.ReadPacket(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.WritePacket(bytes.Repeat([]byte{0}, 10)), c.Flush()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadPacket(); err != nil {
		return "CLOSED"
	}
	return "answered"
}

// sendAndClose has a client vanish while its statement runs, and says what became of that.
func (s *stage) sendAndClose(t *testing.T, c *rawClient, sql string) string {
	t.Helper()
	if err := c.c.WriteCommand(wire.ComQuery, sql); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the statement on the server", func() bool { return len(s.running(t, sql)) == 1 })
	begin := time.Now()
	c.c.Kill()
	waitFor(t, "the statement to end", func() bool { return len(s.running(t, sql)) == 0 })
	if time.Since(begin) > 4*time.Second {
		return "nothing"
	}
	return "KILL CONNECTION"
}

// running are the processes of the first server that execute a statement.
func (s *stage) running(t *testing.T, sql string) [][]string {
	return s.one.Query(t, "SELECT id FROM information_schema.processlist WHERE info='"+sql+"'")
}

// twoQueries sends the second before the first is answered.
func (r *rawClient) twoQueries(t *testing.T, args json.RawMessage) string {
	t.Helper()
	var stmts []string
	if err := json.Unmarshal(args, &stmts); err != nil {
		t.Fatal(err)
	}
	for _, q := range stmts {
		r.c.BeginCommand()
		if err := r.c.EndPacket(append(append(r.c.StartPacket(), byte(wire.ComQuery)), q...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.c.Flush(); err != nil {
		return "CLOSED"
	}
	var said []string
	for range stmts {
		said = append(said, r.answers(wire.ComQuery))
	}
	return strings.Join(said, " | ")
}

// waited is how long a refusal says that was waited, which is never the same to the millisecond.
var waited = regexp.MustCompile(`after \d{4,5}ms`)
