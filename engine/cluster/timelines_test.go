package cluster_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var counts = regexp.MustCompile(`diff_check \d+`)

// sortedLines gives what a log says of the cluster, in any order, without what is chance: how often was checked, and warnings of
// version 1 and of connecting, which go on.
func sortedLines(lines []string, names *strings.Replacer) (out []string) {
	for _, line := range lines {
		line = names.Replace(strings.TrimSpace(line))
		if !strings.Contains(line, "luster") || strings.Contains(line, "allow sync") || strings.Contains(line, "unable to connect") {
			continue
		}
		line = checksums.ReplaceAllString(counts.ReplaceAllString(line, "diff_check N"), "SUM")
		out = append(out, epochs.ReplaceAllString(line, "${1}E"))
	}
	slices.Sort(out)
	return out
}

// TestDiffsZeroAndBack is recording 08 with both nodes: B pulls nothing until it is told to, and then what it missed. Its own load of
// the admin variables goes to A.
func TestDiffsZeroAndBack(t *testing.T) {
	t.Parallel()
	const file = "08_diffs_before_sync_0.txt"
	ports := freePorts(t, 2)
	var never strings.Builder
	for _, m := range []string{"mysql_query_rules", "mysql_servers", "mysql_users", "proxysql_servers", "mysql_variables", "admin_variables"} {
		fmt.Fprintf(&never, "cluster_%s_diffs_before_sync=0; ", m)
	}
	a := startPeer(t, "A", ports[0], version, ports, "", asUpstream)
	b := startPeer(t, "B", ports[1], version, ports, never.String(), asUpstream)
	acquainted(t, 2, a, b)
	_, seenA := a.log.since(0)
	_, seenB := b.log.since(0)
	a.sql(`INSERT INTO mysql_users(username,password) VALUES("u","p")`, "LOAD MYSQL USERS TO RUNTIME")
	eventually(t, "news on B", func() bool {
		return strings.Contains(b.log.text()[seenB:], "Not syncing due to 'admin-cluster_mysql_users_diffs_before_sync=0'.")
	})
	lines, now := b.log.since(seenB)
	if d := cmp.Diff(sortedLines(recordedLog(t, file, "B (diffs 0)", 1), recordedNames("C")), sortedLines(lines, names(a, b))); d != "" {
		t.Errorf("log of B at first: %s", d)
	}
	if got := b.sql("SELECT username FROM mysql_users"); got != "" {
		t.Errorf("users of B: %s", got)
	}
	eventually(t, "a count on B", func() bool {
		return b.sql(fmt.Sprintf("SELECT diff_check>5 FROM stats_proxysql_servers_checksums WHERE name='mysql_users' AND port=%d", a.port)) == "1"
	})

	b.sql("SET admin-cluster_mysql_users_diffs_before_sync=1", "LOAD ADMIN VARIABLES TO RUNTIME")
	inStep(t, []string{"mysql_users", "admin_variables"}, a, b)
	for _, last := range []struct {
		on, of *peer
		seen   int
		module string
	}{
		{a, a, seenA, "mysql_users"}, {a, b, seenA, "mysql_users"}, {a, a, seenA, "admin_variables"},
		{b, b, now, "mysql_users"}, {b, b, now, "admin_variables"}, {b, a, now, "admin_variables"},
	} {
		eventually(t, fmt.Sprintf("%s saw %s of %s", last.on.name, last.module, last.of.name), func() bool {
			return strings.Contains(last.on.log.text()[last.seen:], fmt.Sprintf("%s from peer 127.0.0.1:%d matches", last.module, last.of.port))
		})
	}
	lines, _ = b.log.since(now)
	if d := cmp.Diff(sortedLines(recordedLog(t, file, "B (diffs 1)", 1), recordedNames("C")), sortedLines(lines, names(a, b))); d != "" {
		t.Errorf("log of B: %s", d)
	}
	lines, _ = a.log.since(seenA)
	want := sortedLines(recordedLog(t, file, "A (A sees a newer admin_variables epoch on B and pulls it)", 1), recordedNames("C"))
	if d := cmp.Diff(want, sortedLines(lines, names(a, b))); d != "" {
		t.Errorf("log of A: %s", d)
	}
}

