package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDatabases checks the replication and the accounts of the lab.
func TestDatabases(t *testing.T) {
	n := newNetwork(t, "db1", "db2", "db3", "client")
	dbs := startDatabases(t, n)
	dbs[0].Exec(t, "INSERT INTO lab.t (v) VALUES (7)")
	dbs.caughtUp(t)
	for i, db := range dbs {
		if d := cmp.Diff([][]string{{"7"}}, db.Query(t, "SELECT v FROM lab.t")); d != "" {
			t.Errorf("db%d: %s", i+1, d)
		}
	}
	_, err := n.mysql("client", "INSERT INTO lab.t (v) VALUES (8)", "-uapp", "-papp_pass", "-h10.99.0.12")
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("write to a replica: %v", err)
	}

	p := startProbe(t, n, "10.99.0.11:3306")
	p.settled(t, "client", patience) // the database sees the client itself
	const pause = 400 * time.Millisecond
	var o outage
	for range 5 { // a busy host makes more of a pause; the best of some tries counts
		frozen := time.Now()
		dbs[0].Freeze()
		time.Sleep(pause)
		dbs[0].Thaw()
		p.settled(t, "client", patience)
		o = outageOf("", frozen, "client", p.since(frozen.Add(-500*time.Millisecond)))
		// Probes sent during the last probeLimit of the pause are answered after it.
		if o.longest >= pause-probeLimit-50*time.Millisecond && o.longest <= 2*pause && o.lost > 0 {
			return
		}
	}
	t.Errorf("a pause of %v was seen as %+v", pause, o)
}

func TestOutageOf(t *testing.T) {
	at := time.Unix(100, 0)
	probe := func(ms int, host string) answer {
		return answer{sent: at.Add(time.Duration(ms) * time.Millisecond), from: addresses[host]}
	}
	got := outageOf("x", at, "node2", []answer{
		probe(-10, "node1"), probe(-5, "node1"), probe(0, ""), probe(5, ""), probe(10, "node2"), probe(15, "node2"),
	})
	want := outage{event: "x", longest: 15 * time.Millisecond, switched: 10 * time.Millisecond, lost: 2, total: 6, errors: map[string]int{"": 2}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(outage{})); d != "" {
		t.Error(d)
	}
}
