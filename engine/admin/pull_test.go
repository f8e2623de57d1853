package admin_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// TestPullQueries sends every query that a ProxySQL peer was seen to send, and compares what it would hash with the checksum
// of the module.
func TestPullQueries(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	for _, sql := range []string{
		"INSERT INTO mysql_query_rules(rule_id,active,match_digest,destination_hostgroup,apply) VALUES(5,1,'^SELECT',1,1),(2,0,'inactive',2,1)",
		"INSERT INTO mysql_query_rules_fast_routing VALUES('u','s',0,1,'fast')",
		"INSERT INTO mysql_users(username,password,attributes) VALUES('größe','p','{\"a\":1}'),('b',NULL,'')",
		"INSERT INTO mysql_servers(hostgroup_id,hostname,status) VALUES(2,'b','SHUNNED'),(1,'a','ONLINE'),(1,'gone','OFFLINE_HARD'),(1,'soft','OFFLINE_SOFT')",
		"INSERT INTO mysql_replication_hostgroups VALUES(1,2,'super_read_only','c')",
		"INSERT INTO mysql_group_replication_hostgroups VALUES(10,12,14,16,0,3,2,100,'gr')",
		"INSERT INTO mysql_galera_hostgroups VALUES(20,22,24,26,0,3,2,100,'ga')",
		"INSERT INTO mysql_aws_aurora_hostgroups(writer_hostgroup,reader_hostgroup,domain_name) VALUES(30,32,'.x.com')",
		"INSERT INTO mysql_hostgroup_attributes(hostgroup_id,comment) VALUES(1,'ha')",
		"INSERT INTO mysql_servers_ssl_params(hostname,port,username,ssl_ca) VALUES('a',3306,'','/ca.pem')",
		"INSERT INTO proxysql_servers VALUES('127.0.0.1',6032,0,'me')",
	} {
		c.do(sql)
	}
	for _, module := range []string{"MYSQL QUERY RULES", "MYSQL USERS", "MYSQL SERVERS", "PROXYSQL SERVERS"} {
		c.do("LOAD " + module + " TO RUNTIME")
	}
	c.do("DELETE FROM mysql_users") // not loaded, so peers do not see it

	got := layers.Pull{Tables: map[string]*schema.Rows{}}
	other := layers.Pull{Tables: map[string]*schema.Rows{}} // the admin variables
	for query := range strings.Lines(readFile(t, "testdata/pull_queries.txt")) {
		query = strings.TrimSpace(query)
		rows := toRows(c.do(query))
		_, from, _ := strings.Cut(query, " FROM ")
		table := strings.TrimPrefix(strings.Fields(from)[0], "runtime_")
		switch {
		case table == "mysql_servers":
			got.RuntimeServers = rows
		case table == "mysql_servers_v2":
			got.Tables["mysql_servers"] = rows
		case strings.Contains(query, "LIKE 'admin-%'"):
			other.Tables[table] = rows
		default:
			got.Tables[table] = rows
		}
	}
	if diff := cmp.Diff([]string{"writer_hostgroup", "reader_hostgroup", "check_type", "comment"}, got.Tables["mysql_replication_hostgroups"].Columns); diff != "" {
		t.Errorf("replication hostgroups: %s", diff)
	}
	want, have := map[string]string{}, map[string]string{}
	for name, stamp := range n.layers.Stamps() {
		want[name] = stamp.Checksum
	}
	for _, mod := range schema.Modules() {
		from := got
		if mod.Name == schema.AdminVariables {
			from = other
		}
		if len(mod.Checksums) > 0 {
			for name, sum := range from.Checksums(mod.Name, false) {
				have[name] = sum
			}
		}
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("checksums of what is served (-stamps +served):\n%s", diff)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
