package monitor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
)

const pair = `mysql_replication_hostgroups: ( { writer_hostgroup=10, reader_hostgroup=20 } )`

// A switchover moves both servers, and a load of the servers does not undo it.
func TestMovesByReadOnly(t *testing.T) {
	one.Exec(t, "SET GLOBAL read_only=0")
	two.Exec(t, "SET GLOBAL read_only=1")
	t.Cleanup(func() { one.Exec(t, "SET GLOBAL read_only=0"); two.Exec(t, "SET GLOBAL read_only=0") })
	n := start(t, "", servers(10, one, "", 20, two, ", weight=7, comment=\"the other\"")+pair)
	eventually(t, "first checks", func() bool { return n.logged("detected RO=0 on server "+one.Addr) > 0 })
	before := n.layers.Stamps()
	if got := n.placed(); got != "10:one 20:two" {
		t.Fatal(got)
	}

	one.Exec(t, "SET GLOBAL read_only=1")
	eventually(t, "the old writer to become a reader", func() bool { return n.placed() == "20:one 20:two" })
	two.Exec(t, "SET GLOBAL read_only=0")
	eventually(t, "the new writer", func() bool { return n.placed() == "10:two 20:one 20:two" })
	rows := n.layers.Snapshot(schema.MySQLServers).Runtime["mysql_servers"]
	if rows.Get(0, "weight").Text != "7" || rows.Get(0, "comment").Text != "the other" {
		t.Errorf("columns were lost: %v", rows.Rows[0])
	}
	eventually(t, "the pool to have the same servers", func() bool { return n.status(10, two) == "ONLINE" && n.status(10, one) == "unknown" })
	after := n.layers.Stamps()
	if a, b := before["mysql_servers"], after["mysql_servers"]; a.Version != b.Version || a.Checksum == b.Checksum || b.Epoch < a.Epoch {
		t.Errorf("mysql_servers: %+v became %+v", a, b)
	}
	if before["mysql_servers_v2"] != after["mysql_servers_v2"] {
		t.Errorf("mysql_servers_v2: %+v became %+v", before["mysql_servers_v2"], after["mysql_servers_v2"])
	}
	for _, line := range []string{
		fmt.Sprintf("Server '%s' found with 'read_only=0', but not found as writer", two.Addr),
		fmt.Sprintf("Regenerating table 'mysql_servers' due to actions on server '%s'", two.Addr),
	} {
		eventually(t, "the log to say "+line, func() bool { return n.logged(line) > 0 }) // it is said once the move is in force
	}

	// a load puts them where they are configured for the blink of an eye, not until the next check
	n.set("monitor_read_only_interval", "100000")
	time.Sleep(200 * time.Millisecond)
	n.admin(schema.MySQLServers)
	eventually(t, "servers to be in place again", func() bool { return n.placed() == "10:two 20:one 20:two" })

	// with writer_is_also_reader=false a new writer leaves the readers
	n.set("monitor_read_only_interval", "100")
	n.set("monitor_writer_is_also_reader", "false")
	one.Exec(t, "SET GLOBAL read_only=0")
	eventually(t, "one to leave the readers", func() bool { return n.placed() == "10:one 10:two 20:two" })
}

// Each check_type asks for what it says; MariaDB has no super_read_only, which says nothing against a server.
func TestCheckTypes(t *testing.T) {
	t.Cleanup(func() { one.Exec(t, "SET GLOBAL read_only=0") })
	one.Exec(t, "SET GLOBAL read_only=1")
	for check, want := range map[string]string{
		"read_only": "20:one", "innodb_read_only": "10:one", "super_read_only": "10:one",
		"read_only|innodb_read_only": "20:one", "read_only&innodb_read_only": "10:one",
	} {
		n := start(t, "", servers(10, one, "")+
			fmt.Sprintf(`mysql_replication_hostgroups: ( { writer_hostgroup=10, reader_hostgroup=20, check_type="%s" } )`, check))
		eventually(t, "checks", func() bool { return len(n.table("read_only", one)) > 2 })
		eventually(t, check+" to place the server in "+want, func() bool { return n.placed() == want })
		if r := n.table("read_only", one)[0]; check == "super_read_only" && (!r[4].Null || !strings.Contains(r[5].Text, "super_read_only")) {
			t.Errorf("%s: %v", check, r)
		}
	}
}

