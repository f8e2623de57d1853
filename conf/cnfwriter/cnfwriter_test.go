package cnfwriter_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/cnfwriter"
	"github.com/keepsql/keepsql/conf/schema"
)

// read gives what package conf makes of a text.
func read(t testing.TB, text string) *conf.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "written.cnf")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g, ds := conf.Read([]string{name})
	if ds.HasErrors() {
		t.Fatalf("%s\n%s", ds, text)
	}
	f, ds := g.Parse()
	if ds.HasErrors() {
		t.Fatalf("%s\n%s", ds, text)
	}
	return f
}

// filled makes one row for a table in which every column that may has a value of its own.
func filled(table string, values map[string]string) *schema.Rows {
	def := schema.Lookup("main", table)
	row := make(schema.Row, len(def.Columns))
	for i, c := range def.Columns {
		row[i] = c.Default
		if v, given := values[c.Name]; given {
			row[i] = schema.Text(v)
		}
	}
	return &schema.Rows{Columns: def.ColumnNames(), Rows: []schema.Row{row}}
}

const nasty = "a\"b\\c\n\t\r\fé'\x01\x7f # // /* ; } ) \\x41 @include"

func TestRoundTrip(t *testing.T) {
	tables := map[string]*schema.Rows{
		"mysql_servers":                              filled("mysql_servers", map[string]string{"hostname": "10.0.0.1", "status": "OFFLINE_SOFT", "max_latency_ms": "5", "comment": nasty}),
		"mysql_replication_hostgroups":               filled("mysql_replication_hostgroups", map[string]string{"writer_hostgroup": "1", "reader_hostgroup": "2", "check_type": "super_read_only"}),
		"mysql_group_replication_hostgroups":         filled("mysql_group_replication_hostgroups", map[string]string{"writer_hostgroup": "1", "backup_writer_hostgroup": "2", "reader_hostgroup": "3", "offline_hostgroup": "4", "comment": "x"}),
		"mysql_galera_hostgroups":                    filled("mysql_galera_hostgroups", map[string]string{"writer_hostgroup": "11", "backup_writer_hostgroup": "12", "reader_hostgroup": "13", "offline_hostgroup": "14", "comment": ""}),
		"mysql_aws_aurora_hostgroups":                filled("mysql_aws_aurora_hostgroups", map[string]string{"writer_hostgroup": "21", "reader_hostgroup": "22", "domain_name": ".a.b", "check_timeout_ms": "900", "comment": ""}),
		"mysql_hostgroup_attributes":                 filled("mysql_hostgroup_attributes", map[string]string{"hostgroup_id": "1", "init_connect": "SET x='\"'"}),
		"mysql_servers_ssl_params":                   filled("mysql_servers_ssl_params", map[string]string{"hostname": "h", "ssl_ca": "/a b/c"}),
		"mysql_users":                                filled("mysql_users", map[string]string{"username": nasty, "password": "*0123'\"", "active": "0", "default_schema": "", "attributes": `{"a":"b\\n"}`}),
		"mysql_query_rules":                          filled("mysql_query_rules", map[string]string{"rule_id": "7", "active": "0", "match_pattern": `^SELECT \d+ "x\\y"`, "OK_msg": "", "log": "1"}),
		"mysql_query_rules_fast_routing":             filled("mysql_query_rules_fast_routing", map[string]string{"username": "u", "schemaname": "s", "destination_hostgroup": "3", "comment": ""}),
		"mysql_firewall_whitelist_users":             filled("mysql_firewall_whitelist_users", map[string]string{"active": "0", "username": "u", "client_address": "", "comment": "c"}),
		"mysql_firewall_whitelist_rules":             filled("mysql_firewall_whitelist_rules", map[string]string{"active": "1", "username": "u", "client_address": "", "schemaname": "", "flagIN": "0", "digest": "0x1", "comment": ""}),
		"mysql_firewall_whitelist_sqli_fingerprints": filled("mysql_firewall_whitelist_sqli_fingerprints", map[string]string{"active": "1", "fingerprint": "Uo"}),
		"scheduler":                                  filled("scheduler", map[string]string{"id": "1", "interval_ms": "1000", "filename": "/bin/true", "arg1": "-x"}),
		"restapi_routes":                             filled("restapi_routes", map[string]string{"id": "1", "timeout_ms": "1000", "method": "GET", "uri": "u", "script": "/bin/true"}),
		"proxysql_servers":                           filled("proxysql_servers", map[string]string{"hostname": "p1", "comment": ""}),
	}
	variables := &schema.Rows{Columns: []string{"variable_name", "variable_value"}, Rows: []schema.Row{
		{schema.Text("admin-admin_credentials"), schema.Text("admin:p\"w\\;x:y")},
		{schema.Text("admin-version"), schema.Text("left out")},
		{schema.Text("mysql-init_connect"), schema.Text(nasty)},
		{schema.Text("mysql-max_connections"), schema.Text("77")},
	}}
	text, unsaid := cnfwriter.Text(cnfwriter.Content{
		Settings: [][2]string{{"datadir", "/var/lib/x y"}, {"errorlog", ""}}, Variables: variables, Tables: tables,
	})
	if unsaid != 0 {
		t.Errorf("%d rows could not be said", unsaid)
	}
	f := read(t, text)
	got := map[string]*schema.Rows{}
	for name, s := range f.Tables {
		got[name] = &s.Rows
	}
	if diff := cmp.Diff(tables, got); diff != "" {
		t.Errorf("tables (-written +read):\n%s\n%s", diff, text)
	}
	var vars [][2]string
	for _, v := range f.Variables {
		vars = append(vars, [2]string{v.Name, v.Value})
	}
	want := [][2]string{{"admin-admin_credentials", "admin:p\"w\\;x:y"}, {"mysql-init_connect", nasty}, {"mysql-max_connections", "77"}}
	if diff := cmp.Diff(want, vars); diff != "" {
		t.Errorf("variables (-written +read):\n%s", diff)
	}
	if f.Process.Datadir != "/var/lib/x y" {
		t.Errorf("datadir %q", f.Process.Datadir)
	}
	all := cnfwriter.Tables()
	for name := range tables {
		if !slices.Contains(all, name) {
			t.Errorf("Tables lacks %s", name)
		}
	}
	if len(all) != len(tables) {
		t.Errorf("%d tables, %d tested", len(all), len(tables))
	}
}

