package hostgroup_test

import (
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	var clock clock
	f := managerWith(t, hostgroup.Options{Now: clock.now}, nil)
	f.table("mysql_hostgroup_attributes", map[string]string{"hostgroup_id": "1", "throttle_connections_per_sec": "2"})
	f.load(row{1, server.Port, 1, 10, ""}, row{2, server.Port, 1, 10, ""})
	var held []*hostgroup.Conn
	opened := make(chan *hostgroup.Conn, 5)
	for range cap(opened) {
		go func() { opened <- <-f.acquired(app(1)) }()
	}
	for second, want := range []int{2, 2, 1} {
		for range want {
			held = append(held, f.got("a connection of the second", opened))
		}
		select {
		case <-opened:
			t.Errorf("second %d: more than %d connections", second, want)
		case <-time.After(50 * time.Millisecond):
		}
		clock.pass(time.Second)
	}
	if n := f.Counters().Delayed; n < 3 {
		t.Errorf("%d of 3 connections were held back", n)
	}
	for _, c := range held {
		f.Release(c)
	}
	delayed := f.Counters().Delayed
	for range 5 { // free connections do not count
		f.Release(f.acquire(app(1)))
	}
	if f.Counters().Delayed != delayed {
		t.Error("free connections were held back")
	}
}

func TestWarming(t *testing.T) {
	t.Parallel()
	f := manager(t, map[string]string{"mysql-free_connections_pct": "30"})
	attributes := map[string]string{"hostgroup_id": "1", "connection_warming": "1", "free_connections_pct": "50"}
	f.table("mysql_hostgroup_attributes", attributes)
	f.load(row{1, server.Port, 1, 10, ""}, row{2, server.Port, 1, 10, ""})
	f.Release(f.acquire(app(1)))
	f.Release(f.acquire(app(2)))
	f.waitFor("free connections", func() bool { return f.status(1, server.Port).ConnFree == 5 })
	if n := f.status(2, server.Port).ConnFree; n != 1 {
		t.Errorf("%d free connections in the hostgroup that did not ask for more", n)
	}
	c := f.acquire(app(1))
	if c.Schema != "" || c.State != nil {
		t.Errorf("a connection opened in advance is not fresh: %+v", c)
	}
	f.Release(c)
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	f := manager(t, map[string]string{"mysql-connection_max_age_ms": "400"}, row{1, server.Port, 1, 10, ""})
	held, c := f.acquire(app(1)), f.acquire(app(1)) // the one that is held is the older
	f.Release(c)
	f.waitFor("an old free connection to be closed", func() bool { return f.status(1, server.Port).ConnFree == 0 })
	f.Release(held)
	if n := f.status(1, server.Port).ConnFree; n != 0 {
		t.Error("an old connection was taken back")
	}
}

// TestAttributes: what is JSON and yet not of the form that is wanted changes nothing.
func TestAttributes(t *testing.T) {
	t.Parallel()
	f := manager(t, nil)
	f.table("mysql_hostgroup_attributes",
		map[string]string{"hostgroup_id": "1", "ignore_session_variables": `["SQL_mode"]`, "hostgroup_settings": `{"handle_warnings":0,"monitor_slave_lag_when_null":7}`},
		map[string]string{"hostgroup_id": "2", "ignore_session_variables": `{"a":1}`, "hostgroup_settings": `[1]`, "init_connect": "DO 1", "multiplex": "0"},
		map[string]string{"hostgroup_id": "9"})
	f.load(row{1, server.Port, 1, 10, ""}, row{2, server.Port, 1, 10, ""}, row{3, server.Port, 1, 10, ""})
	for hg, want := range map[int]struct {
		ignores       int
		warnings, lag int
		init          string
		multiplex     bool
	}{1: {1, 0, 7, "", true}, 2: {0, -1, -1, "DO 1", false}, 3: {0, -1, -1, "", true}, 9: {0, -1, -1, "", true}} {
		if len(f.Ignores(hg)) != want.ignores || f.HandleWarnings(hg) != want.warnings || f.LagWhenNull(hg) != want.lag ||
			f.InitConnect(hg) != want.init || f.Multiplex(hg) != want.multiplex {
			t.Errorf("hostgroup %d: %v %d %d %q %v", hg, f.Ignores(hg), f.HandleWarnings(hg), f.LagWhenNull(hg), f.InitConnect(hg), f.Multiplex(hg))
		}
	}
	if f.Ignores(1)[0] != "sql_mode" {
		t.Error(f.Ignores(1))
	}
}
