package cluster_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

// TestInterfacesSync is recording 15: with cluster_sync_interfaces the variables of interfaces take part. ProxySQL cannot change
// mysql-interfaces while it runs and stays different for ever; here they change, and the nodes are in step.
func TestInterfacesSync(t *testing.T) {
	t.Parallel()
	const file = "15_interfaces_sync.txt"
	ports := freePorts(t, 2)
	boot := func(i int) *peer {
		name := string(rune('A' + i))
		s := prepareWith(t, cluster.Options{UUID: nodeUUID(name), Timing: timing()}, layers.Options{Version: version, SyncInterfaces: true})
		return serveAdmin(t, s, name, ports[i], ports, "", fmt.Sprintf(`mysql_variables={interfaces="127.0.0.1:2511%d"}
`, i+1)+asUpstream)
	}
	a, b := boot(0), boot(1)
	acquainted(t, 2, a, b)
	_, seen := b.log.since(0)
	a.sql("SET mysql-max_connections=55", "LOAD MYSQL VARIABLES TO RUNTIME")
	b.logged(fmt.Sprintf("Cluster: Saving to disk MySQL Variables from peer 127.0.0.1:%d", a.port))
	eventually(t, "B saw itself", func() bool {
		return strings.Contains(b.log.text()[seen:], fmt.Sprintf("mysql_variables from peer 127.0.0.1:%d matches", b.port))
	})
	lines, _ := b.log.since(seen)
	without := func(lines []string) []string {
		return slices.DeleteFunc(lines, func(l string) bool {
			return !strings.Contains(l, "Variables from") && !strings.Contains(l, "mysql_variables")
		})
	}
	for _, about := range []string{"A", "B"} {
		want := checksumless(without(clusterLines(recordedLog(t, file, "B (mysql variables)", 1), about, recordedNames("C"))))
		got := checksumless(without(clusterLines(lines, about, names(a, b))))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("log of B about %s: %s", about, d)
		}
	}
	for _, want := range []string{"0xD2D69C36BFABEE03", "0x89C7B19EC38171D0"} { // what A has after the LOAD, B before it
		if !strings.Contains(b.log.text(), want) {
			t.Errorf("B never saw %s", want)
		}
	}
	const query = `SELECT variable_value FROM %s WHERE variable_name IN ('mysql-interfaces','mysql-max_connections') ORDER BY variable_name`
	for _, table := range []string{"runtime_global_variables", "global_variables", "disk.global_variables"} {
		if got := b.sql(fmt.Sprintf(query, table)); got != "127.0.0.1:25111 55" {
			t.Errorf("%s of B: %s", table, got)
		}
	}
	if x, y := a.checksum("mysql_variables"), b.checksum("mysql_variables"); x != y {
		t.Errorf("checksums are %s and %s", x, y)
	}

	a.sql("LOAD ADMIN VARIABLES TO RUNTIME")
	b.logged(fmt.Sprintf("Cluster: Saving to disk Admin Variables from peer 127.0.0.1:%d", a.port))
	eventually(t, "B has the interfaces of A", func() bool {
		return b.List("SELECT variable_value FROM global_variables WHERE variable_name='admin-mysql_ifaces'") == fmt.Sprintf("127.0.0.1:%d", a.port)
	})
}

// checksumless replaces what depends on the ports.
func checksumless(lines []string) []string {
	for i := range lines {
		lines[i] = checksums.ReplaceAllString(lines[i], "SUM")
	}
	return lines
}

// TestUnknownVariables: a peer has a variable that we do not. The others are taken over; what is left over stays different, and is not
// pulled again and again, nor made to look newer than the peer's.
func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	f := newFakePeer(t, true)
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, ""))
	f.like(s)
	eventually(t, "first check", func() bool { return s.log.count("for proxysql_servers from peer") > 0 })
	rows := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, r := range s.Layers.Snapshot(schema.MySQLVariables).Runtime["global_variables"].Rows {
		switch r[0].Text {
		case "mysql-threads", "mysql-interfaces":
			continue
		case "mysql-max_connections":
			r = schema.Row{r[0], schema.Text("55")}
		case "mysql-monitor_enabled":
			rows.Rows = append(rows.Rows, schema.Row{schema.Text("mysql-monitor_dreams"), schema.Text("1")})
		}
		rows.Rows = append(rows.Rows, r)
	}
	pull := layers.Pull{Tables: map[string]*schema.Rows{"global_variables": rows}}
	stamp := diffcheck.Stamp{Version: 2, Epoch: time.Now().Unix() + 10, Checksum: pull.Checksums(schema.MySQLVariables, false)[schema.MySQLVariables]}
	f.mu.Lock()
	f.tables["SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'mysql-%' AND variable_name NOT IN ('mysql-threads') AND variable_name NOT IN ('mysql-interfaces') ORDER BY variable_name"] = rows
	f.mu.Unlock()
	f.set(schema.MySQLVariables, stamp)
	s.logged("Cluster: Saving to disk MySQL Variables from peer")
	if got := s.Layers.Variables(schema.MySQLVariables).String("mysql-max_connections"); got != "55" {
		t.Errorf("max_connections are %s", got)
	}
	const want = "0,the peer has variables or values that this node cannot take"
	eventually(t, "the reason", func() bool {
		return strings.Contains(s.table("stats_cluster_modules", "in_step", "reason"), want)
	})
	time.Sleep(300 * time.Millisecond) // for pulls that must not be
	if n := s.log.count("Cluster: Loading to runtime MySQL Variables"); n != 1 {
		t.Errorf("pulled %d times", n)
	}
	own := s.Layers.Stamps()[schema.MySQLVariables]
	if own.Version != stamp.Version || own.Epoch != stamp.Epoch || own.Checksum == stamp.Checksum {
		t.Errorf("own stamp is %+v, the peer's %+v", own, stamp)
	}
	stamp.Version++
	stamp.Epoch++
	f.set(schema.MySQLVariables, stamp) // loaded again there
	eventually(t, "the next pull", func() bool { return s.log.count("Cluster: Loading to runtime MySQL Variables") == 2 })
}
