package hostgroup_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
)

// nobody is a port nobody listens on: that of tcpmux.
const nobody = 1

func TestPrefersWhatFits(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 1, 10, ""})
	a, b := f.acquire(app(1)), f.acquire(app(1))
	a.Schema, a.StateHash, a.State = "x", 7, "state"
	b.Schema = "y"
	f.Release(a)
	f.Release(b) // used last, so the first choice where nothing else decides
	want := app(1)
	want.Schema, want.StateHash = "x", 7
	if c := f.acquire(want); c != a || c.State != "state" {
		t.Error("the connection in the wanted state was not chosen")
	}
	if c := f.acquire(app(1)); c != b {
		t.Error("the other one was not chosen next")
	}
	f.Release(a)
	other := app(1)
	other.Capabilities = 1 << 24
	c := f.acquire(other)
	if c == a {
		t.Error("a connection with other capabilities was given out")
	}
	f.Release(c)
	f.Release(b)
	if s := f.Servers(false)[0]; s.ConnFree != 3 || s.ConnUsed != 0 || s.ConnOK != 3 || s.MaxConnUsed != 2 {
		t.Errorf("counts: %+v", s)
	}
	fresh := app(1)
	fresh.Fresh = true
	c = f.acquire(fresh)
	if f.Servers(false)[0].ConnOK != 4 {
		t.Error("a fresh connection was not fresh")
	}
	f.Discard(c)
}

func TestMakesRoom(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 1, 2, ""})
	a, b := f.acquire(app(1)), f.acquire(app(1))
	if e := f.impatient(app(1)); e.Code != 9001 || !strings.Contains(e.Message, "(servers: 1, at max_connections 1 (2/2))") {
		t.Errorf("full: %v", e)
	}
	f.Release(a)
	f.Release(b)
	other := &hostgroup.Request{Hostgroup: 1, Login: hostgroup.Login{User: "other", Password: "other"}, Charset: 45}
	c := f.acquire(other) // takes the place of a free one
	if s := f.Servers(false)[0]; s.ConnUsed != 1 || s.ConnFree != 1 {
		t.Errorf("counts: %+v", s)
	}
	f.Release(c)
}

func TestWeights(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 3, 100, ""}, row{1, nobody, 0, 100, ""})
	seen := map[string]int{}
	for range 20 {
		c := f.acquire(app(1))
		seen[c.Server().String()]++
		f.Release(c)
	}
	if len(seen) != 1 {
		t.Errorf("a server with weight 0 was used: %v", seen)
	}
}

func TestShunsAndRecovers(t *testing.T) {
	var clock clock
	f := managerWith(t, hostgroup.Options{Now: clock.now}, map[string]string{"mysql-shun_recovery_time_sec": "1", "mysql-connect_retries_on_failure": "3"},
		row{1, nobody, 1, 100, ""}, row{1, server.Port, 1, 100, ""})
	// whoever draws the dead server gets the other one in the end
	burst := func() {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				c, err := f.Acquire(context.Background(), app(1))
				if err == nil {
					f.Release(c)
				}
			})
		}
		wg.Wait()
	}
	dead := func() hostgroup.ServerStatus {
		for _, s := range f.Servers(false) {
			if s.Port == nobody {
				return s
			}
		}
		return hostgroup.ServerStatus{}
	}
	f.waitFor("connect errors to shun it", func() bool {
		burst()
		return dead().Status == hostgroup.Shunned && dead().ConnErr > 0
	})
	errs := dead().ConnErr
	for range 50 {
		f.Release(f.acquire(app(1)))
	}
	if dead().ConnErr != errs {
		t.Error("a shunned server was tried")
	}
	clock.pass(time.Second)
	f.waitFor("recovery without traffic", func() bool { return dead().Status == hostgroup.Online })
}

func TestRefusals(t *testing.T) {
	f := manager(t, map[string]string{"mysql-connect_retries_on_failure": "0"}, // so that one error is enough to be shunned
		row{1, nobody, 1, 100, ""}, row{2, server.Port, 1, 100, "OFFLINE_SOFT"}, row{3, server.Port, 0, 100, ""}, row{4, server.Port, 1, 100, ""})
	refused := regexp.MustCompile(`Max connect failure while reaching hostgroup 1 \(servers: 1, shunned 1 \(connection refused, [0-9]+ s ago\), ` +
		`last error from 127.0.0.1:1: connection refused\)`)
	if e := f.refusal(app(1)); e.Code != 9002 && e.Code != 9001 || e.State != "HY000" || !refused.MatchString(e.Message) {
		t.Errorf("nobody listens: %v", e)
	}
	for hg, want := range map[int]string{
		2: "(servers: 1, OFFLINE_SOFT 1)",
		3: "(servers: 1, with weight 0 1)",
		9: "(the hostgroup has no servers)",
	} {
		e := f.impatient(app(hg))
		if e.Code != 9001 || e.State != "HY000" || !strings.Contains(e.Message, want) {
			t.Errorf("hostgroup %d: %v", hg, e)
		}
	}
	f.set("connect_retries_on_failure", 2)
	wrong := app(4)
	wrong.Login.Password = "wrong"
	if e := f.refusal(wrong); e.Code != 1045 {
		t.Errorf("wrong password: %v", e)
	}
	if s := f.Servers(false); s[3].ConnErr != 1 || s[3].Status != hostgroup.Online {
		t.Errorf("a wrong password was tried again or held against the server: %+v", s[3])
	}
	f.set("connect_timeout_server_max", 60000)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := f.Acquire(ctx, app(2)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled wait: %v", err)
	}
}

