package layers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
)

// history gives the revisions of a module in words, the newest first.
func (n *node) history(module string) []string {
	n.t.Helper()
	revisions, err := n.History(module)
	if err != nil {
		n.t.Fatal(err)
	}
	var out []string
	for _, r := range revisions {
		out = append(out, fmt.Sprintf("%d v%d by %s: %s", r.Revision, r.Version, r.Origin, r.Summary))
	}
	return out
}

func (n *node) expectHistory(module string, want ...string) {
	n.t.Helper()
	if diff := cmp.Diff(want, n.history(module)); diff != "" {
		n.t.Errorf("history of %s (-want +got):\n%s", module, diff)
	}
}

func TestHistory(t *testing.T) {
	dir := t.TempDir()
	const text = `mysql_users = ( { username="app" password="p" }, { username="old" } )`
	n := boot(t, dir, text)
	n.exec("INSERT INTO mysql_users(username,password) VALUES('a','1'),('b','2'),('c','3'),('d','4')")
	n.exec("DELETE FROM mysql_users WHERE username='old'")
	n.exec("UPDATE mysql_users SET password='secret' WHERE username='app'")
	n.load(schema.MySQLUsers)
	n.load(schema.MySQLUsers) // changes nothing: no revision, but a version
	n.exec("UPDATE global_variables SET variable_value='55' WHERE variable_name='mysql-max_connections'")
	n.load(schema.MySQLVariables)
	first := n.history(schema.MySQLUsers)
	if !strings.HasSuffix(first[1], "mysql_users: 2 added (app:1, old:1)") || !strings.HasPrefix(first[1], "1 v1 by file ") {
		t.Errorf("first revision %q", first[1])
	}
	n.expectHistory(schema.MySQLUsers, "2 v2 by test: mysql_users: 4 added (a:1, b:1, c:1, …), 1 changed (app:1), 1 deleted (old:1)", first[1])
	if got := n.history(schema.MySQLVariables)[0]; got != "2 v2 by test: global_variables: 1 changed (mysql-max_connections)" {
		t.Error(got)
	}
	n.expectHistory("scheduler", n.history("scheduler")[0])
	n.stop()

	n = boot(t, dir, text) // disk has the rows of the first revision
	n.expectHistory(schema.MySQLUsers,
		"3 v1 by boot: mysql_users: 1 added (old:1), 1 changed (app:1), 4 deleted (a:1, b:1, c:1, …)",
		"2 v2 by test: mysql_users: 4 added (a:1, b:1, c:1, …), 1 changed (app:1), 1 deleted (old:1)", first[1])
	if err := n.Rollback(schema.MySQLUsers, 2, "admin root@127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	const users = "app a b c d"
	for _, layer := range []string{"main", "disk"} {
		if got := n.list("SELECT username FROM " + layer + ".mysql_users ORDER BY rowid"); got != users {
			t.Errorf("%s has %q, want %q", layer, got, users)
		}
	}
	if got := n.Snapshot(schema.MySQLUsers); got.Stamp().Version != 2 || len(got.Source["mysql_users"].Rows) != 5 {
		t.Errorf("in force: %v with %d rows", got.Stamp(), len(got.Source["mysql_users"].Rows))
	}
	if got := n.history(schema.MySQLUsers)[0]; got != "4 v2 by admin root@127.0.0.1, back to revision 2: mysql_users: 4 added (a:1, b:1, c:1, …), 1 changed (app:1), 1 deleted (old:1)" {
		t.Error(got)
	}
	if drift, err := n.Drift(); err != nil || len(drift) > 2 { // the file still has its two users
		t.Errorf("%v: %v", err, drift)
	}
	if _, err := n.History("nonsense"); err == nil {
		t.Error("a module that does not exist has a history")
	}
}

// A restart with what was in force is no revision.
func TestHistoryOfRestart(t *testing.T) {
	dir := t.TempDir()
	n := boot(t, dir, "")
	n.exec("INSERT INTO mysql_servers(hostname) VALUES('db1')")
	n.load(schema.MySQLServers)
	if err := n.SaveToDisk(schema.MySQLServers); err != nil {
		t.Fatal(err)
	}
	before := n.history("")
	n.stop()
	n = boot(t, dir, "")
	if diff := cmp.Diff(before, n.history("")); diff != "" {
		t.Errorf("history (-before +after the restart):\n%s", diff)
	}
}

func TestHistoryOfAdoptedServers(t *testing.T) {
	n := boot(t, "", `mysql_servers = ( { hostname="db1" hostgroup=1 } )`)
	rows := n.Snapshot(schema.MySQLServers).Runtime["mysql_servers"].Clone()
	rows.Rows[0][rows.Index("status")] = schema.Text("OFFLINE_SOFT")
	if err := n.AdoptRuntimeServers(layers.Pull{Peer: "peer:6032", RuntimeServers: rows}); err != nil {
		t.Fatal(err)
	}
	if got := n.history(schema.MySQLServers)[0]; got != "2 v2 by peer peer:6032: in force only: mysql_servers: 1 changed (1:db1:3306)" {
		t.Error(got)
	}
}

func TestRollbackOfVariables(t *testing.T) {
	n := boot(t, "", "")
	set := func(name, value string) {
		n.exec("UPDATE global_variables SET variable_value='" + value + "' WHERE variable_name='" + name + "'")
	}
	set("mysql-max_connections", "55")
	n.load(schema.MySQLVariables)
	set("mysql-max_connections", "66")
	n.load(schema.MySQLVariables)
	if err := n.LoadRevision(schema.MySQLVariables, 2); err != nil {
		t.Fatal(err)
	}
	value := func(layer string) string {
		return n.list("SELECT variable_value FROM " + layer + ".global_variables WHERE variable_name='mysql-max_connections'")
	}
	if got := value("main") + " " + value("disk") + " " + n.Variables(schema.MySQLVariables).String("mysql-max_connections"); got != "55 10000 66" {
		t.Errorf("after a load of the revision to memory: %s", got)
	}
	if err := n.Rollback(schema.MySQLVariables, 2, "test"); err != nil {
		t.Fatal(err)
	}
	if got := value("main") + " " + value("disk") + " " + n.Variables(schema.MySQLVariables).String("mysql-max_connections"); got != "55 55 55" {
		t.Errorf("after the rollback: %s", got)
	}
	err := n.Rollback(schema.MySQLVariables, 99, "test")
	if err == nil || err.Error() != "mysql variables has no revision 99, or has forgotten it: see SHOW CONFIG HISTORY" {
		t.Error(err)
	}
}

// A revision that a consumer refuses changes nothing.
func TestRefusedRollback(t *testing.T) {
	n := start(t, "")
	refuse := false
	n.Subscribe(schema.MySQLServers, layers.ConsumerFunc(func(*layers.Snapshot) (func(), error) {
		if refuse {
			return nil, fmt.Errorf("no")
		}
		return func() {}, nil
	}))
	if err := n.Boot(layerstest.File(t, ""), false); err != nil {
		t.Fatal(err)
	}
	n.exec("INSERT INTO mysql_servers(hostname) VALUES('db1')")
	n.load(schema.MySQLServers)
	refuse = true
	if err := n.Rollback(schema.MySQLServers, 1, "test"); err == nil || err.Error() != "load mysql servers to runtime: no" {
		t.Errorf("%v", err)
	}
	if got := n.list("SELECT hostname FROM main.mysql_servers") + n.list("SELECT hostname FROM disk.mysql_servers"); got != "db1" {
		t.Errorf("memory and disk have %q", got)
	}
}

// Only the last hundred revisions are kept.
func TestHistoryIsBounded(t *testing.T) {
	n := boot(t, "", "")
	for i := range 120 {
		n.exec(fmt.Sprintf("INSERT INTO scheduler(interval_ms,filename) VALUES(1000,'/bin/%d')", i))
		n.load("scheduler")
	}
	got := n.history("scheduler")
	if len(got) != 100 || !strings.HasPrefix(got[0], "121 ") || !strings.HasPrefix(got[99], "22 ") {
		t.Errorf("%d revisions from %q to %q", len(got), got[0], got[len(got)-1])
	}
}

// keepsql's variables are loaded like any others and hold nothing up: no checksum, no place in global_variables.
func TestKeepsqlVariables(t *testing.T) {
	n := boot(t, "", `keepsql_variables = { cluster_bootstrap_from_peer=false }`)
	const name = "keepsql-cluster_bootstrap_from_peer"
	if n.Variables(schema.KeepsqlVariables).Bool(name) {
		t.Error("the file's value is not in force")
	}
	if got := n.list("SELECT count(*) FROM global_variables WHERE variable_name LIKE 'keepsql%'"); got != "0" {
		t.Errorf("%s rows in global_variables", got)
	}
	n.exec("UPDATE keepsql_variables SET variable_value='1'")
	n.load(schema.KeepsqlVariables)
	if !n.Variables(schema.KeepsqlVariables).Bool(name) {
		t.Error("the value loaded is not in force")
	}
	if _, has := n.Stamps()[schema.KeepsqlVariables]; has {
		t.Error("the module has a checksum")
	}
}