// TestInactiveRows is recording 11: what the receiver keeps to itself stays, in memory and on disk; checksums are the recorded ones.
func TestInactiveRows(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], version, ports, "", asUpstream)
	b := startPeer(t, "B", ports[1], version, ports, "", asUpstream)
	acquainted(t, 2, a, b)
	node := map[string]*peer{"A": a, "B": b}
	for _, s := range recordedStatements(t, "11_inactive_rows_lost.txt") {
		if !strings.HasPrefix(s.sql, "SELECT") {
			node[s.node].sql(s.sql)
		}
	}
	modules := []string{"mysql_users", "mysql_query_rules", "mysql_servers", "mysql_servers_v2"}
	inStep(t, modules, a, b)
	sums := map[string]string{
		"mysql_query_rules": "0xAA750C83EA133E6E", "mysql_servers": "0xEF263221B247CFF1",
		"mysql_servers_v2": "0x280A87B796634F38", "mysql_users": "0xE953EAC2A4CB5B02",
	}
	for _, m := range modules {
		if got := b.checksumOnly(m); got != sums[m] {
			t.Errorf("%s of B is %s, recorded is %s", m, got, sums[m])
		}
	}
	for sql, want := range map[string]string{
		"SELECT username, active FROM %smysql_users ORDER BY 1":         "a1,1 only_on_b,0",
		"SELECT rule_id, active FROM %smysql_query_rules ORDER BY 1":    "1,1 900,0",
		"SELECT hostname, status FROM %smysql_servers ORDER BY 1":       "127.0.0.1,ONLINE 127.0.0.2,ONLINE 127.0.0.3,OFFLINE_SOFT 127.0.0.9,OFFLINE_HARD",
		"SELECT hostname, status FROM runtime_mysql_servers ORDER BY 1": "127.0.0.1,ONLINE 127.0.0.2,ONLINE 127.0.0.3,OFFLINE_SOFT",
	} {
		for _, schema := range []string{"", "disk."} {
			sql := strings.Replace(sql, "%s", schema, 1)
			eventually(t, sql+" gives "+want, func() bool { return b.sql(sql) == want })
		}
	}
}

// TestMembersLeave is the end of recording 13: a node is taken off the list, and reads that itself.
func TestMembersLeave(t *testing.T) {
	t.Parallel()
	const file = "13_proxysql_servers_membership.txt"
	ports := freePorts(t, 3)
	a := startPeer(t, "A", ports[0], version, ports, "", asUpstream)
	b := startPeer(t, "B", ports[1], version, ports, "", asUpstream)
	c := &peer{stack: &stack{t: t}, name: "C", port: ports[2]} // nobody is there
	acquainted(t, 2, a, b)
	a.sql("LOAD PROXYSQL SERVERS TO RUNTIME")
	eventually(t, "second version on B", func() bool { // of the same content: the checksums never differed
		return b.sql("SELECT version FROM runtime_checksums_values WHERE name='proxysql_servers'") == "2"
	})
	_, seenA := a.log.since(0)
	_, seenB := b.log.since(0)
	a.sql(fmt.Sprintf("DELETE FROM proxysql_servers WHERE port=%d", b.port), "LOAD PROXYSQL SERVERS TO RUNTIME")
	inStep(t, []string{"proxysql_servers"}, a, b)
	for _, p := range []*peer{a, b} {
		p.logged(fmt.Sprintf("Cluster: closing thread for peer 127.0.0.1:%d", b.port))
	}
	a.logged(fmt.Sprintf("proxysql_servers from peer 127.0.0.1:%d matches", a.port))
	for _, p := range []struct {
		*peer
		seen int
	}{{a, seenA}, {b, seenB}} {
		lines, _ := p.log.since(p.seen)
		want := sortedLines(recordedLog(t, file, p.name+" (remove B)", 1), recordedNames("C"))
		if d := cmp.Diff(want, sortedLines(lines, names(a, b, c))); d != "" {
			t.Errorf("log of %s: %s", p.name, d)
		}
		want = []string{fmt.Sprintf("127.0.0.1,%d", ports[0]), fmt.Sprintf("127.0.0.1,%d", ports[2])}
		slices.Sort(want)
		if got := p.sql("SELECT hostname, port FROM runtime_proxysql_servers ORDER BY port"); got != strings.Join(want, " ") {
			t.Errorf("members of %s: %s", p.name, got)
		}
	}
}
