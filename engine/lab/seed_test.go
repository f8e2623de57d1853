package lab_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/internal/binary"
)

// modules are those of the seed's configuration that are synced.
var modules = []string{"mysql_users", "mysql_servers", "mysql_servers_v2", "mysql_query_rules", "proxysql_servers"}

// TestSeed runs the set-up that keepsql exists for with its configuration files word for word, edits one of them, and lets
// hosts die while a client works through the virtual IP.
func TestSeed(t *testing.T) {
	n := newNetwork(t, "node1", "node2", "db1", "db2", "db3", "client")
	program := binary.Path(t)
	dbs := startDatabases(t, n)
	node1 := newNode(t, n, "node1", program, seed(t, "node1.cnf"))
	node2 := newNode(t, n, "node2", program, seed(t, "node2.cnf"))
	node1.start(t)
	node2.start(t)
	s := &scenario{network: n, node1: node1, node2: node2, dbs: dbs}
	within(t, patience, "node1 takes the virtual IP", func() error { return s.owner("node1") })

	t.Run("split", s.split)
	t.Run("reload", s.reload)
	t.Run("failover", s.failover)
}

// scenario is the seed set-up at work.
type scenario struct {
	*network
	node1, node2 *node
	dbs          databases
	probe        *probe
	outages      []outage
}

// owner tells whether one host alone has the virtual IP.
func (s *scenario) owner(host string) error {
	for _, n := range []*node{s.node1, s.node2} {
		if has := s.hasVIP(n.host); has != (n.host == host) {
			return fmt.Errorf("%s has the virtual IP: %v", n.host, has)
		}
	}
	return nil
}

// split checks that writes and locking reads go to the primary, and reads to the replicas.
func (s *scenario) split(t *testing.T) {
	s.app(t, "INSERT INTO lab.t (v) VALUES (41)")
	s.app(t, "BEGIN; UPDATE lab.t SET v = v + 1; COMMIT")
	s.dbs.caughtUp(t)
	readers := map[string]bool{}
	for range 30 {
		readers[s.app(t, "SELECT @@server_id, v FROM lab.t")] = true
	}
	if d := cmp.Diff(map[string]bool{"12\t42": true, "13\t42": true}, readers); d != "" {
		t.Errorf("readers: %s", d)
	}
	if d := cmp.Diff("11\t42", s.app(t, "SELECT @@server_id, v FROM lab.t FOR UPDATE")); d != "" {
		t.Errorf("locking read: %s", d)
	}
	if d := cmp.Diff("11\t42", s.app(t, "BEGIN; SELECT @@server_id, v FROM lab.t FOR UPDATE; COMMIT")); d != "" {
		t.Errorf("transaction: %s", d)
	}
	if _, err := s.tryApp("SELECT nope FROM lab.t"); err == nil || !strings.Contains(err.Error(), "ERROR 1054 (42S22)") {
		t.Errorf("an error of the server arrives as %v", err)
	}
}

// reload edits node1's file: the edit reaches node2, a broken one changes nothing.
func (s *scenario) reload(t *testing.T) {
	s.node2.sameContent(t, s.node1, modules...)
	before := s.node1.checksums(t, modules...)
	const rule1 = "\t{ rule_id=1,"
	const rule9 = "\t{ rule_id=9, active=1, match_digest=\"^SHOW\", destination_hostgroup=20, apply=1 },\n"
	good := strings.Replace(seed(t, "node1.cnf"), rule1, rule9+rule1, 1)
	saved := time.Now()
	s.node1.configure(t, good)
	defer s.node1.configure(t, good)
	within(t, patience, "the edit takes effect on node1", func() error {
		if now := s.node1.checksums(t, modules...); now["mysql_query_rules"].version == before["mysql_query_rules"].version {
			return fmt.Errorf("rules are at %+v", now["mysql_query_rules"])
		}
		return nil
	})
	t.Logf("edit of the config file in force after %v", time.Since(saved).Round(time.Millisecond))
	s.node2.sameAs(t, s.node1, patience, "mysql_query_rules")
	t.Logf("and on the peer after %v", time.Since(saved).Round(time.Millisecond))
	const q = "SELECT rule_id, match_digest, destination_hostgroup FROM runtime_mysql_query_rules WHERE rule_id = 9"
	if d := cmp.Diff("9\t^SHOW\t20", s.node2.admin(t, q)); d != "" {
		t.Errorf("rule on node2: %s", d)
	}
	edited := s.node1.checksums(t, modules...)
	want := map[string]checksum{}
	for m, c := range before {
		want[m] = c
	}
	want["mysql_query_rules"] = edited["mysql_query_rules"]
	if d := cmp.Diff(want, edited, cmp.AllowUnexported(checksum{})); d != "" {
		t.Errorf("modules that were not edited: %s", d)
	}

	s.node1.configure(t, strings.Replace(good, `username="app"`, `username "app"`, 1))
	line := 1 + strings.Count(good[:strings.Index(good, "mysql_users:")], "\n")
	s.node1.logged(t, patience, fmt.Sprintf("keepsql.cnf:%d:", line))
	if d := cmp.Diff(edited, s.node1.checksums(t, modules...), cmp.AllowUnexported(checksum{})); d != "" {
		t.Errorf("after a broken edit: %s", d)
	}
	if got := s.app(t, "SELECT 1"); got != "1" {
		t.Errorf("after a broken edit: %q", got)
	}
	s.node1.configure(t, good)
	if err := s.owner("node1"); err != nil {
		t.Errorf("reloads moved the virtual IP: %v", err)
	}
}

