package schema

import "slices"

// Module is a group of configuration that is loaded, versioned and synced as one.
type Module struct {
	Name    string   // as in runtime_checksums_values: "mysql_users"
	Command string   // as in LOAD … TO RUNTIME: "MYSQL USERS"
	Prefix  string   // of its variables: "mysql-"; empty for tables
	Tables  []string // of schema main; empty for variables
	// Checksums are the names under which runtime_checksums_values shows the module;
	// empty for a module without version and checksum.
	Checksums []string
}

// Names of the modules and of their checksums.
const (
	AdminVariables  = "admin_variables"
	MySQLVariables  = "mysql_variables"
	MySQLServers    = "mysql_servers"
	MySQLServersV2  = "mysql_servers_v2" // checksum only: what LOAD MYSQL SERVERS read
	MySQLUsers      = "mysql_users"
	MySQLQueryRules = "mysql_query_rules"
	ProxySQLServers = "proxysql_servers"
	SQLiteVariables = "sqliteserver_variables" // of the embedded server; no checksum
	MySQLFirewall   = "mysql_firewall"         // no checksum
	// KeepsqlVariables are what ProxySQL does not have; no checksum, not synced.
	KeepsqlVariables = "keepsql_variables"
)

// modules in the order they are loaded at boot.
var modules = []Module{
	{Name: AdminVariables, Command: "ADMIN VARIABLES", Prefix: "admin-", Checksums: []string{AdminVariables}},
	{Name: MySQLVariables, Command: "MYSQL VARIABLES", Prefix: "mysql-", Checksums: []string{MySQLVariables}},
	{Name: MySQLUsers, Command: "MYSQL USERS", Tables: []string{"mysql_users"}, Checksums: []string{MySQLUsers}},
	{Name: MySQLServers, Command: "MYSQL SERVERS", Tables: []string{
		"mysql_servers", "mysql_replication_hostgroups", "mysql_group_replication_hostgroups",
		"mysql_galera_hostgroups", "mysql_aws_aurora_hostgroups", "mysql_hostgroup_attributes",
		"mysql_servers_ssl_params",
	}, Checksums: []string{MySQLServers, MySQLServersV2}},
	{Name: MySQLQueryRules, Command: "MYSQL QUERY RULES", Tables: []string{
		"mysql_query_rules", "mysql_query_rules_fast_routing",
	}, Checksums: []string{MySQLQueryRules}},
	{Name: ProxySQLServers, Command: "PROXYSQL SERVERS", Tables: []string{"proxysql_servers"}, Checksums: []string{ProxySQLServers}},
	{Name: SQLiteVariables, Command: "SQLITESERVER VARIABLES", Prefix: "sqliteserver-"},
	{Name: KeepsqlVariables, Command: "KEEPSQL VARIABLES", Prefix: "keepsql-"},
	{Name: "scheduler", Command: "SCHEDULER", Tables: []string{"scheduler"}},
	{Name: "restapi", Command: "RESTAPI", Tables: []string{"restapi_routes"}},
	{Name: MySQLFirewall, Command: "MYSQL FIREWALL", Tables: []string{
		"mysql_firewall_whitelist_users", "mysql_firewall_whitelist_rules", "mysql_firewall_whitelist_sqli_fingerprints",
	}},
}

// Modules lists the modules in the order they are loaded at boot.
func Modules() []Module { return slices.Clone(modules) }

// VariablesTable is the table of main and disk that holds the module's variables. Those of keepsql have one of their own, so
// that global_variables stays upstream's set.
func (m Module) VariablesTable() string {
	if m.Name == KeepsqlVariables {
		return KeepsqlVariables
	}
	return "global_variables"
}

// FindModule looks a module up by name.
func FindModule(name string) (Module, bool) {
	i := slices.IndexFunc(modules, func(m Module) bool { return m.Name == name })
	if i < 0 {
		return Module{}, false
	}
	return modules[i], true
}

// ModuleOfTable finds the module a table of main belongs to.
func ModuleOfTable(table string) (Module, bool) {
	i := slices.IndexFunc(modules, func(m Module) bool { return slices.Contains(m.Tables, table) })
	if i < 0 {
		return Module{}, false
	}
	return modules[i], true
}
