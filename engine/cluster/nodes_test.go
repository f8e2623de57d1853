package cluster_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStandOff is recording 01: two nodes with different servers in their files, both at version 1, warn each other for ever;
// a LOAD resolves it.
func TestStandOff(t *testing.T) {
	t.Parallel()
	const file = "01_two_nodes_version1_then_load.txt"
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], version, ports, "", asUpstream+`mysql_servers=({hostgroup_id=1; hostname="127.0.0.11"})`)
	b := startPeer(t, "B", ports[1], version, ports, "", asUpstream+`mysql_servers=({hostgroup_id=1; hostname="127.0.0.12"})`)
	for _, p := range []struct{ self, other *peer }{{a, b}, {b, a}} {
		p.self.logged(fmt.Sprintf("[WARNING] Cluster: detected a peer 127.0.0.1:%d with mysql_servers version 1, epoch ", p.other.port))
		p.self.logged("diff_check is increasing, but version 1 doesn't allow sync. This message will be repeated every 30 checks " +
			"until LOAD MYSQL SERVERS TO RUNTIME is executed on candidate master.")
	}
	if a.checksum("mysql_servers_v2") == b.checksum("mysql_servers_v2") {
		t.Fatal("the nodes agree before anything was loaded")
	}
	_, seenA := a.log.since(0)
	_, seenB := b.log.since(0)
	a.sql(`INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES(2,"127.0.0.13")`, "LOAD MYSQL SERVERS TO RUNTIME")
	inStep(t, []string{"mysql_servers", "mysql_servers_v2"}, a, b)
	same := func(p *peer) bool {
		lines, _ := p.log.since(map[*peer]int{a: seenA, b: seenB}[p])
		return strings.Count(strings.Join(lines, "\n"), "mysql_servers_v2 from peer") >= map[*peer]int{a: 4, b: 3}[p]
	}
	for _, p := range []*peer{a, b} {
		eventually(t, p.name+" saw both", func() bool { return same(p) })
	}

	for _, p := range []struct {
		*peer
		seen int
	}{{a, seenA}, {b, seenB}} {
		lines, _ := p.log.since(p.seen)
		for _, about := range []string{"A", "B"} {
			want := clusterLines(recordedLog(t, file, p.name+" (after LOAD on A)", 1), about, recordedNames("C"))
			if d := cmp.Diff(want, withoutStandOff(clusterLines(lines, about, names(a, b)))); d != "" {
				t.Errorf("log of %s about %s: %s", p.name, about, d)
			}
		}
	}
	if got := b.sql("SELECT name, version, checksum FROM runtime_checksums_values WHERE name LIKE 'mysql_servers%' ORDER BY name"); got !=
		"mysql_servers,2,0x3E9BFCC88B322238 mysql_servers_v2,2,0x833F97526D9BAC06" {
		t.Errorf("B: %s", got)
	}
	for _, table := range []string{"mysql_servers", "runtime_mysql_servers", "disk.mysql_servers"} {
		if got := b.sql("SELECT hostgroup_id, hostname FROM " + table + " ORDER BY 1"); got != "1,127.0.0.11 2,127.0.0.13" {
			t.Errorf("%s of B: %s", table, got)
		}
	}
	if x, y := a.sql("SELECT GLOBAL_CHECKSUM()"), b.sql("SELECT GLOBAL_CHECKSUM()"); x != y {
		t.Errorf("global checksums %s and %s", x, y)
	}
	for _, p := range []*peer{a, b} {
		want := []string{fmt.Sprintf("127.0.0.1,127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1,127.0.0.1:%d", ports[1])}
		slices.Sort(want)
		if got := p.sql("SELECT hostname, admin_mysql_ifaces FROM stats_proxysql_servers_clients_status ORDER BY 2"); got != strings.Join(want, " ") {
			t.Errorf("clients of %s: %s, want %s", p.name, got, want)
		}
		// the counts go back to zero at the next check of each peer
		eventually(t, "no difference of 14 rows on "+p.name, func() bool {
			return p.sql("SELECT COUNT(*), SUM(diff_check) FROM stats_proxysql_servers_checksums") == "14,0"
		})
	}
}

// withoutStandOff leaves out the warnings that go on until the first check after the LOAD.
func withoutStandOff(lines []string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "version 1 doesn't allow sync") })
}