// Rows that the format cannot say stand in the text as comments; the two halves of a user become one row.
func TestUnsaid(t *testing.T) {
	users := filled("mysql_users", map[string]string{"username": "both", "password": "p"})
	half := func(name, backend, frontend string) schema.Row {
		return filled("mysql_users", map[string]string{"username": name, "password": "p", "backend": backend, "frontend": frontend}).Rows[0]
	}
	users.Rows = append(users.Rows, half("split", "0", "1"), half("only", "1", "0"), half("split", "1", "0"))
	galera := filled("mysql_galera_hostgroups", map[string]string{
		"writer_hostgroup": "1", "backup_writer_hostgroup": "2", "reader_hostgroup": "3", "offline_hostgroup": "4", "active": "0",
	})
	text, unsaid := cnfwriter.Text(cnfwriter.Content{Tables: map[string]*schema.Rows{"mysql_users": users, "mysql_galera_hostgroups": galera}})
	if unsaid != 2 {
		t.Errorf("%d rows cannot be said, want 2:\n%s", unsaid, text)
	}
	for _, want := range []string{"# a section cannot say frontend=0", "# a section cannot say active=0"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	var names []string
	section := read(t, text).Tables["mysql_users"]
	for i := range section.Rows.Rows {
		names = append(names, section.Rows.Get(i, "username").Text)
	}
	if diff := cmp.Diff([]string{"both", "split"}, names); diff != "" {
		t.Error(diff)
	}
}

// Whatever a string holds, it is read as it was written.
func FuzzString(f *testing.F) {
	f.Add(nasty)
	f.Add("")
	f.Add(`\`)
	f.Add("${x}\n!include y")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, 0) {
			t.Skip("a C string ends at its first zero")
		}
		out, _ := cnfwriter.Text(cnfwriter.Content{Tables: map[string]*schema.Rows{"mysql_servers": filled("mysql_servers", map[string]string{
			"hostname": "h", "comment": text,
		})}})
		got := read(t, out).Tables["mysql_servers"].Rows.Get(0, "comment").Text
		if got != text {
			t.Errorf("wrote %q, read %q:\n%s", text, got, out)
		}
	})
}