// sameContent waits until modules have the same checksums on both nodes.
func (n *node) sameContent(t *testing.T, other *node, modules ...string) {
	t.Helper()
	for _, m := range modules {
		n.sameChecksum(t, other, patience, m)
	}
}

// failover lets parts of node1 die.
func (s *scenario) failover(t *testing.T) {
	s.probe = startProbe(t, s.network, vip+":6033")
	s.probe.settled(t, "node1", patience)

	s.event(t, "kill -9 of the engine on node1", "node2", func() { s.kill(t, "proxysql") })
	s.back(t, "the engine is back: node1 preempts")

	s.event(t, "kill -9 of the guardian on node1", "node2", func() { s.kill(t, "keepsql") })
	within(t, patience, "the children of the dead guardian end", func() error {
		if all := s.node1.processes(); len(all) > 0 {
			return fmt.Errorf("still there: %v", all)
		}
		return nil
	})
	s.restart(t)

	s.event(t, "kill -9 of everything on node1", "node2", func() {
		s.node1.kill9(t)
		killed, seen := time.Now(), time.Duration(0)
		within(t, patience, "the virtual IP leaves node1", func() error {
			now := time.Since(killed)
			if s.hasVIP("node1") {
				seen = now
				return fmt.Errorf("still there")
			}
			return nil
		})
		t.Logf("kill -9 of everything: the virtual IP was on node1 for %v", seen.Round(time.Millisecond))
		if seen > 3*time.Second+100*time.Millisecond {
			t.Errorf("the virtual IP was left on node1 for %v", seen)
		}
	})
	s.restart(t)

	s.event(t, "clean stop of node1", "node2", func() { s.node1.stop(t) })
	if err := s.owner("node2"); err != nil {
		t.Errorf("after a clean stop: %v", err)
	}
	if log := s.node1.log(t); !strings.HasSuffix(log, "keepsql ended: 0\n") {
		t.Errorf("node1 did not end with status 0: …%s", tail(log, 300))
	}
	t.Log(report(s.outages))
	for _, o := range s.outages {
		if o.longest > 8*time.Second {
			t.Errorf("%s: %v without an answer; errors: %v", o.event, o.longest, o.errors)
		}
	}
}

// kill ends one process of node1 as a crash would.
func (s *scenario) kill(t *testing.T, name string) {
	t.Helper()
	if err := syscall.Kill(s.node1.pid(t, name), syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// restart switches node1 off and on; what it left in the kernel is still there when it starts.
func (s *scenario) restart(t *testing.T) {
	t.Helper()
	s.node1.off()
	s.event(t, "node1 starts again", "node1", func() { s.node1.start(t) })
}

// event does something and waits until the client is served through one host; what it saw goes into the report.
func (s *scenario) event(t *testing.T, name, to string, do func()) {
	t.Helper()
	at := time.Now()
	do()
	s.probe.settled(t, to, patience)
	s.outages = append(s.outages, outageOf(name, at, to, s.probe.since(at.Add(-500*time.Millisecond))))
}

// back waits for node1's return by itself.
func (s *scenario) back(t *testing.T, name string) {
	t.Helper()
	s.event(t, name, "node1", func() {})
}
