package admin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/admin"
)

// Every way to write LOAD and SAVE does what it says, for every module with a table.
func TestLoadAndSaveInEveryWay(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	// one row of each table; %s makes it new
	rows := map[string]string{
		"mysql_users": "mysql_users(username,password) VALUES('%s','p')", "mysql_servers": "mysql_servers(hostname) VALUES('%s')",
		"mysql_query_rules": "mysql_query_rules(active,match_pattern) VALUES(1,'%s')", "proxysql_servers": "proxysql_servers(hostname) VALUES('%s')",
		"scheduler": "scheduler(interval_ms,filename) VALUES(1000,'%s')", "restapi_routes": "restapi_routes(timeout_ms,method,uri,script) VALUES(1000,'GET','%s','/bin/true')",
		"mysql_firewall_whitelist_users": "mysql_firewall_whitelist_users(active,username,client_address,mode,comment) VALUES(1,'%s','','OFF','')",
	}
	for _, mod := range schema.Modules() {
		if mod.Prefix != "" {
			continue
		}
		table := mod.Tables[0]
		count := func(where string) string { return c.text("SELECT count(*)>0 FROM " + where + table) }
		insert := func() { c.do("INSERT INTO " + strings.Replace(rows[table], "%s", "x", 1)) }
		empty := func() { c.do("DELETE FROM " + table) }
		cases := []struct {
			verb, ways string
			before     func()
			layer      string
		}{
			{"SAVE", "TO DISK|FROM MEMORY|FROM MEM", func() { empty(); c.do("SAVE " + mod.Command + " TO DISK"); insert() }, "disk."},
			{"LOAD", "FROM DISK|TO MEMORY|TO MEM", empty, ""},
			{"LOAD", "TO RUNTIME|TO RUN|FROM MEMORY|FROM MEM", func() { empty(); c.do("LOAD " + mod.Command + " TO RUN"); insert() }, "runtime_"},
			{"SAVE", "FROM RUNTIME|FROM RUN|TO MEMORY|TO MEM", empty, ""},
		}
		for _, k := range cases {
			for way := range strings.SplitSeq(k.ways, "|") {
				k.before()
				sql := strings.ToLower(k.verb) + "\n " + mod.Command + "  " + way + " ; "
				if got := c.text(sql) + ", row there: " + count(k.layer); got != "ok 0, row there: 1" {
					t.Errorf("%q: %s", sql, got)
				}
			}
		}
	}
}

func TestVariablesAreCounted(t *testing.T) {
	n := start(t, setup{memory: true})
	n.admin().steps(
		step{"SAVE MYSQL VARIABLES TO DISK", "ok 163"}, step{"SAVE ADMIN VARIABLES FROM MEM", "ok 49"},
		step{"LOAD MYSQL VARIABLES FROM DISK", "ok 163"}, step{"LOAD ADMIN VARIABLES TO MEMORY", "ok 49"},
	)
}

func TestLoadFromConfig(t *testing.T) {
	file := variables("mysql-threads", "2", "mysql-max_connections", "77")
	file.Tables = map[string]*conf.Section{"mysql_users": tableRow("mysql_users", map[string]string{"username": "u"})}
	var broken error
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		o.Config = func() (*conf.File, error) { return file, broken }
	}})
	c := n.admin()
	c.steps(
		step{"LOAD MYSQL VARIABLES FROM CONFIG", "ok 2"},
		step{"SELECT @@mysql-max_connections", "77"},
		step{"LOAD MYSQL USERS FROM CONFIG", "ok 1"},
		step{"SELECT username FROM mysql_users", "u"},
		step{"LOAD MYSQL QUERY RULES FROM CONFIG", "ok 0"},
	)
	broken = errors.New("node1.cnf:3:7: syntax error")
	c.steps(step{"LOAD MYSQL USERS FROM CONFIG", errorPrefix + "Unable to open or parse config file: node1.cnf:3:7: syntax error"})
}

