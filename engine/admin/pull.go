package admin

import (
	"context"
	"strings"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// pull is a query by which a peer fetches a table of a module. It is answered with the rows of the last load, whatever has
// happened to the tables since.
type pull struct {
	query  string // as peers send it; more may follow
	module string
	rows   func(*layers.Snapshot) *schema.Rows
}

// pullCommands are the PROXY_SELECT queries of cluster peers.
func pullCommands() []command {
	var all []command
	for _, p := range pulls() {
		all = append(all, command{text: upperASCII("PROXY_SELECT " + p.query), arg: true, peers: true, run: func(_ context.Context, s *session, _ call) (answer, error) {
			snap := s.srv.layers.Snapshot(p.module)
			if snap == nil {
				return answer{rows: &schema.Rows{}}, nil
			}
			return answer{rows: p.rows(snap)}, nil
		}})
	}
	return all
}

const serverColumns = "hostgroup_id, hostname, port, gtid_port, status, weight, compression, max_connections, max_replication_lag, use_ssl, max_latency_ms, comment"

func pulls() []pull {
	all := []pull{
		{serving("mysql_query_rules", without("active"), "rule_id"), schema.MySQLQueryRules, served("mysql_query_rules")},
		{serving("mysql_query_rules_fast_routing", nil, "username, schemaname, flagIN"), schema.MySQLQueryRules, served("mysql_query_rules_fast_routing")},
		{"username, password, use_ssl, default_hostgroup, default_schema, schema_locked, transaction_persistent, fast_forward, backend, frontend, max_connections, attributes, comment FROM runtime_mysql_users",
			schema.MySQLUsers, servedUsers},
		{"" + serverColumns + " FROM runtime_mysql_servers WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port", schema.MySQLServers, served("mysql_servers")},
		{serverColumns + " FROM mysql_servers_v2 WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port", schema.MySQLServers, layers.ServersV2},
		// The answer has the column check_type too, which peers hash and insert.
		{"writer_hostgroup, reader_hostgroup, comment FROM runtime_mysql_replication_hostgroups ORDER BY writer_hostgroup", schema.MySQLServers, served("mysql_replication_hostgroups")},
	}
	for _, t := range []struct{ table, order string }{
		{"mysql_group_replication_hostgroups", "writer_hostgroup"}, {"mysql_galera_hostgroups", "writer_hostgroup"},
		{"mysql_aws_aurora_hostgroups", "writer_hostgroup"}, {"mysql_hostgroup_attributes", "hostgroup_id"},
		{"mysql_servers_ssl_params", "hostname, port, username"},
	} {
		all = append(all, pull{serving(t.table, nil, t.order), schema.MySQLServers, served(t.table)})
	}
	return all
}

// serving writes the query for a runtime table, by its columns.
func serving(table string, keep func(string) bool, order string) string {
	var columns []string
	for _, c := range schema.Lookup("main", table).ColumnNames() {
		if keep == nil || keep(c) {
			columns = append(columns, c)
		}
	}
	return strings.Join(columns, ", ") + " FROM runtime_" + table + " ORDER BY " + order
}

func without(column string) func(string) bool { return func(c string) bool { return c != column } }

func served(table string) func(*layers.Snapshot) *schema.Rows {
	return func(s *layers.Snapshot) *schema.Rows { return layers.Served(table, s.Runtime[table]) }
}

// servedUsers leaves out whether they are active: all that are served are.
func servedUsers(s *layers.Snapshot) *schema.Rows {
	rows := s.Runtime["mysql_users"]
	var columns []string
	for _, c := range rows.Columns {
		if c != "active" {
			columns = append(columns, c)
		}
	}
	return rows.Project(columns...)
}
