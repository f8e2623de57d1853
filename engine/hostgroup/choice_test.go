package hostgroup_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
)

func (f *fixture) status(hg, port int) hostgroup.ServerStatus {
	for _, s := range f.Servers(false) {
		if s.Hostgroup == hg && s.Port == port {
			return s
		}
	}
	return hostgroup.ServerStatus{}
}

func TestLatencyLimit(t *testing.T) {
	t.Parallel()
	f := manager(t, map[string]string{"mysql-default_max_latency_ms": "50"}, row{1, server.Port, 1, 10, ""})
	f.SetLatency("127.0.0.1", server.Port, 40*time.Millisecond)
	f.Release(f.acquire(app(1)))
	if s := f.status(1, server.Port); s.LatencyMicros != 40_000 {
		t.Errorf("latency shown: %d", s.LatencyMicros)
	}
	f.SetLatency("127.0.0.1", server.Port, 60*time.Millisecond)
	if e := f.impatient(app(1)); !strings.Contains(e.Message, "(servers: 1, above max_latency_ms 1)") {
		t.Errorf("too slow: %v", e)
	}
}

func TestLatencyAwareness(t *testing.T) {
	t.Parallel()
	f := manager(t, map[string]string{"mysql-min_num_servers_lantency_awareness": "2"}, row{1, server.Port, 1, 10, ""}, row{1, nobody, 1000, 10, ""})
	f.SetLatency("127.0.0.1", server.Port, time.Millisecond)
	f.SetLatency("127.0.0.1", nobody, 20*time.Millisecond)
	for range 20 {
		f.Release(f.acquire(app(1)))
	}
	if s := f.status(1, nobody); s.ConnErr != 0 || f.Counters().LatencyAware == 0 {
		t.Errorf("the slower server was used: %+v", s)
	}
}

func TestWeightsAreShares(t *testing.T) {
	t.Parallel()
	f := manager(t, nil, row{1, server.Port, 3, 100, ""}, row{1, nobody, 1, 100, ""})
	f.Missing("127.0.0.1", nobody, "not there") // with its weight out of the draw, all go to the other one
	for range 10 {
		f.Release(f.acquire(app(1)))
	}
	if s := f.status(1, nobody); s.ConnErr != 0 || s.Status != hostgroup.Shunned {
		t.Errorf("a server without heartbeats was used: %+v", s)
	}
	f.Back("127.0.0.1", nobody)
	for range 40 { // a share of a quarter is missed by 40 draws once in 100 000
		f.Release(f.acquire(app(1)))
	}
	if s := f.status(1, nobody); s.ConnErr == 0 {
		t.Errorf("a server with a quarter of the weight was never tried: %+v", s)
	}
}

// A spare writer is shunned in its hostgroup only, from the moment it comes into it, and what it is doing goes on.
func TestSpare(t *testing.T) {
	t.Parallel()
	f := manager(t, nil, row{1, server.Port, 1, 10, ""}, row{2, server.Port, 1, 10, ""})
	key := hostgroup.Key{Hostgroup: 1, Host: "127.0.0.1", Port: server.Port}
	later := hostgroup.Key{Hostgroup: 1, Host: "127.0.0.1", Port: nobody}
	held := f.acquire(app(1))
	f.SetSpare([]hostgroup.Key{key, later})
	if s := f.status(1, server.Port); s.Status != hostgroup.Shunned || !held.Usable() || !f.Shunned(key) {
		t.Errorf("%v, its connection in use: %v", s.Status, held.Usable())
	}
	f.Release(held)
	if e := f.impatient(app(1)); !strings.Contains(e.Message, "(servers: 1, backup writers 1)") {
		t.Errorf("refusal: %v", e)
	}
	f.Release(f.acquire(app(2)))
	f.load(row{1, server.Port, 1, 10, ""}, row{2, server.Port, 1, 10, ""}, row{1, nobody, 1, 10, ""})
	if !f.Shunned(later) || f.status(1, nobody).Status != hostgroup.Shunned {
		t.Error("a spare that comes later is used")
	}
	f.SetSpare([]hostgroup.Key{later})
	f.Release(f.acquire(app(1)))
	f.SetSpare(nil)
	if f.Shunned(later) {
		t.Error("a spare stays shunned")
	}
}