func TestLoadUser(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	c.do("INSERT INTO mysql_users(username,password) VALUES('a','1'),('b','2')")
	const version = "SELECT version FROM runtime_checksums_values WHERE name='mysql_users'"
	const frontends = "SELECT username, password FROM runtime_mysql_users WHERE frontend=1 ORDER BY 1"
	c.steps(
		step{"LOAD MYSQL USER a TO RUNTIME", "ok 0"}, step{frontends, "a 1"}, step{version, "2"},
		step{"LOAD MYSQL USER a TO RUNTIME", "ok 0"}, step{version, "2"},
		step{"LOAD MYSQL USER b TO RUN", "ok 0"}, step{frontends, "a 1\nb 2"}, step{version, "3"},
		step{"DELETE FROM mysql_users WHERE username='a'", "ok 1"},
		step{"LOAD MYSQL USER a TO RUNTIME", "ok 0"}, step{frontends, "b 2"}, step{version, "4"},
		step{"LOAD MYSQL USER a'b TO RUNTIME", errorPrefix + "Invalid name a'b"},
	)
}

// A load that a consumer refuses is an error, and nothing has happened.
func TestRefusedLoad(t *testing.T) {
	var refuse error
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		o.Layers.Subscribe(schema.MySQLQueryRules, layers.ConsumerFunc(func(*layers.Snapshot) (func(), error) { return func() {}, refuse }))
	}})
	c := n.admin()
	c.do("INSERT INTO mysql_query_rules(active,match_pattern) VALUES(1,'(')")
	refuse = errors.New("rule 1: missing )")
	c.steps(
		step{"LOAD MYSQL QUERY RULES TO RUNTIME", errorPrefix + "load mysql query rules to runtime: rule 1: missing )"},
		step{"SELECT count(*) FROM runtime_mysql_query_rules", "0"},
		step{"SELECT version FROM runtime_checksums_values WHERE name='mysql_query_rules'", "1"},
	)
}

func TestOriginNamesTheClient(t *testing.T) {
	n := start(t, setup{memory: true})
	n.admin().do("LOAD MYSQL USERS TO RUNTIME")
	if diff := cmp.Diff("admin admin@127.0.0.1", n.layers.Snapshot(schema.MySQLUsers).Origin); diff != "" {
		t.Error(diff)
	}
}

// The tables of what is in force follow every load, also when somebody wrote into them.
func TestRuntimeTables(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	c.do("INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES(1,'a')")
	c.steps(
		step{"LOAD MYSQL SERVERS TO RUNTIME", "ok 0"},
		step{"SELECT hostname FROM runtime_mysql_servers", "a"},
		step{"INSERT INTO runtime_mysql_servers(hostgroup_id,hostname) VALUES(1,'ghost')", "ok 1"},
		step{"SELECT hostname FROM Runtime_MySQL_Servers", "a"},
		step{"DELETE FROM `runtime_mysql_servers`", "ok 1"},
		step{"SELECT r.hostname FROM main.runtime_mysql_servers r JOIN mysql_servers USING(hostname)", "a"},
		step{"WITH x AS (SELECT * FROM runtime_mysql_servers) DELETE FROM runtime_mysql_servers", "ok 1"},
		step{"SELECT count(*) FROM \"runtime_mysql_servers\"", "1"},
		step{"SELECT hostname FROM runtime_mysql_servers /* again */", "a"},
	)
}

func TestLogLines(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	for _, sql := range []string{"SET mysql-max_connections=55", "SET admin-cluster_password='secret!'", "LOAD MYSQL VARIABLES TO RUNTIME", "SAVE MYSQL USERS TO DISK"} {
		c.do(sql)
	}
	log := n.log.String()
	for _, want := range []string{
		"Received command SET mysql-max_connections=55", "Received SET command for admin-cluster_password",
		"Received LOAD MYSQL VARIABLES TO RUNTIME command", "Received SAVE MYSQL USERS TO DISK command",
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("log has %q %d times", want, strings.Count(log, want))
		}
	}
	if strings.Contains(log, "secret!") {
		t.Error("a password is in the log")
	}
}