func TestReloadKeepsPools(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 1, 100, ""})
	held := f.acquire(app(1))
	free := f.acquire(app(1))
	f.Release(free)
	f.load(row{1, server.Port, 5, 50, ""}, row{2, server.Port, 1, 100, ""})
	if s := f.Servers(false)[0]; s.ConnUsed != 1 || s.ConnFree != 1 || s.MaxConnections != 50 {
		t.Errorf("after a reload: %+v", s)
	}
	f.load(row{2, server.Port, 1, 100, ""})
	if s := f.Servers(false)[0]; s.Status != hostgroup.OfflineHard || s.ConnFree != 0 || s.ConnUsed != 1 {
		t.Errorf("removed and still in use: %+v", s)
	}
	if held.Usable() {
		t.Error("a connection to a removed server counts as usable")
	}
	f.Release(held)
	f.waitFor("a removed server to be forgotten", func() bool { return len(f.Servers(false)) == 1 })
}

func TestTrimsAndPings(t *testing.T) {
	f := manager(t, map[string]string{"mysql-ping_interval_server_msec": "1000", "mysql-ping_timeout_server": "20000"}, row{1, server.Port, 1, 20, ""})
	var conns []*hostgroup.Conn
	for range 10 {
		conns = append(conns, f.acquire(app(1)))
	}
	for _, c := range conns {
		f.Release(c)
	}
	if s := f.Servers(false)[0]; s.ConnFree != 10 {
		t.Errorf("free: %+v", s)
	}
	f.waitFor("surplus connections to be closed", func() bool { // those that are being pinged are not free for a moment
		return f.Servers(false)[0].ConnFree == 2 && len(server.Query(t, "SELECT id FROM information_schema.processlist WHERE user='app'")) == 2
	})
	// the server closes one of them behind our back: the ping finds out
	var free []hostgroup.FreeConn
	f.waitFor("a connection that is not being pinged", func() bool { free = f.Free(); return len(free) > 0 })
	server.Exec(t, fmt.Sprint("KILL ", free[0].ThreadID))
	f.waitFor("a dead connection to be found", func() bool { return f.Servers(false)[0].ConnFree == 1 })
	c := f.acquire(app(1))
	f.Release(c)
}

func TestStaleConnectionsAreNotGivenOut(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 1, 20, ""})
	a, b := f.acquire(app(1)), f.acquire(app(1))
	f.Release(a)
	f.Release(b)
	for _, c := range []*hostgroup.Conn{a, b} {
		server.Exec(t, fmt.Sprint("KILL ", c.ThreadID()))
	}
	f.waitFor("the server to close them", func() bool { return !a.Quiet() && !b.Quiet() })
	time.Sleep(20 * time.Millisecond) // one that was used just now is believed without a look
	c := f.acquire(app(1))
	if c == a || c == b || !c.Quiet() {
		t.Error("a connection that the server has closed was given out")
	}
	f.Release(c)
}

func TestRecycle(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 1, 20, ""})
	c := f.acquire(app(1))
	c.Schema, c.State = "d", "dirty"
	if err := c.WriteCommand(3, "CREATE TEMPORARY TABLE d.tmp (a INT)"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadPacket(); err != nil {
		t.Fatal(err)
	}
	f.Recycle(context.Background(), c)
	again := f.acquire(app(1))
	if again != c || again.State != nil || again.Schema != "" {
		t.Errorf("recycled connection: %+v", again)
	}
	if err := again.WriteCommand(3, "SELECT * FROM d.tmp"); err != nil {
		t.Fatal(err)
	}
	if p, err := again.ReadPacket(); err != nil || p[0] != 0xff {
		t.Errorf("temporary table survived: %q, %v", p, err)
	}
	f.Release(again)
}

func TestKill(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 1, 20, ""})
	c := f.acquire(app(1))
	if err := c.WriteCommand(3, "DO SLEEP(300)"); err != nil {
		t.Fatal(err)
	}
	f.waitFor("the statement", func() bool {
		return len(server.Query(t, "SELECT id FROM information_schema.processlist WHERE info='DO SLEEP(300)'")) == 1
	})
	if !f.Kill(c, true) {
		t.Fatal("too many kills")
	}
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.ReadPacket(); err != nil {
		t.Errorf("KILL QUERY: %v", err)
	}
	f.Discard(c)
	f.waitFor("the kill to be counted", func() bool { return f.Counters().KilledQueries == 1 })
}

func TestAcquireDoesNotAllocate(t *testing.T) {
	f := manager(t, nil, row{1, server.Port, 1, 20, ""})
	r := app(1)
	f.Release(f.acquire(r))
	n := math.Inf(1)
	for try := 0; try < 5 && n > 0; try++ { // housekeeping runs beside
		n = min(n, testing.AllocsPerRun(1000, func() { f.Release(f.acquire(r)) }))
	}
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
