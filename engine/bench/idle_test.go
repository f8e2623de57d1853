package bench_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/bench"
	"github.com/keepsql/keepsql/engine/wire"
)

// openers is how many clients log in at a time.
const openers = 16

// crowd is a number of idle clients of one target.
type crowd []*wire.Conn

// gather opens n clients and tells how long that took.
func gather(t *testing.T, c target, n int) (crowd, time.Duration) {
	t.Helper()
	clients, errs := make(crowd, n), make([]error, openers)
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: c.port}
	acc := &wire.Account{User: "sb", Password: "sb", Database: "sb"}
	start := time.Now()
	var wg sync.WaitGroup
	for k := range openers {
		wg.Go(func() {
			for i := k; i < n && errs[k] == nil; i += openers {
				clients[i], errs[k] = logIn(addr, acc)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	t.Cleanup(clients.leave)
	for _, err := range errs {
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	return clients, took
}

func logIn(addr *net.TCPAddr, acc *wire.Account) (*wire.Conn, error) {
	nc, err := net.DialTCP("tcp", nil, addr)
	if err != nil {
		return nil, err
	}
	c := wire.NewConn(nc)
	if _, err := wire.Connect(c, acc); err != nil {
		c.Kill()
		return nil, err
	}
	c.Release()
	return c, nil
}

// ask lets every client run one statement, so that a proxy has no client that never did.
func (cr crowd) ask(t *testing.T) {
	t.Helper()
	for _, c := range cr {
		if err := c.WriteCommand(wire.ComQuery, "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		var a wire.Answer
		a.Reset(wire.ComQuery, 0)
		for done := false; !done; {
			chunk, err := c.ReadChunk()
			if err == nil {
				_, done, err = a.Feed(chunk)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		c.Release()
	}
}

// leave says goodbye for all of them; a second call does nothing.
func (cr crowd) leave() {
	for i, c := range cr {
		if c != nil {
			_ = c.WriteCommand(wire.ComQuit, "") // the proxy may be gone
			c.Kill()
			cr[i] = nil
		}
	}
}

// crowdRows are the rows about idle clients.
type crowdRows struct{ beside, opening, fresh, used, returned *bench.Row }

func (m *measurement) crowdRows() crowdRows {
	limit := func(n float64) bench.Goal { return bench.Goal{Limit: n, Kind: bench.AtMost} }
	return crowdRows{
		beside:   m.row(fmt.Sprintf("point select beside %d idle clients", m.clients), "× of without", limit(1.2)),
		opening:  m.row(fmt.Sprintf("open %d clients", m.clients), "s", limit(1)),
		fresh:    m.row("memory per idle client", "KB", limit(8)),
		used:     m.row("memory per idle client that ran a statement", "KB", limit(8)),
		returned: m.row("memory returned when they have left", "%", bench.Goal{Limit: 75, Kind: bench.Above}),
	}
}

// idle measures what idle clients cost, in memory and for the statements of others. Every target is started anew, because
// memory is the question. Only keepsql is measured in every repetition.
func (m *measurement) idle(t *testing.T, start []starter, rep int) {
	if !m.only.MatchString("idle") {
		return
	}
	rows := m.crowdRows()
	if rep > 0 || m.alone {
		start = start[len(start)-1:]
	}
	for _, s := range start {
		t.Run("idle", func(t *testing.T) { m.idleBeside(t, s(t, m.server.Port), rows) })
	}
}

func (m *measurement) idleBeside(t *testing.T, c target, rows crowdRows) {
	before, _ := m.measure(t, c, pointSelect)
	time.Sleep(m.settle)
	empty := memory(t, c.pid)
	clients, took := gather(t, c, m.clients)
	rows.opening.Add(c.name, took.Seconds())
	perClient := func() float64 {
		time.Sleep(m.settle)
		return float64(memory(t, c.pid)-empty) / 1024 / float64(m.clients)
	}
	rows.fresh.Add(c.name, perClient())
	clients.ask(t)
	most := perClient()
	rows.used.Add(c.name, most)
	with, _ := m.measure(t, c, pointSelect)
	clients.leave()
	rows.returned.Add(c.name, (1-perClient()/most)*100)
	after, _ := m.measure(t, c, pointSelect)
	rows.beside.Add(c.name, with/((before+after)/2))
}
