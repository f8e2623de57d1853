package cluster_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
)

// shown is the version a node shows, and where it comes from.
func shown(s *stack) string {
	v, source := s.Layers.Version()
	return v + " " + source.String()
}

// TestFollowsProxySQL: a node shows the version of the ProxySQL it meets, so that either accepts the other; a node of keepsql that
// meets it only through another follows too.
func TestFollowsProxySQL(t *testing.T) {
	t.Parallel()
	const theirs = "2.7.3-12-g50b7f85"
	f := newFakePeer(t, true)
	f.version = theirs
	f.onStatement(func(int, string) reaction { return hangUp }) // until the stamp is known
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], version, append(ports[:2:2], f.port), "", "")
	before := a.Layers.Stamps()[schema.AdminVariables]
	f.onStatement(func(int, string) reaction { return answer })
	a.logged(fmt.Sprintf("[INFO] Cluster: showing version %s from now on, as peer 127.0.0.1:%d does . Until now: %s", theirs, f.port, version))
	a.logged(fmt.Sprintf("[INFO] Cluster: clustering with peer 127.0.0.1:%d . Remote version: %s . Self version: %s", f.port, theirs, theirs))
	if got := a.sql("SELECT @@version"); got != theirs {
		t.Errorf("A shows %s", got)
	}
	after := a.Layers.Stamps()[schema.AdminVariables]
	if after.Checksum == before.Checksum || after.Version != before.Version || after.Epoch != before.Epoch {
		t.Errorf("stamp of the admin variables was %+v and is %+v", before, after)
	}
	const everywhere = `SELECT variable_value FROM %s.global_variables WHERE variable_name='admin-version'`
	for _, where := range []string{"main", "disk"} {
		if got := a.List(fmt.Sprintf(everywhere, where)); got != theirs {
			t.Errorf("%s has %s", where, got)
		}
	}

	b := startPeer(t, "B", ports[1], version, ports, "", "")
	b.logged(fmt.Sprintf("clustering with peer 127.0.0.1:%d . Remote version: %s . Self version: %s", a.port, theirs, theirs))
	a.logged(fmt.Sprintf("clustering with peer 127.0.0.1:%d . Remote version: %s . Self version: %s", b.port, theirs, theirs))
	a.sql("INSERT INTO mysql_users(username) VALUES('a')", "LOAD MYSQL USERS TO RUNTIME")
	inStep(t, []string{"mysql_users"}, a, b)
	a.sql("SET admin-stats_credentials='s:s'", "LOAD ADMIN VARIABLES TO RUNTIME")
	eventually(t, "admin variables of B", func() bool {
		return b.Layers.Stamps()[schema.AdminVariables].Checksum != "" && b.sql("SELECT @@admin-stats_credentials") == "s:s"
	})
	if got, want := shown(b.stack), theirs+" followed"; got != want {
		t.Errorf("B shows %s, want %s", got, want)
	}
}

// TestConfiguredVersion: what an operator says is not changed by peers; the program's own version means to follow them again.
func TestConfiguredVersion(t *testing.T) {
	t.Parallel()
	f := newFakePeer(t, true)
	f.version = "2.7.3"
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, configured("2.7.2")))
	s.logged(fmt.Sprintf("[WARNING] Cluster: different ProxySQL version with peer 127.0.0.1:%d . Remote: 2.7.3 . Self: 2.7.2", f.port))
	if got := shown(s); got != "2.7.2 configured" {
		t.Errorf("shows %s", got)
	}
	set := func(v string) {
		s.Exec("UPDATE global_variables SET variable_value='" + v + "' WHERE variable_name='admin-version'")
		s.Load(schema.AdminVariables)
	}
	set("abc")
	s.logged(`[WARNING] Impossible to set read-only variable version with value "abc". Resetting to current "2.7.2".`)
	set("2.7.4")
	s.logged("Remote: 2.7.3 . Self: 2.7.4")
	set(version)
	s.logged("clustering with peer")
	if got := shown(s); got != "2.7.3 followed" {
		t.Errorf("shows %s", got)
	}
}

// TestOtherSeries: a ProxySQL whose tables may be others is not followed.
func TestOtherSeries(t *testing.T) {
	t.Parallel()
	f := newFakePeer(t, true)
	f.version = "3.0.1-14-gabcdef0"
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, ""))
	s.logged("[WARNING] Cluster: different ProxySQL version with peer 127.0.0.1:" + itoa(f.port) + " . Remote: 3.0.1-14-gabcdef0 . Self: " + version)
	if got := shown(s); got != version+" own" {
		t.Errorf("shows %s", got)
	}
}

// TestRollingUpgrade: while some ProxySQL still show our version we stay with them; when the last of them shows the new one, so do we.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	old, upgraded := newFakePeer(t, true), newFakePeer(t, true)
	old.version, upgraded.version = "2.7.2", "2.7.3"
	s := prepare(t, uuidA, version, timing())
	upgraded.onStatement(func(int, string) reaction { return hangUp })
	s.boot(config([]int{old.port, upgraded.port}, ""))
	s.logged(fmt.Sprintf("clustering with peer 127.0.0.1:%d . Remote version: 2.7.2", old.port))
	upgraded.onStatement(func(int, string) reaction { return answer })
	s.logged(fmt.Sprintf("different ProxySQL version with peer 127.0.0.1:%d . Remote: 2.7.3 . Self: 2.7.2", upgraded.port))
	time.Sleep(200 * time.Millisecond)
	if got := shown(s); got != "2.7.2 followed" {
		t.Errorf("shows %s while a peer still has it", got)
	}
	old.mu.Lock()
	old.version = "2.7.3"
	old.mu.Unlock()
	old.drop()
	for _, f := range []*fakePeer{old, upgraded} {
		s.logged(fmt.Sprintf("clustering with peer 127.0.0.1:%d . Remote version: 2.7.3", f.port))
	}
}

// TestNodesAgree: two releases of keepsql, whose own versions differ, end up with the later one.
func TestNodesAgree(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], "2.7.9", ports, "", "")
	b := startPeer(t, "B", ports[1], "2.7.10", ports, "", "")
	acquainted(t, 2, a, b)
	if got := shown(a.stack) + ", " + shown(b.stack); got != "2.7.10 followed, 2.7.10 own" {
		t.Errorf("A and B show %s", got)
	}
	if n := strings.Count(a.log.text()+b.log.text(), "showing version"); n != 1 {
		t.Errorf("followed %d times", n)
	}
	eventually(t, "equal admin variables", func() bool { return a.checksumOnly("admin_variables") == b.checksumOnly("admin_variables") })
}

// checksumOnly is the checksum of a module.
func (p *peer) checksumOnly(module string) string { return p.Layers.Stamps()[module].Checksum }