// TestSatellite is recording 02: a node that nobody lists takes what the cores load, and tells nobody of its own.
func TestSatellite(t *testing.T) {
	t.Parallel()
	const file = "02_two_core_one_satellite.txt"
	ports := freePorts(t, 3)
	a := startPeer(t, "A", ports[0], version, ports[:2], "", asUpstream)
	b := startPeer(t, "B", ports[1], version, ports[:2], "", asUpstream)
	s := startPeer(t, "S", ports[2], version, ports[:2], "", asUpstream)
	acquainted(t, 2, a, b, s)
	_, seen := s.log.since(0)
	rule := func(id int, match string, hostgroup int) string {
		return fmt.Sprintf("INSERT INTO mysql_query_rules(rule_id,active,match_digest,destination_hostgroup,apply) VALUES(%d,1,'%s',%d,1)", id, match, hostgroup)
	}
	const load = "LOAD MYSQL QUERY RULES TO RUNTIME"
	rules := []string{"mysql_query_rules"}

	a.sql(rule(1, "^SELECT", 2), load)
	inStep(t, rules, a, b, s)
	if got := a.sql("SELECT version, checksum FROM runtime_checksums_values WHERE name='mysql_query_rules'"); got != "2,0x2877C287C8859A49" {
		t.Errorf("A: %s", got)
	}
	eventually(t, "S saw that B has it too", func() bool {
		return strings.Contains(s.log.text()[seen:], fmt.Sprintf("detected a new checksum for mysql_query_rules from peer 127.0.0.1:%d", b.port))
	})
	s.compareLog(t, seen, recordedLog(t, file, "S (step 1)", 1), recordedNames("S"), names(a, b, s))

	pastEpochs(t, a, s) // the next LOAD is to have a later epoch
	_, seen = s.log.since(0)
	s.sql(rule(2, "^INSERT", 1), load)
	time.Sleep(200 * time.Millisecond) // ten checks
	if got := s.sql("SELECT version, checksum FROM runtime_checksums_values WHERE name='mysql_query_rules'"); got != "3,0x6D47FDEA574788DC" {
		t.Errorf("S: %s", got)
	}
	if a.checksum("mysql_query_rules") == s.checksum("mysql_query_rules") {
		t.Error("A has what only the satellite loaded")
	}
	if got := s.sql("SELECT SUM(diff_check) FROM stats_proxysql_servers_checksums"); got != "0" {
		t.Errorf("S counts %s differences after its own LOAD", got)
	}

	pastEpochs(t, a, s)
	a.sql(rule(3, "^DELETE", 1), load)
	inStep(t, rules, a, b, s)
	if got := s.sql("SELECT rule_id, active, match_digest FROM mysql_query_rules ORDER BY rule_id"); got != "1,1,^SELECT 3,1,^DELETE" {
		t.Errorf("rules of S: %s", got)
	}
	if got := s.sql("SELECT * FROM stats_proxysql_servers_clients_status"); got != "" {
		t.Errorf("S is checked by %s", got)
	}
	eventually(t, "S saw that B has it too", func() bool {
		return strings.Contains(s.log.text()[seen:], fmt.Sprintf("detected a new checksum for mysql_query_rules from peer 127.0.0.1:%d", b.port))
	})
	s.compareLog(t, seen, recordedLog(t, file, "S (step 3)", 1), recordedNames("S"), names(a, b, s))
}

// TestWrongPassword is recording 04: B knows a wrong cluster password, until it is set right.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], version, ports, "", "")
	b := startPeer(t, "B", ports[1], version, ports, `cluster_password="wrong";`, "")
	const denied = "ProxySQL Error: Access denied for user 'cluster'@'127.0.0.1' (using password: YES)"
	b.logged(fmt.Sprintf("[WARNING] Cluster: unable to connect to peer 127.0.0.1:%d . Error: %s", a.port, denied))
	a.logged("[ERROR] " + denied)
	a.sql("INSERT INTO mysql_users(username,password) VALUES('u','p')", "LOAD MYSQL USERS TO RUNTIME")
	if got := b.sql("SELECT SUM(version), SUM(updated_at) FROM stats_proxysql_servers_checksums"); got != "0,0" {
		t.Errorf("B knows of the others: %s", got)
	}
	b.sql("SET admin-cluster_password='clpw'", "LOAD ADMIN VARIABLES TO RUNTIME")
	inStep(t, []string{"mysql_users"}, a, b)
	if got := b.sql("SELECT username FROM disk.mysql_users"); got != "u" {
		t.Errorf("users on B's disk: %s", got)
	}
}

// TestOtherVersions is recording 05: nodes whose versions differ by a build suffix do not sync.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], version, ports[1:], configured(version), "")
	b := startPeer(t, "B", ports[1], version, ports[:1], configured("2.7.1-99-g2726c27"), "")
	a.logged(fmt.Sprintf("[WARNING] Cluster: different ProxySQL version with peer 127.0.0.1:%d . Remote: 2.7.1-99-g2726c27 . Self: 2.7.1-16-g2726c27", b.port))
	b.logged(fmt.Sprintf("[WARNING] Cluster: different ProxySQL version with peer 127.0.0.1:%d . Remote: 2.7.1-16-g2726c27 . Self: 2.7.1-99-g2726c27", a.port))
	a.sql("INSERT INTO mysql_users(username,password) VALUES('u','p')", "LOAD MYSQL USERS TO RUNTIME")
	time.Sleep(200 * time.Millisecond)
	if got := b.sql("SELECT username FROM mysql_users"); got != "" {
		t.Errorf("users of B: %s", got)
	}
	if got := b.sql("SELECT SUM(version), SUM(updated_at) FROM stats_proxysql_servers_checksums"); got != "0,0" {
		t.Errorf("B knows of A: %s", got)
	}
}

