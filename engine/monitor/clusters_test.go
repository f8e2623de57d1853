package monitor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/monitor"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
	"github.com/keepsql/keepsql/engine/wire"
)

// ask runs a check's statement on tables of the form it is for.
func ask(t *testing.T, sql string) *wire.Result {
	t.Helper()
	c, err := wire.Open(context.Background(), "tcp", one.Addr, &wire.Account{User: "root"}, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return r
}

// members are the tables of a group of MySQL, as 5.7 has them and as it is since 8.0.
func members(t *testing.T, queue, values string) {
	one.Exec(t, "CREATE OR REPLACE DATABASE gr",
		"CREATE TABLE gr.replication_group_members (CHANNEL_NAME char(64), MEMBER_ID char(36), MEMBER_HOST char(255), MEMBER_PORT int, MEMBER_STATE char(64))",
		"CREATE TABLE gr.replication_group_member_stats (CHANNEL_NAME char(64), VIEW_ID char(60), MEMBER_ID char(36), "+queue+" bigint unsigned)",
		"INSERT INTO gr.replication_group_members VALUES "+values,
		"INSERT INTO gr.replication_group_member_stats VALUES ('applier','1','a',17)")
}

func TestGroupStatement(t *testing.T) {
	if one == nil {
		t.Skip("skipped, needs a database: mariadb-server is not installed")
	}
	t.Cleanup(func() { one.Exec(t, "DROP DATABASE IF EXISTS gr") })
	a, b := verdict.Addr{Host: "node-a", Port: 3306}, verdict.Addr{Host: "node-b", Port: 3307}
	const later = "COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE"
	for _, c := range []struct {
		version, queue, rows string
		want                 verdict.GroupState
	}{
		{"8.0.36", later, "('x','a','node-a',3306,'ONLINE'),('x','b','node-b',3307,'ONLINE'),('x','c','node-c',3306,'RECOVERING')",
			verdict.GroupState{Viable: true, Behind: 17, Self: a, Members: []verdict.Addr{a, b}}},
		{"9.4.0", later, "('x','a','node-a',3306,'ONLINE'),('x','b','node-b',3307,'ONLINE'),('x','c','node-c',3306,'UNREACHABLE')",
			verdict.GroupState{Viable: true, Behind: 17, Self: a, Members: []verdict.Addr{a, b}}},
		{"10.1.0", later, "('x','a','node-a',3306,'ONLINE'),('x','b','node-b',3307,'UNREACHABLE')",
			verdict.GroupState{Behind: 17, Self: a, Members: []verdict.Addr{a}}},
		{"5.7.44-log", "COUNT_TRANSACTIONS_IN_QUEUE", "('x','a','node-a',3306,'RECOVERING'),('x','b','node-b',3307,'ONLINE')",
			verdict.GroupState{Behind: 17, Self: a, Members: []verdict.Addr{b}}},
		{"8.4.2", later, "('x','','',NULL,'OFFLINE')", verdict.GroupState{ReadOnly: true}}, // no group at all
	} {
		members(t, c.queue, c.rows)
		got := monitor.ReadGroup(ask(t, monitor.GroupSQL(c.version, "gr", "'a'")))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s %s: %s", c.version, c.rows, d)
		}
	}
	one.Exec(t, "SET GLOBAL read_only=1")
	t.Cleanup(func() { one.Exec(t, "SET GLOBAL read_only=0") })
	members(t, later, "('x','a','node-a',3306,'ONLINE')")
	if s := monitor.ReadGroup(ask(t, monitor.GroupSQL("8.0.36", "gr", "'a'"))); !s.ReadOnly || !s.Viable {
		t.Errorf("a secondary: %+v", s)
	}
}

