package lab_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/internal/binary"
)

// none is the checksum of a module that has no rows.
const none = "0x0000000000000000"

// pulled are the modules that the walkthrough has to load by hand before node2 pulls them.
var pulled = []string{"mysql_query_rules", "mysql_servers", "mysql_servers_v2"}

// TestWalkthrough is the DBA's walkthrough, statement by statement through the mysql client: a proxy that works alone and
// one that is freshly installed become a cluster. Here they do as ProxySQL does and stand off at version 1.
func TestWalkthrough(t *testing.T) {
	const recorded = "\nkeepsql_variables=\n{\n\tcluster_bootstrap_from_peer=\"false\"\n}\n"
	node1, node2 := newCluster(t, recorded)
	sql := sections(seed(t, "walkthrough.sql"))

	// 3: node2 becomes one too.
	before := node1.checksums(t, pulled...)
	join(t, node2)

	// 4: what is above version 1 syncs; what is at version 1 on both sides stands off, and says so every 30 checks.
	node2.sameAs(t, node1, patience, "mysql_users")
	node1.sameChecksum(t, node2, patience, "mysql_variables")
	for _, m := range pulled[:2] {
		node2.logged(t, 60*time.Second, "detected a peer 10.99.0.1:6032 with "+m+" version 1, epoch "+before[m].epoch+
			", diff_check 30. Own version: 1, epoch: ")
	}
	if got := strings.Count(node2.log(t), "diff_check is increasing, but version 1 doesn't allow sync."); got == 0 {
		t.Error("node2 does not say why it waits")
	}
	if d := cmp.Diff(before, node1.checksums(t, pulled...), cmp.AllowUnexported(checksum{})); d != "" {
		t.Errorf("node1 during the stand-off: %s", d)
	}
	empty := node2.checksums(t, pulled...)
	for _, m := range pulled {
		if before[m].version != "1" || before[m].checksum == none {
			t.Errorf("%s of node1 before LOAD: %+v", m, before[m])
		}
		if empty[m].version != "1" || empty[m].checksum != none {
			t.Errorf("%s of node2 during the stand-off: %+v", m, empty[m])
		}
	}

	// 5: LOAD on node1 lets node2 pull.
	node1.run(t, sql["on node1, to let node2 pull"])
	loaded := node1.checksums(t, pulled...)
	for _, m := range pulled {
		want := checksum{"2", loaded[m].epoch, before[m].checksum}
		if loaded[m] != want || loaded[m].epoch <= before[m].epoch {
			t.Errorf("%s of node1 after LOAD: %+v, before %+v", m, loaded[m], before[m])
		}
	}
	node2.sameAs(t, node1, patience, pulled...)
	sameTables(t, node1, node2)
	if got := node1.admin(t, sql["on either"][0]); !strings.Contains(got, "mysql_servers_v2\t2\t") {
		t.Errorf("runtime_checksums_values: %s", got)
	}
}

// TestBootstrap is the same walkthrough with the default settings: node2 has nothing of its own and takes over what node1
// was started with, so that nobody has to load anything by hand.
func TestBootstrap(t *testing.T) {
	node1, node2 := newCluster(t, "")
	before := node1.checksums(t, pulled...)
	join(t, node2)
	node2.sameAs(t, node1, patience, append([]string{"mysql_users"}, pulled...)...)
	if d := cmp.Diff(before, node1.checksums(t, pulled...), cmp.AllowUnexported(checksum{})); d != "" {
		t.Errorf("node1 meanwhile: %s", d)
	}
	sameTables(t, node1, node2)
	node1.run(t, []string{"UPDATE mysql_query_rules SET comment='later' WHERE rule_id=1", "LOAD MYSQL QUERY RULES TO RUNTIME"})
	node2.sameAs(t, node1, patience, "mysql_query_rules")
}

// newCluster starts both hosts and makes node1 a member, which node2 does not know of yet. more is added to both files.
func newCluster(t *testing.T, more string) (node1, node2 *node) {
	t.Helper()
	n := newNetwork(t, "node1", "node2")
	program := binary.Path(t)
	node1 = newNode(t, n, "node1", program, testdata(t, "before.cnf")+more)
	node2 = newNode(t, n, "node2", program, testdata(t, "fresh.cnf")+more)
	node1.start(t)
	node2.start(t)
	node1.admin(t, "LOAD MYSQL USERS TO RUNTIME") // node1 has a history: its users were loaded since it started

	// 1 and 2: node1 becomes a member, and node2 does not know the cluster's account.
	node1.run(t, sections(seed(t, "walkthrough.sql"))["on node1"])
	node1.logged(t, patience, "unable to connect to peer 10.99.0.2:6032 . Error: ProxySQL Error: Access denied for user 'cluster_user'@'10.99.0.1'")
	return node1, node2
}

// join makes node2 a member too.
func join(t *testing.T, node2 *node) {
	t.Helper()
	sql := sections(seed(t, "walkthrough.sql"))
	node2.run(t, sql["on node2: the above, and before it"])
	node2.run(t, sql["on node1"])
}

// sameTables compares what the nodes have in memory, in force and on disk.
func sameTables(t *testing.T, node1, node2 *node) {
	t.Helper()
	for _, table := range []string{
		"mysql_servers", "mysql_replication_hostgroups", "mysql_query_rules", "mysql_users", "proxysql_servers",
		"runtime_mysql_servers", "runtime_mysql_query_rules", "runtime_mysql_users", "runtime_proxysql_servers",
		"disk.mysql_servers", "disk.mysql_query_rules", "disk.mysql_users",
	} {
		q := "SELECT * FROM " + table + " ORDER BY 1, 2, 3"
		if table == "runtime_mysql_servers" { // each node's monitor finds out for itself that there are no databases
			q = "SELECT hostgroup_id, hostname, port, weight, max_connections, max_replication_lag, comment FROM runtime_mysql_servers ORDER BY 1, 2, 3"
		}
		if d := cmp.Diff(node1.admin(t, q), node2.admin(t, q)); d != "" {
			t.Errorf("%s of node1 (-) and node2 (+): %s", table, d)
		}
	}
}

// run runs statements one by one, each by a mysql client of its own.
func (n *node) run(t *testing.T, statements []string) {
	t.Helper()
	for _, s := range statements {
		n.admin(t, s)
	}
}

// sameAs waits until modules have version, epoch and checksum of another node.
func (n *node) sameAs(t *testing.T, other *node, limit time.Duration, modules ...string) {
	t.Helper()
	took := within(t, limit, fmt.Sprintf("%s has the %v of %s", n.host, modules, other.host), func() error {
		d := cmp.Diff(other.checksums(t, modules...), n.checksums(t, modules...), cmp.AllowUnexported(checksum{}))
		if d != "" {
			return fmt.Errorf("%s", d)
		}
		return nil
	})
	t.Logf("%v of %s on %s after %v", modules, other.host, n.host, took.Round(time.Millisecond))
}

// sameChecksum is sameAs for content only.
func (n *node) sameChecksum(t *testing.T, other *node, limit time.Duration, module string) {
	t.Helper()
	within(t, limit, "equal "+module, func() error {
		a, b := n.checksums(t, module)[module], other.checksums(t, module)[module]
		if a.checksum != b.checksum {
			return fmt.Errorf("%+v on %s, %+v on %s", a, n.host, b, other.host)
		}
		return nil
	})
}
