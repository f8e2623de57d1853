package conf_test

import (
	"strings"
	"testing"
)

// What public files hold and ProxySQL takes without complaint must not be refused; what it
// ignores in silence is a warning.
func TestFieldForms(t *testing.T) {
	cases := []struct{ name, text, says string }{
		{"prefixed names", `mysql_variables={ mysql-auditlog_filename="a" }`, "the name goes without its prefix: auditlog_filename"},
		{"a boolean in quotes", `mysql_variables={ commands_stats="true" }`, ""},
		{"a number in quotes", `mysql_variables={ threads="2" }`, ""},
		{"a variable of another kind", `mysql_variables={ threads=4L; poll_timeout=2.5 }`, "threads wants a string, a plain whole number, true or false; it is ignored"},
		{"a variable out of range", `mysql_variables={ stacksize=8388608 }`, "mysql-stacksize must be between 262144 and 4194304"},
		{"a version that is none", `admin_variables={ version="9" }`, `admin-version must be a version such as 2.7.1, not "9"`},
		{"columns of old versions", `mysql_servers=({address="a";hostgroup=1;connect_timeout=5})`, `mysql_servers has no column "connect_timeout"; it is ignored`},
		{"an authentication plug-in per user", `mysql_users=({username="u";authentication_plugin="x"})`, `mysql_users has no column "authentication_plugin"`},
		{"active of a hostgroup pair", `mysql_galera_hostgroups=({writer_hostgroup=1;backup_writer_hostgroup=2;reader_hostgroup=3;offline_hostgroup=4;active=1})`, ""},
		{"active that would be lost", `mysql_galera_hostgroups=({writer_hostgroup=1;backup_writer_hostgroup=2;reader_hostgroup=3;offline_hostgroup=4;active=0})`, "active cannot be set in mysql_galera_hostgroups and is ignored: it is always 1"},
		{"a rule among hostgroup pairs", `mysql_replication_hostgroups=({rule_id=1})`, "a row without writer_hostgroup, reader_hostgroup is skipped"},
		{"a rule among jobs", `scheduler=({rule_id=1;active=1})`, "scheduler: a row without id, interval_ms, filename is skipped"},
		{"PostgreSQL", `pgsql_servers=({address="a"})`, "section pgsql_servers is skipped: PostgreSQL is not served"},
		{"CRLF and a trailing comma", "mysql_users:\r\n(\r\n\t{ username=\"u\" },\r\n)\r\n", ""},
		{"both names of a column", `mysql_servers=({address="a";hostname="b";hostgroup=1})`, "hostname is ignored: address says the same before it"},
		{"a status that is none", `mysql_servers=({address="a";hostgroup=1;status="OFLINE_SOFT"})`, `did you mean "offline_soft"?`},
		{"hostgroup attributes", `mysql_hostgroup_attributes=({hostgroup_id=1;max_num_online_servers=2})`, ""},
		{"fast routing", `mysql_query_rules_fast_routing=({username="u";schemaname="s";destination_hostgroup=1})`, ""},
		{"plug-ins", `web_interface_plugin="/usr/lib/x.so"`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, says := parse(t, c.text)
			if f == nil || strings.Contains(says, "error:") {
				t.Fatalf("refused: %s", says)
			}
			if !strings.Contains(says, c.says) || c.says == "" && says != "" {
				t.Errorf("diagnostics %q, want %q in them", says, c.says)
			}
		})
	}
}
