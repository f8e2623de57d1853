package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/proxy"
	"github.com/keepsql/keepsql/engine/wire"
)

// raw is a client that hides nothing: no pool, no second try.
func (n *node) raw(address string) *wire.Client {
	n.t.Helper()
	network := "tcp"
	if address == n.socket {
		network = "unix"
	}
	c, err := wire.Open(n.t.Context(), network, address, &wire.Account{User: "app", Password: "app_pass", Database: "d", Charset: wire.CharsetUTF8MB4}, patience)
	if err != nil {
		n.t.Fatal(err)
	}
	c.Timeout = patience
	n.t.Cleanup(func() { c.Quit() })
	return c
}

// says runs a statement and gives the first value, or the error's number.
func says(t *testing.T, c *wire.Client, sql string) any {
	t.Helper()
	r, err := c.Query(context.Background(), sql)
	var e *wire.Error
	switch {
	case errors.As(err, &e):
		return int(e.Code)
	case err != nil:
		return err.Error()
	case len(r.Rows) == 0:
		return "ok"
	}
	return r.Rows[0][0].Text
}

func expect(t *testing.T, c *wire.Client, sql string, want any) {
	t.Helper()
	if d := cmp.Diff(want, says(t, c, sql)); d != "" {
		t.Errorf("%s: %s", sql, d)
	}
}

func (n *node) load(want proxy.Load) {
	n.t.Helper()
	waitFor(n.t, fmt.Sprintf("the load to be %+v", want), func() bool { return n.proxy.Load(nil) == want })
}

// TestDrain: what is idle ends with error 1053, what is at work comes to its end, nobody new is let in.
func TestDrain(t *testing.T) {
	n, busy := start(t, "", ""), newGate(t, writer)
	tcp := n.tcp()
	idle, temporary, trx, locks, running := n.raw(tcp), n.raw(tcp), n.raw(tcp), n.raw(tcp), n.raw(tcp)
	expect(t, idle, "SELECT 1", "1")
	expect(t, temporary, "CREATE TEMPORARY TABLE tmp (a INT)", "ok")
	expect(t, trx, "BEGIN", "ok")
	expect(t, trx, "INSERT INTO t (v) VALUES ('drained')", "ok")
	expect(t, locks, "SELECT GET_LOCK('drain', 1)", "1")
	slept := make(chan any, 1)
	go func() { slept <- says(t, running, busy.query()) }()
	n.load(proxy.Load{Sessions: 5, InTransaction: 2, Running: 1})
	local := n.raw(n.socket) // over a unix socket a client that writes after the end may not see what it was told
	expect(t, local, "SELECT 1", "1")
	if got := n.proxy.Load(func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.1") }); got.Sessions != 5 {
		t.Errorf("by TCP: %+v", got)
	}

	n.proxy.Drain()
	if ok, why := n.proxy.Health(); ok || why != "draining" {
		t.Errorf("health: %v %s", ok, why)
	}
	if c, err := net.DialTimeout("tcp", tcp, time.Second); err == nil {
		c.Close()
		t.Error("a new client was let in")
	}
	expect(t, idle, "SELECT 1", 1053)
	expect(t, temporary, "SELECT 1", 1053)
	n.load(proxy.Load{Sessions: 3, InTransaction: 2, Running: 1})
	busy.open()
	expect(t, trx, "UPDATE t SET v = 'kept' WHERE v = 'drained'", "ok")
	expect(t, trx, "COMMIT", "ok")
	expect(t, trx, "SELECT 1", 1053)
	expect(t, locks, "SELECT RELEASE_ALL_LOCKS()", "1")
	expect(t, locks, "SELECT 1", 1053)
	if got := <-slept; got != "0" {
		t.Errorf("the statement that ran: %v", got)
	}
	expect(t, running, "SELECT 1", 1053)
	n.load(proxy.Load{})

	n.proxy.Undrain()
	again := n.raw(n.tcp())
	expect(t, again, "SELECT COUNT(*) FROM t WHERE v = 'kept'", "1")
	expect(t, again, "DELETE FROM t WHERE v = 'kept'", "ok")
}

// TestEndSessions: at the end of its time a transaction is rolled back and its client told why.
func TestEndSessions(t *testing.T) {
	n := start(t, "", "")
	trx, running := n.raw(n.tcp()), n.raw(n.tcp())
	expect(t, trx, "BEGIN", "ok")
	expect(t, trx, "INSERT INTO t (v) VALUES ('cut')", "ok")
	slept := make(chan any, 1)
	go func() { slept <- says(t, running, "SELECT SLEEP(300)") }()
	n.load(proxy.Load{Sessions: 2, InTransaction: 1, Running: 1})
	n.proxy.Drain()
	if got := n.proxy.EndSessions(); got != 2 {
		t.Errorf("%d sessions were ended", got)
	}
	expect(t, trx, "COMMIT", 1053)
	if got := <-slept; got != 1053 {
		t.Errorf("the statement that ran: %v", got)
	}
	n.load(proxy.Load{})
	n.proxy.Undrain()
	expect(t, n.raw(n.tcp()), "SELECT COUNT(*) FROM t WHERE v = 'cut'", "0")
}

// TestDrainOfBusyClients: a client that never rests is told at the end of a statement.
func TestDrainOfBusyClients(t *testing.T) {
	n := start(t, "", "")
	outcome := make(chan any, 8)
	for range cap(outcome) {
		c := n.raw(n.tcp())
		go func() {
			for {
				if got := says(t, c, "SELECT 1"); got != "1" {
					outcome <- got
					return
				}
			}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	n.proxy.Drain()
	for range cap(outcome) {
		if got := <-outcome; got != 1053 {
			t.Errorf("a busy client saw %v", got)
		}
	}
	n.load(proxy.Load{})
}

// TestProbe: the proxy sees itself as a client would, and does not count that as one.
func TestProbe(t *testing.T) {
	n := start(t, "", "")
	before := n.table("stats_mysql_global")
	probe := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return n.proxy.Probe(ctx)
	}
	for range 5 {
		if err := probe(); err != nil {
			t.Fatal(err)
		}
	}
	after := map[string]string{}
	for _, row := range n.table("stats_mysql_global") {
		after[row["Variable_Name"]] = row["Variable_Value"]
	}
	for _, row := range before {
		name := row["Variable_Name"]
		if (name == "Client_Connections_created" || name == "Client_Connections_aborted") && after[name] != row["Variable_Value"] {
			t.Errorf("%s went from %s to %s", name, row["Variable_Value"], after[name])
		}
	}
	n.proxy.Pause()
	if err := probe(); err == nil || err.Error() != "paused" {
		t.Errorf("paused: %v", err)
	}
}
