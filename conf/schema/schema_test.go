package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
)

func TestTables(t *testing.T) {
	got := map[string]int{}
	for _, s := range schema.Schemas {
		for _, table := range schema.Tables(s) {
			if !table.Own() {
				got[s]++
			}
		}
	}
	want := map[string]int{"main": 38, "disk": 19, "stats": 24, "monitor": 9, "stats_history": 19}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestColumns(t *testing.T) {
	servers := schema.Lookup("main", "mysql_servers")
	want := []schema.Column{
		{Name: "hostgroup_id", Type: "INT", NotNull: true, Default: schema.Text("0"), Check: "hostgroup_id>=0"},
		{Name: "hostname", Type: "VARCHAR", NotNull: true, Default: schema.Null},
		{Name: "port", Type: "INT", NotNull: true, Default: schema.Text("3306"), Check: "port >= 0 AND port <= 65535"},
		{Name: "gtid_port", Type: "INT", NotNull: true, Default: schema.Text("0"), Check: "(gtid_port <> port OR gtid_port=0) AND gtid_port >= 0 AND gtid_port <= 65535"},
		{Name: "status", Type: "VARCHAR", NotNull: true, Default: schema.Text("ONLINE"), Check: "UPPER(status) IN ('ONLINE','SHUNNED','OFFLINE_SOFT', 'OFFLINE_HARD')"},
		{Name: "weight", Type: "INT", NotNull: true, Default: schema.Text("1"), Check: "weight >= 0 AND weight <=10000000"},
		{Name: "compression", Type: "INT", NotNull: true, Default: schema.Text("0"), Check: "compression IN(0,1)"},
		{Name: "max_connections", Type: "INT", NotNull: true, Default: schema.Text("1000"), Check: "max_connections >=0"},
		{Name: "max_replication_lag", Type: "INT", NotNull: true, Default: schema.Text("0"), Check: "max_replication_lag >= 0 AND max_replication_lag <= 126144000"},
		{Name: "use_ssl", Type: "INT", NotNull: true, Default: schema.Text("0"), Check: "use_ssl IN(0,1)"},
		{Name: "max_latency_ms", Type: "INT UNSIGNED", NotNull: true, Default: schema.Text("0"), Check: "max_latency_ms>=0"},
		{Name: "comment", Type: "VARCHAR", NotNull: true, Default: schema.Text("")},
	}
	if diff := cmp.Diff(want, servers.Columns); diff != "" {
		t.Error(diff)
	}
	for table, key := range map[string][]string{
		"mysql_servers":                {"hostgroup_id", "hostname", "port"},
		"mysql_users":                  {"username", "backend"},
		"mysql_query_rules":            {"rule_id"},
		"mysql_replication_hostgroups": {"writer_hostgroup"},
		"global_variables":             {"variable_name"},
	} {
		if diff := cmp.Diff(key, schema.Lookup("main", table).Key); diff != "" {
			t.Errorf("key of %s: %s", table, diff)
		}
	}
}

func TestVariableCheck(t *testing.T) {
	cases := []struct{ name, value, want, err string }{
		{"mysql-have_ssl", "TRUE", "true", ""},
		{"mysql-have_ssl", "0", "false", ""},
		{"mysql-have_ssl", "yes", "", `mysql-have_ssl must be true or false, not "yes"`},
		{"mysql-max_connections", "1234", "1234", ""},
		{"mysql-max_connections", "0", "", "mysql-max_connections must be between 1 and 1000000, not 0"},
		{"mysql-max_connections", "abc", "", `mysql-max_connections must be a whole number, not "abc"`},
		{"mysql-default_session_track_gtids", "own_gtid", "OWN_GTID", ""},
		{"mysql-eventslog_filename", "logs/", "", `mysql-eventslog_filename must be a file, not the directory "logs/"`},
		{"mysql-server_version", "", "", "mysql-server_version must not be empty"},
		{"mysql-init_connect", "", "", ""},
	}
	for _, c := range cases {
		got, err := schema.FindVariable(c.name).Check(c.value)
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if got != c.want || msg != c.err {
			t.Errorf("%s = %q: got %q, error %q; want %q, error %q", c.name, c.value, got, msg, c.want, c.err)
		}
	}
}
