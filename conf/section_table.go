package conf

// sectionSpec says how a list of groups in proxysql.cnf becomes rows of a table. Columns are
// spelled as in the table unless a synonym is listed.
type sectionSpec struct {
	section, table string
	synonyms       map[string]string // key in the file → column
	mandatory      []string          // columns without which upstream skips the row
	fixed          map[string]string // columns the file cannot set
	defaults       map[string]string // where they differ from the table's
	// fallback is what upstream takes where a text is none of those the table allows.
	fallback map[string]fallback
	nulls    bool // an absent text is NULL, not empty
	fold     bool // 0/1 columns take any number but 0 for 1, others a negative number for NULL
	skip     bool // a row without a mandatory key is skipped, as upstream does, and not an error
	extra    bool // upstream does not read this section
}

// fallback is a list of texts, in lower case, and the text that takes the place of all others.
type fallback struct {
	allowed []string
	text    string
}

// sectionSpecs is every section of rows, in the order of the reference page.
var sectionSpecs = []sectionSpec{
	{
		section: "mysql_servers", table: "mysql_servers", mandatory: []string{"hostname", "hostgroup_id"},
		synonyms: map[string]string{"address": "hostname", "hostgroup": "hostgroup_id"},
		fallback: map[string]fallback{"status": {[]string{"online", "shunned", "offline_soft", "offline_hard"}, "ONLINE"}},
	},
	{
		section: "mysql_users", table: "mysql_users", mandatory: []string{"username"},
		fixed: map[string]string{"backend": "1", "frontend": "1"},
	},
	{section: "mysql_query_rules", table: "mysql_query_rules", mandatory: []string{"rule_id"},
		defaults: map[string]string{"active": "1"}, nulls: true, fold: true},
	{
		section: "mysql_replication_hostgroups", table: "mysql_replication_hostgroups",
		mandatory: []string{"writer_hostgroup", "reader_hostgroup"},
		fallback: map[string]fallback{"check_type": {[]string{
			"read_only", "innodb_read_only", "super_read_only", "read_only|innodb_read_only", "read_only&innodb_read_only",
		}, "read_only"}},
	},
	{
		section: "mysql_group_replication_hostgroups", table: "mysql_group_replication_hostgroups", fixed: map[string]string{"active": "1"},
		mandatory: []string{"writer_hostgroup", "backup_writer_hostgroup", "reader_hostgroup", "offline_hostgroup"},
	},
	{
		section: "mysql_galera_hostgroups", table: "mysql_galera_hostgroups", fixed: map[string]string{"active": "1"},
		mandatory: []string{"writer_hostgroup", "backup_writer_hostgroup", "reader_hostgroup", "offline_hostgroup"},
	},
	{
		section: "mysql_aws_aurora_hostgroups", table: "mysql_aws_aurora_hostgroups", fixed: map[string]string{"active": "1"},
		mandatory: []string{"writer_hostgroup", "reader_hostgroup"},
		defaults:  map[string]string{"check_timeout_ms": "1000"},
	},
	{section: "mysql_hostgroup_attributes", table: "mysql_hostgroup_attributes", mandatory: []string{"hostgroup_id"}, extra: true},
	{section: "mysql_servers_ssl_params", table: "mysql_servers_ssl_params", mandatory: []string{"hostname"}},
	{
		section: "mysql_query_rules_fast_routing", table: "mysql_query_rules_fast_routing",
		mandatory: []string{"username", "schemaname", "destination_hostgroup"}, extra: true,
	},
	{
		section: "proxysql_servers", table: "proxysql_servers", mandatory: []string{"hostname", "port"},
		synonyms: map[string]string{"address": "hostname"},
	},
	{
		section: "scheduler", table: "scheduler", mandatory: []string{"id", "interval_ms", "filename"},
		nulls: true, skip: true,
	},
	{
		section: "restapi", table: "restapi_routes", mandatory: []string{"id", "timeout_ms", "method", "uri", "script"},
		synonyms: map[string]string{"interval_ms": "timeout_ms"}, skip: true,
	},
	{
		section: "mysql_firewall_whitelist_users", table: "mysql_firewall_whitelist_users",
		mandatory: []string{"username", "client_address"}, extra: true,
	},
	{
		section: "mysql_firewall_whitelist_rules", table: "mysql_firewall_whitelist_rules",
		mandatory: []string{"username", "client_address", "schemaname", "digest"}, extra: true,
	},
	{
		section: "mysql_firewall_whitelist_sqli_fingerprints", table: "mysql_firewall_whitelist_sqli_fingerprints",
		mandatory: []string{"fingerprint"}, extra: true,
	},
}

// foreignSections are known by name and of no use here; the value says why.
var foreignSections = map[string]string{
	"pgsql_variables":              noPostgres,
	"pgsql_servers":                noPostgres,
	"pgsql_users":                  noPostgres,
	"pgsql_query_rules":            noPostgres,
	"pgsql_replication_hostgroups": noPostgres,
	"ldap_variables":               noLDAP,
	"mysql_ldap_mapping":           noLDAP,
	"clickhouse_variables":         "there is no ClickHouse front end",
	"clickhouse_users":             "there is no ClickHouse front end",
	"restapi_variables":            "the REST interface is set in admin_variables",
	"mysql_collations":             "the collations are built in",
}

const (
	noPostgres = "PostgreSQL is not served"
	noLDAP     = "there is no LDAP plug-in"
)

// findSection looks a section of rows up by its name in the file; nil where there is none.
func findSection(name string) *sectionSpec {
	for i := range sectionSpecs {
		if sectionSpecs[i].section == name {
			return &sectionSpecs[i]
		}
	}
	return nil
}
