package proxy_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

// counting is a way to a server that counts round trips: how often the proxy says something after the server has spoken.
type counting struct {
	port  int
	trips atomic.Int64
}

func countTrips(t *testing.T, to string) *counting {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{port: l.Addr().(*net.TCPAddr).Port}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				continue
			}
			mu.Lock()
			open = append(open, from, server)
			mu.Unlock()
			var spoken atomic.Bool
			wg.Go(func() { c.pass(server, from, func() { spoken.Store(true) }) })
			wg.Go(func() {
				c.pass(from, server, func() {
					if spoken.Swap(false) {
						c.trips.Add(1)
					}
				})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, nc := range open {
			nc.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return c
}

func (c *counting) pass(from, to net.Conn, seen func()) {
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			seen()
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				from.Close()
			}
			return
		}
	}
}

// However much of a session's state a connection lacks, and a statement besides, it takes one round trip to bring it there.
func TestRoundTrips(t *testing.T) {
	needServers(t)
	way := countTrips(t, writer.Addr)
	n := startWith(t, "", fmt.Sprintf(`mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=10, max_connections=1 } )`, way.port))
	a, b := n.bare(t, wire.CapSessionTrack), n.bare(t, wire.CapSessionTrack)
	ida, idb := a.prepare("SELECT ? + 1"), b.prepare("SELECT ? + 2")
	for _, q := range []string{"SET NAMES latin1", "SET time_zone='+01:00', sql_mode='ANSI'", "SET SESSION TRANSACTION READ ONLY",
		"SET group_concat_max_len=5000", "USE e", "SET optimizer_switch='mrr=on'"} {
		a.query(q)
	}
	const value = "\x00\x01\x08\x00\x01\x00\x00\x00\x00\x00\x00\x00"
	count := func(what string, want int64, do func()) {
		t.Helper()
		before := way.trips.Load()
		do()
		if got := way.trips.Load() - before; got != want {
			t.Errorf("%s: %d round trips, want %d", what, got, want)
		}
	}
	b.query("SELECT 1")
	count("everything differs", 2, func() { a.query("SELECT 1") })
	count("nothing differs", 1, func() { a.query("SELECT 1") })
	count("everything differs, the other way", 2, func() { b.query("SELECT 1") })
	count("execution that nothing is missing for", 1, func() { b.execute(idb, 0, value) })
	c := n.bare(t, wire.CapSessionTrack)
	count("a statement that is known", 0, func() { c.prepare("SELECT ? + 2") })
	c.query("SET time_zone='+02:00'")
	count("a new statement and another state", 1, func() { c.prepare("SELECT ? + 3") })
	count("execution after that", 1, func() { c.execute(2, 0, value) })
	count("prepared under other circumstances", 2, func() { a.execute(ida, 0, value) })
	count("USE and SET", 0, func() { a.query("USE d"); a.query("SET NAMES utf8mb4") })
	count("long data", 1, func() {
		a.query("SELECT 1")
		way.trips.Add(-2) // that brought the connection
		a.of(wire.ComStmtSendLongData, ida, append([]byte{0, 0}, make([]byte, 3000)...)...)
		a.execute(ida, 0, "\x00\x01\xfc\x00")
	})
}
