package monitor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

const galeraRow = `mysql_galera_hostgroups: ( { writer_hostgroup=10, backup_writer_hostgroup=20, reader_hostgroup=30, offline_hostgroup=40,
 max_writers=1, writer_is_also_reader=2, max_transactions_behind=100 } )
`

// nodes is a monitor of a cluster.
type nodes struct {
	*node
	list []*mariadbtest.Server
}

// is waits until the servers are where they should be: "10:1 10:2! 20:2 30:2", with ! for those that are shunned.
func (n nodes) is(want string) {
	n.t.Helper()
	got := ""
	for end := time.Now().Add(2 * patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = n.where(); got == want {
			return
		}
	}
	n.t.Fatalf("the servers are %s, want %s", got, want)
}

func (n nodes) where() string {
	var list []string
	for _, s := range n.pool.Servers(false) {
		if s.Status == hostgroup.OfflineHard {
			continue
		}
		i := slices.IndexFunc(n.list, func(m *mariadbtest.Server) bool { return m.Port == s.Port })
		text := fmt.Sprintf("%d:%d", s.Hostgroup, i+1)
		if s.Status != hostgroup.Online && s.Hostgroup != 40 {
			text += "!"
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// writes asks the writer hostgroup who answers.
func (n nodes) writes() int {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	c, err := n.pool.Acquire(ctx, &hostgroup.Request{Hostgroup: 10, Login: hostgroup.Login{User: "app", Password: "app"}, Charset: 45})
	if err != nil {
		n.t.Fatal(err)
	}
	defer n.pool.Discard(c)
	return 1 + slices.IndexFunc(n.list, func(m *mariadbtest.Server) bool { return m.Port == c.Server().Port })
}

// last is the newest row of a node in mysql_server_galera_log, from primary_partition on.
func (n nodes) last(node int) string {
	rows := n.table("galera", n.list[node-1])
	if len(rows) == 0 {
		return ""
	}
	var cells []string
	for _, c := range rows[len(rows)-1][4:] {
		if c.Null {
			c.Text = "NULL"
		}
		cells = append(cells, c.Text)
	}
	return strings.Join(cells, " ")
}

// A cluster of three: every state of a node leads where it should.
func TestGalera(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped, takes 25 s")
	}
	cluster := mariadbtest.StartGalera(t, 3,
		"CREATE USER monitor@'%' IDENTIFIED BY 'monitor'", "GRANT REPLICATION CLIENT ON *.* TO monitor@'%'",
		"CREATE USER app@'%' IDENTIFIED BY 'app'", "GRANT ALL ON *.* TO app@'%'", "CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
	one, two, three := cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]
	n := nodes{start(t, ` monitor_galera_healthcheck_interval=100 monitor_galera_healthcheck_timeout=2000`,
		servers(10, one, ", weight=100", 10, two, ", weight=50", 10, three, "", 30, two, ", weight=7")+galeraRow), cluster.Nodes}
	const healthy = "10:1 10:2! 10:3! 20:2 20:3 30:2 30:3"
	n.is(healthy)
	if w := n.writes(); w != 1 {
		t.Errorf("node %d writes", w)
	}
	eventually(t, "the log of a node that is well", func() bool { return n.last(1) == "YES NO 0 4 NO NO NO NO NULL" })
	if got := n.weights(30, two); got != "7" {
		t.Errorf("the configured weight of a reader became %s", got)
	}

	for _, c := range []struct{ on, off, log, where string }{
		{"SET GLOBAL wsrep_desync=ON", "SET GLOBAL wsrep_desync=OFF", "YES NO 0 2 YES NO NO NO NULL", "10:1 10:3! 20:3 30:3 40:2"},
		{"SET GLOBAL wsrep_reject_queries='ALL'", "SET GLOBAL wsrep_reject_queries='NONE'", "YES NO 0 4 NO YES NO NO NULL", "10:1 10:3! 20:3 30:3 40:2"},
		{"SET GLOBAL read_only=ON", "SET GLOBAL read_only=OFF", "YES YES 0 4 NO NO NO NO NULL", "10:1 10:3! 20:3 30:2 30:3"},
		{"SET GLOBAL wsrep_sst_donor_rejects_queries=ON", "SET GLOBAL wsrep_sst_donor_rejects_queries=OFF", "YES NO 0 4 NO NO YES NO NULL", healthy},
	} {
		two.Exec(t, c.on)
		eventually(t, c.on+" in the log", func() bool { return n.last(2) == c.log })
		n.is(c.where)
		two.Exec(t, c.off)
		n.is(healthy)
	}

	// a writer that is desynced hands over, and takes over again
	one.Exec(t, "SET GLOBAL wsrep_desync=ON")
	n.is("10:2 10:3! 20:3 30:3 40:1")
	if w := n.writes(); w != 2 {
		t.Errorf("node %d writes", w)
	}
	one.Exec(t, "SET GLOBAL wsrep_desync=OFF")
	n.is(healthy)

	// a node without its cluster
	three.Exec(t, "SET GLOBAL wsrep_provider_options='gmcast.isolate=1'")
	n.is("10:1 10:2! 20:2 30:2 40:3")
	eventually(t, "the log of a node without its cluster", func() bool { return strings.HasPrefix(n.last(3), "NO NO ") })
	three.Exec(t, "SET GLOBAL wsrep_provider_options='gmcast.isolate=0'")
	n.is(healthy)

	// the writer dies: a client that finds it gone waits for the next one, not for the next check
	n.set("monitor_galera_healthcheck_interval", "100000")
	n.set("monitor_ping_interval", "100000")
	time.Sleep(300 * time.Millisecond)
	one.Kill()
	begun := time.Now()
	if w := n.writes(); w != 2 {
		t.Errorf("node %d writes", w)
	}
	t.Logf("the next writer served after %v", time.Since(begun).Round(time.Millisecond))
	n.is("10:2 10:3! 20:3 30:3 40:1")
	why := fmt.Sprintf("Galera: setting host %s offline because: ", one.Addr)
	eventually(t, "the log to say why", func() bool { return n.logged(why+"it does not accept connections")+n.logged(why+"missed ") > 0 })
	eventually(t, "the table to have a node that is gone", func() bool {
		rows := n.table("galera", one)
		return !rows[len(rows)-1][12].Null && rows[len(rows)-1][4].Text == "NO"
	})

	// a load does not bring it back, and at no moment are there two writers
	n.admin(schema.MySQLServers)
	for range 50 {
		if where := n.where(); strings.Contains(where, "10:2 ") && strings.Contains(where, "10:3 ") {
			t.Fatalf("two writers after a load: %s", where)
		}
		time.Sleep(time.Millisecond)
	}
	n.is("10:2 10:3! 20:3 30:3 40:1")
	n.set("monitor_galera_healthcheck_interval", "100")
	n.set("monitor_ping_interval", "100")
	two.Exec(t, "INSERT INTO d.t VALUES (1)")

	// it returns to its place
	cluster.Return(t, one)
	n.is(healthy)
	eventually(t, "the node to have what was written meanwhile", func() bool { return one.Query(t, "SELECT COUNT(*) FROM d.t")[0][0] == "1" })

	// it hangs; that it does not answer pings is a reason to look at the others, and that it does again, at itself
	n.set("monitor_galera_healthcheck_interval", "100000")
	time.Sleep(300 * time.Millisecond)
	checks := len(n.table("galera", two))
	one.Freeze()
	n.set("monitor_ping_timeout", "1000")
	n.is("10:2 10:3! 20:3 30:3 40:1")
	if w := n.writes(); w != 2 {
		t.Errorf("node %d writes", w)
	}
	eventually(t, "a check of the others", func() bool { return len(n.table("galera", two)) > checks })
	one.Thaw()
	n.is(healthy)
	n.admin(schema.MySQLServers, "UPDATE mysql_galera_hostgroups SET active=0")
	n.is("10:1 10:2 10:3 30:2")
}

// weights reads the weight in force.
func (n nodes) weights(hostgroup int, s *mariadbtest.Server) string {
	rows := n.layers.Snapshot(schema.MySQLServers).Runtime["mysql_servers"]
	for i := range rows.Rows {
		if rows.Get(i, "hostgroup_id").Text == fmt.Sprint(hostgroup) && rows.Get(i, "port").Text == fmt.Sprint(s.Port) {
			return rows.Get(i, "weight").Text
		}
	}
	return "not there"
}