// TestNotSaved is recording 07: what is pulled reaches B's disk only where B says so.
func TestNotSaved(t *testing.T) {
	t.Parallel()
	const file = "07_save_to_disk_false.txt"
	ports := freePorts(t, 2)
	var keep strings.Builder
	for _, m := range []string{"mysql_query_rules", "mysql_servers", "mysql_users", "proxysql_servers", "mysql_variables", "admin_variables"} {
		fmt.Fprintf(&keep, `cluster_%s_save_to_disk="false"; `, m)
	}
	a := startPeer(t, "A", ports[0], version, ports, "", asUpstream)
	b := startPeer(t, "B", ports[1], version, ports, keep.String(), asUpstream)
	acquainted(t, 2, a, b)
	_, seen := b.log.since(0)
	a.sql(`INSERT INTO mysql_users(username,password) VALUES("u","p")`,
		`INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES(2,"127.0.0.13")`,
		`INSERT INTO mysql_query_rules(rule_id,active,destination_hostgroup) VALUES(1,1,1)`,
		`SET mysql-max_connections=777`,
		"LOAD MYSQL USERS TO RUNTIME", "LOAD MYSQL SERVERS TO RUNTIME", "LOAD MYSQL QUERY RULES TO RUNTIME", "LOAD MYSQL VARIABLES TO RUNTIME")
	inStep(t, []string{"mysql_users", "mysql_servers", "mysql_servers_v2", "mysql_query_rules", "mysql_variables"}, a, b)
	eventually(t, "B saw itself", func() bool {
		return strings.Count(b.log.text()[seen:], fmt.Sprintf("from peer 127.0.0.1:%d matches with local checksum", b.port)) == 5
	})
	lines, _ := b.log.since(seen)
	kept := strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "doesn't allow sync") }), "\n")
	want := recordedLog(t, file, "B ", 1)
	got := &peer{stack: &stack{log: &journal{}}, name: "B"}
	got.log.buf.WriteString(kept + "\n")
	got.compareLog(t, 0, want, recordedNames("C"), names(a, b))

	for query, want := range map[string]string{
		"SELECT username FROM mysql_users":                                                             "u",
		"SELECT username FROM disk.mysql_users":                                                        "",
		"SELECT hostname FROM disk.mysql_servers":                                                      "",
		"SELECT rule_id FROM disk.mysql_query_rules":                                                   "",
		"SELECT variable_value FROM disk.global_variables WHERE variable_name='mysql-max_connections'": "10000",
		"SELECT variable_value FROM global_variables WHERE variable_name='mysql-max_connections'":      "777",
	} {
		if got := b.sql(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}

	a.sql("LOAD ADMIN VARIABLES TO RUNTIME")
	b.logged(fmt.Sprintf("[INFO] Cluster: Saving to disk Admin Variables from peer 127.0.0.1:%d", a.port))
	inStep(t, []string{"admin_variables"}, a, b)
	if got := b.sql("SELECT DISTINCT variable_value FROM runtime_global_variables WHERE variable_name LIKE '%save_to_disk'"); got != "true" {
		t.Errorf("B's switches are %s", got)
	}
}

// TestMembersSpread is recording 13: a member that is added on one node becomes one on the others.
func TestMembersSpread(t *testing.T) {
	t.Parallel()
	const file = "13_proxysql_servers_membership.txt"
	ports := freePorts(t, 3)
	a := startPeer(t, "A", ports[0], version, ports[:2], "", asUpstream)
	b := startPeer(t, "B", ports[1], version, ports[:2], "", asUpstream)
	acquainted(t, 2, a, b)
	_, seen := b.log.since(0)
	a.sql(fmt.Sprintf("INSERT INTO proxysql_servers(hostname,port,weight,comment) VALUES('127.0.0.1',%d,5,'n3')", ports[2]),
		"LOAD PROXYSQL SERVERS TO RUNTIME")
	inStep(t, []string{"proxysql_servers"}, a, b)
	c := &peer{stack: &stack{t: t}, name: "C", port: ports[2]}
	b.logged(fmt.Sprintf("Cluster: unable to connect to peer 127.0.0.1:%d", c.port))
	eventually(t, "B saw itself", func() bool {
		return strings.Contains(b.log.text()[seen:], fmt.Sprintf("peer 127.0.0.1:%d matches with local checksum", b.port))
	})
	got := &peer{stack: &stack{log: &journal{}}, name: "B"}
	lines, _ := b.log.since(seen)
	fmt.Fprintln(&got.log.buf, strings.Join(withoutConnects(lines), "\n"))
	got.compareLog(t, 0, withoutConnects(recordedLog(t, file, "B (add localhost:25013)", 1)), recordedNames("C"), names(a, b, c))
}

// withoutConnects leaves out what is logged again and again, and checksums, which are of other ports.
func withoutConnects(lines []string) (out []string) {
	for _, l := range lines {
		if !strings.Contains(l, "unable to connect") {
			out = append(out, checksums.ReplaceAllString(l, "SUM"))
		}
	}
	return out
}
