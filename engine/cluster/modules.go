package cluster

import (
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

// module describes how one watched checksum is pulled. The queries must reach a peer letter by letter: it recognises them by
// their text. In the lines of the log, {peer}, {expected} and {computed} stand for themselves.
type module struct {
	watch   diffcheck.Watch
	queries []query

	started, completed string
	computed           []computed
	mismatch           string // where the rows do not hash to what the peer promised; empty: not said
	verified           []string
	loading            string
	saved, notSaved    string
	// runtimeOnly modules change what is in force, not what is loaded: see layers.Manager.AdoptRuntimeServers.
	runtimeOnly bool
}

// query is one statement of a pull and where its answer goes.
type query struct {
	table string // of schema main; runtimeServers for the servers in force
	sql   string
	// sqlInterfaces replaces sql where interfaces are synced.
	sqlInterfaces string
	// columns of the answer; nil for those that sql names.
	columns       []string
	before, after string // lines of the log
	along         bool   // sent only when the watch's Along is pulled too
}

// computed is the line about one checksum; that of Along is written only when it is pulled.
type computed struct{ watch, line string }

// runtimeServers names the answer with the servers in force, which is no table of main.
const runtimeServers = "runtime_mysql_servers"

func watch(name, module, command string) diffcheck.Watch {
	return diffcheck.Watch{Name: name, Module: module, Command: command, DiffsVariable: diffsVariable(module)}
}

// primary is the watch that stands for a module where something is said about the module.
func primary(module string) string {
	if module == schema.MySQLServers {
		return schema.MySQLServersV2
	}
	return module
}

// modules are in the order in which they are judged and pulled.
var modules = []module{
	variablesModule(schema.AdminVariables, "ADMIN VARIABLES", "Admin",
		"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'admin-%'",
		" AND variable_name NOT IN ('admin-mysql_ifaces','admin-restapi_port','admin-telnet_admin_ifaces','admin-telnet_stats_ifaces','admin-web_port')"),
	{
		watch: watch(schema.MySQLQueryRules, schema.MySQLQueryRules, "MYSQL QUERY RULES"),
		queries: []query{
			{table: "mysql_query_rules", sql: "PROXY_SELECT rule_id, username, schemaname, flagIN, client_addr, proxy_addr, proxy_port, digest, match_digest, match_pattern, negate_match_pattern, re_modifiers, flagOUT, replace_pattern, destination_hostgroup, cache_ttl, cache_empty_result, cache_timeout, reconnect, timeout, retries, delay, next_query_flagIN, mirror_flagOUT, mirror_hostgroup, error_msg, ok_msg, sticky_conn, multiplex, gtid_from_hostgroup, log, apply, attributes, comment FROM runtime_mysql_query_rules ORDER BY rule_id"},
			{table: "mysql_query_rules_fast_routing", sql: "PROXY_SELECT username, schemaname, flagIN, destination_hostgroup, comment FROM runtime_mysql_query_rules_fast_routing ORDER BY username, schemaname, flagIN"},
		},
		started:   "Cluster: Fetching MySQL Query Rules from peer {peer} started. Expected checksum: {expected}",
		completed: "Cluster: Fetching MySQL Query Rules from peer {peer} completed",
		computed:  []computed{{schema.MySQLQueryRules, "Cluster: Computed checksum for MySQL Query Rules from peer {peer} : {computed}"}},
		mismatch:  "Cluster: Fetching MySQL Query Rules from peer {peer} failed because of mismatching checksum. Expected: {expected} , Computed: {computed}",
		loading:   "Cluster: Loading to runtime MySQL Query Rules from peer {peer}",
		saved:     "Cluster: Saving to disk MySQL Query Rules from peer {peer}",
		notSaved:  "Cluster: NOT saving to disk MySQL Query Rules from peer {peer}",
	},
	serversModule(),
	{
		watch:       watch(schema.MySQLServers, schema.MySQLServers, "MYSQL SERVERS"),
		queries:     []query{{table: runtimeServers, sql: runtimeServersQuery}},
		started:     "Cluster: Fetching 'MySQL Servers' from peer {peer} started. Expected checksum {expected}",
		completed:   "Cluster: Fetching 'MySQL Servers' from peer {peer} completed",
		computed:    []computed{{schema.MySQLServers, "Cluster: Computed checksum for MySQL Servers from peer {peer} : {computed}"}},
		loading:     "Cluster: Loading to runtime MySQL Servers from peer {peer}",
		runtimeOnly: true,
	},
	{
		watch: watch(schema.MySQLUsers, schema.MySQLUsers, "MYSQL USERS"),
		queries: []query{{table: "mysql_users",
			sql: "PROXY_SELECT username, password, use_ssl, default_hostgroup, default_schema, schema_locked, transaction_persistent, fast_forward, backend, frontend, max_connections, attributes, comment FROM runtime_mysql_users"}},
		started:   "Cluster: Fetching MySQL Users from peer {peer} started. Expected checksum: {expected}",
		completed: "Cluster: Fetching MySQL Users from peer {peer} completed",
		computed:  []computed{{schema.MySQLUsers, "Cluster: Computed checksum for MySQL Users from peer {peer} : {computed}"}},
		mismatch:  "Cluster: Fetching MySQL Users from peer {peer} failed: Checksum changed from {expected} to {computed}",
		loading:   "Cluster: Loading to runtime MySQL Users from peer {peer}",
		saved:     "Cluster: Saving to disk MySQL Users from peer {peer}",
		notSaved:  "Cluster: NOT saving to disk MySQL Users from peer {peer}",
	},
	variablesModule(schema.MySQLVariables, "MYSQL VARIABLES", "MySQL",
		"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'mysql-%' AND variable_name NOT IN ('mysql-threads')",
		" AND variable_name NOT IN ('mysql-interfaces')"),
	{
		watch:    watch(schema.ProxySQLServers, schema.ProxySQLServers, "PROXYSQL SERVERS"),
		queries:  []query{{table: "proxysql_servers", sql: "SELECT hostname, port, weight, comment FROM runtime_proxysql_servers ORDER BY hostname, port"}},
		started:  "Cluster: Fetching ProxySQL Servers from peer {peer} started. Expected checksum: {expected}",
		computed: []computed{{schema.ProxySQLServers, "Cluster: Fetching ProxySQL Servers from peer {peer} completed. Computed checksum: {computed}"}},
		mismatch: "Cluster: Fetching ProxySQL Servers from peer {peer} failed: Checksum changed from {expected} to {computed}",
		loading:  "Cluster: Loading to runtime ProxySQL Servers from peer {peer}",
		saved:    "Cluster: Saving to disk ProxySQL Servers from peer {peer}",
		notSaved: "Cluster: NOT saving to disk ProxySQL Servers from peer {peer}",
	},
}

// variablesModule describes the variables of one prefix. without is the condition that leaves the interfaces out.
func variablesModule(name, command, title, sql, without string) module {
	const order = " ORDER BY variable_name"
	return module{
		watch: watch(name, name, command),
		queries: []query{{
			table: "global_variables", sql: sql + without + order, sqlInterfaces: sql + order,
			columns: []string{"variable_name", "variable_value"},
		}},
		started:   "Cluster: Fetching " + title + " variables from peer {peer} started",
		completed: "Cluster: Fetching " + title + " Variables from peer {peer} completed",
		computed:  []computed{{name, "Cluster: Computed checksum for " + title + " Variables from peer {peer} : {computed}"}},
		mismatch:  "Cluster: Fetching " + title + " Variables from peer {peer} failed: Checksum changed from {expected} to {computed}",
		loading:   "Cluster: Loading to runtime " + title + " Variables from peer {peer}",
		saved:     "Cluster: Saving to disk " + title + " Variables from peer {peer}",
	}
}

// answer is the columns a query is answered with.
func (q *query) answer() []string {
	if q.columns != nil {
		return q.columns
	}
	_, rest, _ := strings.Cut(q.sql, "SELECT ")
	names, _, _ := strings.Cut(rest, " FROM ")
	return strings.Split(names, ", ")
}