func TestReplicationLag(t *testing.T) {
	t.Parallel()
	f := manager(t, nil, row{1, server.Port, 1, 10, ""}, row{2, server.Port, 1, 10, ""})
	key := hostgroup.Key{Hostgroup: 1, Host: "127.0.0.1", Port: server.Port}
	held := f.acquire(app(1))
	if !f.SetLag(key, 72*time.Second, true) || f.SetLag(key, 73*time.Second, true) || !f.Shunned(key) {
		t.Error("the first late check changes the state, the next one does not")
	}
	if s := f.status(1, server.Port); s.Status.String() != "SHUNNED_REPLICATION_LAG" {
		t.Errorf("status: %v", s.Status)
	}
	if !held.Usable() {
		t.Error("a connection in use is lost")
	}
	f.Release(held)
	if e := f.impatient(app(1)); !strings.Contains(e.Message, "(servers: 1, late 1 (replication lag 73 s))") {
		t.Errorf("late: %v", e)
	}
	f.Release(f.acquire(app(2))) // another hostgroup, another limit
	f.SetLag(key, 0, false)
	f.Release(f.acquire(app(1)))
	if f.SetLag(hostgroup.Key{Hostgroup: 9}, 0, true) {
		t.Error("a server that is not there was shunned")
	}
}

// Whoever waits on a server without heartbeats hears of it, free connections are closed, and new ones wait until it is back.
func TestMissingHeartbeats(t *testing.T) {
	t.Parallel()
	f := manager(t, nil, row{1, server.Port, 1, 10, ""}, row{2, server.Port, 1, 10, ""})
	held, free := f.acquire(app(1)), f.acquire(app(2))
	f.Release(free)
	f.Missing("127.0.0.1", server.Port, "missed 3 heartbeats")
	if held.Usable() || held.Cut() != "missed 3 heartbeats" || held.Draining() {
		t.Errorf("held: %v %q", held.Usable(), held.Cut())
	}
	if s := f.status(2, server.Port); s.ConnFree != 0 || s.Status != hostgroup.Shunned {
		t.Errorf("free connections stay: %+v", s)
	}
	f.Release(held) // as if nothing were the matter
	if s := f.status(1, server.Port); s.ConnFree != 0 || s.ConnUsed != 0 {
		t.Errorf("a connection that was cut is in the pool: %+v", s)
	}
	done := make(chan error, 1)
	go func() {
		c, err := f.Acquire(context.Background(), app(1))
		if err == nil {
			f.Release(c)
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("a server without heartbeats was used: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	f.Back("127.0.0.1", server.Port)
	if err := <-done; err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

func TestUnshunsEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		algorithm string
		want      hostgroup.Status
	}{{"0", hostgroup.Shunned}, {"1", hostgroup.Online}} {
		var clock clock
		f := managerWith(t, hostgroup.Options{Now: clock.now}, map[string]string{"mysql-unshun_algorithm": c.algorithm,
			"mysql-connect_retries_on_failure": "0", "mysql-shun_recovery_time_sec": "1"}, row{1, nobody, 1, 10, ""}, row{2, nobody, 1, 10, ""})
		f.refusal(app(1))
		clock.pass(600 * time.Millisecond)
		f.refusal(app(2))
		if a, b := f.status(1, nobody).Status, f.status(2, nobody).Status; a != hostgroup.Shunned || b != hostgroup.Shunned {
			t.Fatalf("not shunned: %v, %v", a, b)
		}
		clock.pass(600 * time.Millisecond) // not long enough for the second
		f.waitFor("the first to recover", func() bool { return f.status(1, nobody).Status == hostgroup.Online })
		time.Sleep(100 * time.Millisecond) // servers are looked at one after the other
		f.waitFor("the second to be "+c.want.String(), func() bool { return f.status(2, nobody).Status == c.want })
	}
}

func TestMaxOnlineServers(t *testing.T) {
	t.Parallel()
	f := manager(t, nil)
	f.table("mysql_hostgroup_attributes", map[string]string{"hostgroup_id": "1", "max_num_online_servers": "1"})
	f.load(row{1, server.Port, 1, 10, ""})
	f.Release(f.acquire(app(1)))
	f.load(row{1, server.Port, 1, 10, ""}, row{1, nobody, 1, 10, ""})
	if e := f.impatient(app(1)); !strings.Contains(e.Message, "(servers: 2, more ONLINE than max_num_online_servers 1)") {
		t.Errorf("too many: %v", e)
	}
}