func TestAuroraStatement(t *testing.T) {
	if one == nil {
		t.Skip("skipped, needs a database: mariadb-server is not installed")
	}
	one.Exec(t, "CREATE OR REPLACE DATABASE aurora",
		"CREATE TABLE aurora.REPLICA_HOST_STATUS (SERVER_ID varchar(100), SESSION_ID varchar(100), LAST_UPDATE_TIMESTAMP datetime(6), REPLICA_LAG_IN_MILLISECONDS double, CPU double)",
		`INSERT INTO aurora.REPLICA_HOST_STATUS VALUES ('i1','MASTER_SESSION_ID',NOW(6),-1,5.58), ('i2','7d9ee6d2',NOW(6),19.4,0),
			('i3','MASTER_SESSION_ID',NOW(6)-INTERVAL 20 SECOND,0,1), ('i4','gone',NOW(6)-INTERVAL 200 SECOND,5,1), ('i5','far',NOW(6),700000,1), ('i6','x',NOW(6),0,1)`)
	t.Cleanup(func() { one.Exec(t, "DROP DATABASE aurora") })
	hosts := monitor.ReadAurora(ask(t, monitor.AuroraSQL("aurora")))
	var got []string
	for _, h := range hosts {
		text := h.ID + " " + h.Session + " " + h.Lag.String() + " " + h.CPU
		if h.Writes {
			text += " writes"
		}
		got = append(got, text)
		if len(h.Updated) != len("2026-01-01 00:00:00.000000") {
			t.Errorf("%s was heard of at %q", h.ID, h.Updated)
		}
	}
	want := []string{"i1 MASTER_SESSION_ID 0s 6 writes", "i2 7d9ee6d2 19.4ms 0", "i3 probably_former_MASTER_SESSION_ID 0s 1", "i6 x 0s 1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGaleraStatement(t *testing.T) {
	for version, from := range map[string]string{
		"5.5.5-10.11.19-MariaDB-0+deb12u1": "information_schema.", "11.8.2-MariaDB": "information_schema.", "5.6.51": "information_schema.",
		"5.7.44-48-57": "performance_schema.", "8.0.36-28.1": "performance_schema.", "9.1.0": "performance_schema.", "10.0.0": "performance_schema.",
	} {
		if sql := monitor.GaleraSQL(version); strings.Count(sql, from) != 2 {
			t.Errorf("%s: %s", version, sql)
		}
	}
	got := monitor.ReadGalera(map[string]string{
		"wsrep_local_state": "4", "wsrep_cluster_status": "Primary", "read_only": "OFF", "wsrep_reject_queries": "NONE",
		"wsrep_sst_donor_rejects_queries": "ON", "wsrep_local_recv_queue": "3", "pxc_maint_mode": "SHUTDOWN",
	})
	want := verdict.GaleraState{LocalState: 4, Primary: true, DonorRejects: true, Queue: 3, MaintMode: true, MaintModeName: "SHUTDOWN"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What servers look like after an arrangement.
func TestArranged(t *testing.T) {
	columns := []string{"hostgroup_id", "hostname", "port", "status", "weight", "max_connections", "use_ssl", "comment"}
	table := func(lines ...string) *schema.Rows {
		rows := &schema.Rows{Columns: columns}
		for _, l := range lines {
			var row schema.Row
			for _, f := range strings.Fields(l) {
				row = append(row, schema.Text(strings.Trim(f, `"`)))
			}
			rows.Rows = append(rows.Rows, row)
		}
		return rows
	}
	s := &layers.Snapshot{
		Source: map[string]*schema.Rows{"mysql_servers": table(`10 a 3306 ONLINE 9 50 0 ""`, `30 a 3306 ONLINE 1 70 0 ""`, `10 b 3306 ONLINE 5 50 1 b`)},
		Runtime: map[string]*schema.Rows{
			"mysql_servers": table(`40 a 3306 ONLINE 9 50 0 ""`, `10 b 3306 ONLINE 5 50 1 b`, `20 b 3306 OFFLINE_HARD 5 50 1 b`, `99 b 3306 ONLINE 5 50 1 b`),
			"mysql_hostgroup_attributes": {Columns: []string{"hostgroup_id", "servers_defaults"}, Rows: []schema.Row{
				{schema.Text("30"), schema.Text(`{"weight":8, "max_connections":77, "use_ssl":1}`)}}},
		},
	}
	a := verdict.Arrange{Groups: []int{10, 20, 30, 40}, Places: []verdict.Place{
		{Addr: verdict.Addr{Host: "a", Port: 3306}, In: []int{10, 20, 30}}, {Addr: verdict.Addr{Host: "b", Port: 3306}, In: []int{40}},
		{Addr: verdict.Addr{Host: "c", Port: 3307}, In: []int{30}, New: true, Weight: -1}, {Addr: verdict.Addr{Host: "d", Port: 3307}, In: []int{30}, New: true, Weight: 3},
	}}
	var got []string
	for _, r := range monitor.Arranged(s, a).Rows {
		var cells []string
		for _, c := range r {
			cells = append(cells, c.Text)
		}
		got = append(got, strings.TrimSpace(strings.Join(cells, " ")))
	}
	want := []string{
		"20 b 3306 OFFLINE_HARD 5 50 1 b", "99 b 3306 ONLINE 5 50 1 b", // other hostgroups and an operator's word
		"10 a 3306 ONLINE 9 50 0", "20 a 3306 ONLINE 9 50 0", "30 a 3306 ONLINE 1 70 0", // as loaded for that hostgroup, or the first
		"40 b 3306 ONLINE 5 50 1 b", "30 c 3307 ONLINE 8 77 1", "30 d 3307 ONLINE 3 77 1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Servers that are no members of anything stay where they are, and the tables say why.
func TestStrangers(t *testing.T) {
	n := start(t, " monitor_groupreplication_healthcheck_interval=100 monitor_groupreplication_healthcheck_timeout=3000",
		servers(10, one, "", 30, two, "", 50, one, "", 60, two, "")+`
		mysql_group_replication_hostgroups: ( { writer_hostgroup=10, backup_writer_hostgroup=20, reader_hostgroup=30, offline_hostgroup=40 } )
		mysql_aws_aurora_hostgroups: ( { writer_hostgroup=50, reader_hostgroup=60, domain_name=".rds", check_interval_ms=100, check_timeout_ms=3000 } )`)
	eventually(t, "checks", func() bool {
		return len(n.table("group_replication", one)) > 2 && len(n.table("aws_aurora", two)) > 2 && len(n.table("group_replication", two)) > 2
	})
	if got := n.placed(); got != "10:one 30:two 50:one 60:two" {
		t.Errorf("servers: %s", got)
	}
	r := n.table("group_replication", one)[0]
	if r[4].Text != "NO" || r[5].Text != "YES" || r[6].Text != "0" || !strings.Contains(r[7].Text, "server_uuid") {
		t.Errorf("group_replication log: %v", r)
	}
	r = n.table("aws_aurora", two)[0]
	if len(r) != 11 || !strings.Contains(r[4].Text, "REPLICA_HOST_STATUS") && !strings.Contains(r[4].Text, "replica_host_status") || r[5].Text != "" {
		t.Errorf("aws_aurora log: %v", r)
	}
	status := n.monitor.Tables()["mysql_server_aws_aurora_check_status"]().Rows
	if len(status) != 2 || status[0][0].Text != "50" || status[0][4].Text == "0" || status[0][5].Text != "0" || status[0][6].Null {
		t.Errorf("check status: %v", status)
	}
	if rows := n.monitor.Tables()["mysql_server_aws_aurora_failovers"]().Rows; len(rows) != 0 {
		t.Errorf("failovers: %v", rows)
	}
}

// A server without Galera has no place in a cluster.
func TestNoGalera(t *testing.T) {
	n := start(t, " monitor_galera_healthcheck_interval=100 monitor_galera_healthcheck_timeout=3000",
		servers(10, one, "", 30, two, "")+galeraRow)
	eventually(t, "the servers to be offline", func() bool { return n.placed() == "40:one 40:two" })
	n.set("monitor_enabled", "false")
	n.admin(schema.MySQLServers)
	if got := n.placed(); got != "10:one 30:two" {
		t.Errorf("without the monitor: %s", got)
	}
}
