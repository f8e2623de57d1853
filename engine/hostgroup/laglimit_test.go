package hostgroup_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
)

func limited(limit time.Duration) *hostgroup.Request {
	r := app(1)
	r.LagLimit = limit
	return r
}

// TestLagLimit: a request with a limit gets no server that is known to be further behind, and waits for one to catch up.
func TestLagLimit(t *testing.T) {
	t.Parallel()
	f := manager(t, map[string]string{"mysql-connect_timeout_server_max": "300"}, row{1, server.Port, 1, 10, ""})
	key := hostgroup.Key{Hostgroup: 1, Host: "127.0.0.1", Port: server.Port}
	f.Release(f.acquire(limited(1))) // nothing is known of its lag
	f.SetBehind(key, 150*time.Millisecond, true)
	if e := f.refusal(limited(100 * time.Millisecond)); e.Code != 9001 || !strings.Contains(e.Message, "(servers: 1, above max_lag_ms=100 1)") {
		t.Errorf("too late: %v", e)
	}
	f.Release(f.acquire(app(1)))
	f.Release(f.acquire(limited(150 * time.Millisecond)))

	f = manager(t, nil, row{1, server.Port, 1, 1, ""})
	f.SetBehind(key, 150*time.Millisecond, true)
	got := f.acquired(limited(100 * time.Millisecond))
	f.waits("a limit that is not kept", got)
	held := f.acquire(app(1)) // who waits for replication holds nobody up
	f.SetBehind(key, 99*time.Millisecond, true)
	f.waits("no place", got)
	f.Release(held)
	c := f.got("a limit that is kept, and a place", got)
	if !c.Meets(nil, 99*time.Millisecond) || c.Meets(nil, 98*time.Millisecond) || !c.Meets(nil, 0) {
		t.Error("the connection does not know what its server keeps")
	}
	f.Release(c)
	if n := f.Counters(); n.LagLimited != 1 || n.LagLimitedLate != 1 || n.LagLimitedWait < 20_000 || n.LagSkipped == 0 {
		t.Errorf("counters: %+v", n)
	}
}

// TestLagLimitLeavesReplicas: with enough replicas within its limit a request does without servers that are none.
func TestLagLimitLeavesReplicas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		least   string
		nobodys int64 // connect errors of the server that is no replica: there is nobody
	}{{"1", 0}, {"2", 1}, {"0", 1}} {
		f := manager(t, map[string]string{"mysql-aurora_max_lag_ms_only_read_from_replicas": c.least},
			row{1, server.Port, 1, 10, ""}, row{1, nobody, 1000, 10, ""})
		f.SetBehind(hostgroup.Key{Hostgroup: 1, Host: "127.0.0.1", Port: server.Port}, time.Millisecond, true)
		for range 20 {
			f.Release(f.acquire(limited(time.Second)))
		}
		if s := f.status(1, nobody); min(s.ConnErr, 1) != c.nobodys {
			t.Errorf("from %s replicas on: %+v", c.least, s)
		}
	}
}