// A server that hangs is shunned everywhere, who waits for it hears of it, and it comes back by itself. Others are watched
// as before.
func TestFrozenServer(t *testing.T) {
	n := start(t, "", servers(10, one, "", 20, one, "", 20, two, ""))
	n.set("monitor_ping_timeout", "3000")
	eventually(t, "pings", func() bool { return len(n.table("ping", one)) > 2 && n.status(10, one) == "ONLINE" })
	var latency int64
	for _, s := range n.pool.Servers(false) {
		latency = max(latency, s.LatencyMicros)
	}
	if latency == 0 {
		t.Error("no latency is known")
	}
	c, err := n.pool.Acquire(context.Background(), &hostgroup.Request{Hostgroup: 10, Login: hostgroup.Login{User: "app", Password: "app"}, Charset: 45})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WriteCommand(3, "DO SLEEP(300)"); err != nil {
		t.Fatal(err)
	}
	one.Freeze()
	t.Cleanup(one.Thaw)
	n.set("monitor_ping_timeout", "300") // not before: a machine that stands still for a moment is no server that hangs
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.ReadPacket(); err == nil || c.Usable() || c.Cut() != "missed 2 heartbeats" {
		t.Errorf("the connection was not cut: %v, %q", err, c.Cut())
	}
	n.pool.Discard(c)
	n.set("monitor_ping_timeout", "3000")
	eventually(t, "the server that hangs to be shunned, and no other", func() bool {
		return n.status(10, one) == "SHUNNED" && n.status(20, one) == "SHUNNED" && n.status(20, two) == "ONLINE" &&
			n.pool.Shunned(hostgroup.Key{Hostgroup: 10, Host: "127.0.0.1", Port: one.Port})
	})
	want := fmt.Sprintf("Server %s missed 2 heartbeats, shunning it and killing all the connections. Disabling other checks until the node comes back online.", one.Addr)
	eventually(t, "the log to say that", func() bool { return n.logged(want) > 0 }) // it is said once the server is shunned
	if n.logged(want) != 1 {
		t.Errorf("the log has it %d times: %s", n.logged(want), want)
	}
	pings := len(n.table("ping", two))
	eventually(t, "pings of the other server", func() bool { return len(n.table("ping", two)) >= pings+3 })
	one.Thaw()
	eventually(t, "the server to come back", func() bool { return n.status(10, one) == "ONLINE" && n.status(20, one) == "ONLINE" })
	rows := n.table("ping", one)
	failed := 0
	for _, r := range rows {
		if !r[4].Null {
			if r[3].Text != "0" {
				t.Errorf("a failed ping: %v", r)
			}
			if strings.Contains(r[4].Text, "timeout") {
				failed++
			}
		}
	}
	if failed < 2 {
		t.Errorf("%d failed pings of %d", failed, len(rows))
	}
}

