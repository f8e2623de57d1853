package admin_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/wire"
)

const nodeUUID = "PROXYSQL CLUSTER_NODE_UUID 11111111-2222-3333-4444-555555555555 127.0.0.1:6032"

// TestClusterWait: a node that waits is answered when something changes, and at the latest when its time is over.
func TestClusterWait(t *testing.T) {
	var peers cluster
	n := start(t, setup{memory: true, options: func(o *admin.Options) { o.Peers = &peers }})
	c := n.admin()
	const only = "ProxySQL Admin Error: PROXYSQL CLUSTER_WAIT <checksum> <milliseconds> is for cluster nodes that told their UUID"
	c.steps(step{"PROXYSQL CLUSTER_WAIT 1 1", only}, step{nodeUUID, "ok 0 CLUSTER_WAIT"}, step{"PROXYSQL CLUSTER_WAIT 1 x", only})
	known := c.text("SELECT GLOBAL_CHECKSUM()")
	began := time.Now()
	if got := c.text("PROXYSQL CLUSTER_WAIT 1 9000"); got != known || time.Since(began) > 8*time.Second {
		t.Errorf("another checksum is answered with %s after %v", got, time.Since(began))
	}
	began = time.Now()
	if got := c.text("PROXYSQL CLUSTER_WAIT " + known + " 50"); got != known || time.Since(began) < 50*time.Millisecond {
		t.Errorf("no change is answered with %s after %v", got, time.Since(began))
	}
	loaded := make(chan time.Time, 1)
	go func() {
		time.Sleep(20 * time.Millisecond)
		err := n.layers.Load("mysql_users", "test")
		loaded <- time.Now()
		if err != nil {
			t.Error(err)
		}
	}()
	got := c.text("PROXYSQL CLUSTER_WAIT " + known + " 9000")
	if took := time.Since(<-loaded); got == known || took > 8*time.Second {
		t.Errorf("a change is answered with %s after %v", got, took)
	}
	// Sessions that wait end with the server: the test's own check for goroutines would find one that does not.
	if err := errors.Join(c.Conn().WriteCommand(wire.ComQuery, "PROXYSQL CLUSTER_WAIT "+got+" 9000"), c.Conn().Flush()); err != nil {
		t.Error(err)
	}
}

// TestTooManyWait: who comes when enough nodes wait goes on polling.
func TestTooManyWait(t *testing.T) {
	var peers cluster
	n := start(t, setup{memory: true, options: func(o *admin.Options) { o.Peers, o.MaxWaiters = &peers, 2 }})
	known := n.admin().text("SELECT GLOBAL_CHECKSUM()")
	var holders []*client
	hold := func() {
		c := n.admin()
		holders = append(holders, c)
		c.do(nodeUUID)
		if err := errors.Join(c.Conn().WriteCommand(wire.ComQuery, "PROXYSQL CLUSTER_WAIT "+known+" 9000"), c.Conn().Flush()); err != nil {
			t.Fatal(err)
		}
	}
	hold()
	c := n.admin()
	c.do(nodeUUID)
	eventually(t, "a wait that is refused", func() bool {
		hold() // what asks may have taken the place of one, and waits end
		time.Sleep(100 * time.Millisecond)
		return strings.Contains(c.text("PROXYSQL CLUSTER_WAIT "+known+" 1"), "too many cluster nodes wait")
	})
	runtime.KeepAlive(holders) // a connection nobody holds may be closed
}

// TestClusterAccount: the cluster's account needs not be listed as an administrator, and may then only speak the protocol.
func TestClusterAccount(t *testing.T) {
	var peers cluster
	n := start(t, setup{memory: true, options: func(o *admin.Options) { o.Peers = &peers }, file: variables(
		"admin-admin_credentials", "admin:admin;both:listed",
		"admin-cluster_username", "node", "admin-cluster_password", "secret",
	)})
	cl, err := n.login("node", "secret")
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	c := &client{cl, t}
	for _, allowed := range []string{
		"SELECT @@version", nodeUUID, "SELECT GLOBAL_CHECKSUM()", "PROXYSQL CLUSTER_WAIT 1 1",
		"SELECT * FROM runtime_checksums_values ORDER BY name", "SELECT * FROM stats_mysql_global ORDER BY Variable_Name",
		"SELECT hostname, port, weight, comment FROM runtime_proxysql_servers ORDER BY hostname, port",
		"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'mysql-%' AND variable_name NOT IN ('mysql-threads') AND variable_name NOT IN ('mysql-interfaces') ORDER BY variable_name",
		"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'admin-%' AND variable_name NOT IN ('admin-mysql_ifaces','admin-restapi_port','admin-telnet_admin_ifaces','admin-telnet_stats_ifaces','admin-web_port') ORDER BY variable_name",
		"PROXY_SELECT writer_hostgroup, reader_hostgroup, comment FROM runtime_mysql_replication_hostgroups ORDER BY writer_hostgroup",
	} {
		if got := c.text(allowed); strings.HasPrefix(got, errorPrefix) {
			t.Errorf("%s: %s", allowed, got)
		}
	}
	const refused = errorPrefix + "this account may only do what cluster nodes ask of each other"
	for _, sql := range []string{
		"SELECT * FROM mysql_users", "LOAD MYSQL USERS TO RUNTIME", "SET admin-version=1", "PROXYSQL SHUTDOWN", "PROXYSQL STOP",
		"INSERT INTO mysql_users(username) VALUES('x')", "SELECT CONFIG FILE", "SHOW TABLES", "SAVE CONFIG TO FILE /tmp/x", "",
		"SELECT * FROM runtime_checksums_values ORDER BY name; DELETE FROM mysql_users",
	} {
		if got := c.text(sql); got != refused {
			t.Errorf("%s: %s", sql, got)
		}
	}
	if _, err := n.login("node", "wrong"); err == nil {
		t.Error("logged in with a wrong password")
	}
	cl, err = n.login("both", "listed")
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if got := (&client{cl, t}).text("SELECT DATABASE()"); got != "admin" {
		t.Errorf("a listed account is of class %s", got)
	}
}