func TestReplicationLag(t *testing.T) {
	t.Cleanup(func() { two.Exec(t, "STOP SLAVE", "RESET SLAVE ALL", "DELETE FROM d.heartbeat") })
	n := start(t, "", servers(20, one, ", max_replication_lag=30", 20, two, ", max_replication_lag=30", 30, two, ", max_replication_lag=90", 40, two, ""))
	eventually(t, "checks", func() bool { return len(n.table("replication_lag", two)) > 1 })
	if n.status(20, two) != "ONLINE" {
		t.Error("a server without replication counts as late")
	}
	// a replication that does not run counts as 60 s
	two.Exec(t, "CHANGE MASTER TO master_host='127.0.0.1', master_port=1, master_user='x'")
	eventually(t, "the replica to be late", func() bool { return n.status(20, two) == "SHUNNED_REPLICATION_LAG" })
	if a, b, c := n.status(30, two), n.status(40, two), n.status(20, one); a != "ONLINE" || b != "ONLINE" || c != "ONLINE" {
		t.Errorf("others are %s, %s, %s", a, b, c)
	}
	want := fmt.Sprintf("Shunning server %s from HG 20 with replication lag of 60 second, count number: '1'", two.Addr)
	eventually(t, "the log to say that", func() bool { return n.logged(want) > 0 }) // it is said once the server is shunned
	if n.logged(want) != 1 {
		t.Errorf("the log has it %d times: %s", n.logged(want), want)
	}
	n.set("monitor_slave_lag_when_null", "10")
	eventually(t, "the replica to be used again", func() bool { return n.status(20, two) == "ONLINE" })

	// the heartbeat table has the last word where there is one
	two.Exec(t, "INSERT INTO d.heartbeat VALUES (SYSDATE(6) - INTERVAL 50 SECOND)")
	one.Exec(t, "INSERT INTO d.heartbeat VALUES (SYSDATE(6))")
	t.Cleanup(func() { one.Exec(t, "DELETE FROM d.heartbeat") })
	n.set("monitor_replication_lag_use_percona_heartbeat", "d.heartbeat")
	eventually(t, "the replica to be late by its heartbeat", func() bool { return n.status(20, two) == "SHUNNED_REPLICATION_LAG" })
	if n.status(20, one) != "ONLINE" {
		t.Error("the other one is late too")
	}
	rows := n.table("replication_lag", two)
	if last := rows[len(rows)-1]; last[4].Null || last[4].Text < "5" || !last[5].Null {
		t.Errorf("last row: %v", last)
	}
	n.admin(schema.MySQLServers, "UPDATE mysql_servers SET max_replication_lag=0")
	eventually(t, "the limit to be gone", func() bool { return n.status(20, two) == "ONLINE" })
}

// An account that may not log in disturbs nothing and does not fill the log.
func TestDenied(t *testing.T) {
	n := start(t, ` monitor_password="wrong"`, servers(10, one, ", max_replication_lag=5", 20, two, "")+pair)
	eventually(t, "attempts", func() bool { return len(n.table("ping", one)) > 10 && len(n.table("read_only", one)) > 10 })
	if n.status(10, one) != "ONLINE" || n.placed() != "10:one 20:two" {
		t.Errorf("%s, %s", n.status(10, one), n.placed())
	}
	if lines := n.logged("is returning"); lines != 2 {
		t.Errorf("%d lines in the log", lines)
	}
	if r := n.table("ping", one)[0]; !strings.Contains(r[4].Text, "Access denied for user 'monitor'") {
		t.Errorf("ping log: %v", r)
	}
	n.set("monitor_password", "monitor")
	eventually(t, "the login to succeed", func() bool {
		rows := n.table("ping", one)
		return rows[len(rows)-1][4].Null
	})
}

func TestSwitchedOff(t *testing.T) {
	n := start(t, " monitor_history=1000", servers(10, one, "", 20, two, "")+pair)
	gauge := func(name string) uint64 { return n.monitor.Gauges()["MySQL_Monitor_"+name] }
	eventually(t, "checks", func() bool {
		return gauge("connect_check_OK") > 1 && gauge("ping_check_OK") > 1 && gauge("read_only_check_OK") > 1 && gauge("Workers") == 2
	})
	if gauge("Workers_Started") != 2 {
		t.Errorf("workers: %v", n.monitor.Gauges())
	}
	n.set("monitor_enabled", "false")
	eventually(t, "the watchers to stop", func() bool { return gauge("Workers") == 0 })
	pings := gauge("ping_check_OK") + gauge("ping_check_ERR")
	time.Sleep(1200 * time.Millisecond)
	if now := gauge("ping_check_OK") + gauge("ping_check_ERR"); now != pings {
		t.Errorf("%d pings while switched off", now-pings)
	}
	if rows := n.table("ping", one); len(rows) != 0 {
		t.Errorf("%d rows are older than mysql-monitor_history", len(rows))
	}
	n.set("monitor_enabled", "true")
	eventually(t, "the watchers to start", func() bool { return gauge("Workers") == 2 })
	// OFFLINE_HARD is not watched
	n.admin(schema.MySQLServers, "UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostgroup_id=20")
	eventually(t, "one watcher to stop", func() bool { return gauge("Workers") == 1 })
}
