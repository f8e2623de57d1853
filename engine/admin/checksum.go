package admin

import (
	"context"
	"fmt"
	"strconv"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/wire"
)

// checksummed is a table that CHECKSUM hashes.
type checksummed struct {
	name  string // in the command
	query string // %s is the schema
	label string // in the answer; "" for name
	disk  bool   // CHECKSUM DISK knows it too
}

// hashedTables lists them. That the ssl parameters answer under another name is upstream's.
func hashedTables() []checksummed {
	all := func(table, order string) string { return "SELECT * FROM %s." + table + " ORDER BY " + order }
	return []checksummed{
		{name: "MYSQL SERVERS", query: all("mysql_servers", "hostgroup_id, hostname, port"), disk: true},
		{name: "MYSQL USERS", query: all("mysql_users", "username"), disk: true},
		{name: "MYSQL QUERY RULES", query: all("mysql_query_rules", "rule_id"), disk: true},
		{name: "MYSQL VARIABLES", query: "SELECT * FROM %s.global_variables WHERE variable_name LIKE 'mysql-%%' ORDER BY variable_name", disk: true},
		{name: "MYSQL REPLICATION HOSTGROUPS", query: all("mysql_replication_hostgroups", "writer_hostgroup"), disk: true},
		{name: "MYSQL GROUP REPLICATION HOSTGROUPS", query: all("mysql_group_replication_hostgroups", "writer_hostgroup")},
		{name: "MYSQL GALERA HOSTGROUPS", query: all("mysql_galera_hostgroups", "writer_hostgroup")},
		{name: "MYSQL AURORA HOSTGROUPS", query: all("mysql_aws_aurora_hostgroups", "writer_hostgroup")},
		{name: "MYSQL HOSTGROUP ATTRIBUTES", query: all("mysql_hostgroup_attributes", "hostgroup_id")},
		{name: "MYSQL SERVERS SSL PARAMS", query: all("mysql_servers_ssl_params", "hostname, port, username"), label: "MYSQL HOSTGROUP ATTRIBUTES"},
	}
}

// checksumCommands are CHECKSUM and GLOBAL_CHECKSUM().
func checksumCommands() []command {
	all := []command{{text: "SELECT GLOBAL_CHECKSUM()", peers: true, run: globalChecksum}}
	for _, t := range hashedTables() {
		for _, memory := range []string{"", "MEMORY ", "MEM "} {
			all = append(all, command{text: "CHECKSUM " + memory + t.name, run: t.checksum("main")})
		}
		if t.disk {
			all = append(all, command{text: "CHECKSUM DISK " + t.name, run: t.checksum("disk")})
		}
	}
	return all
}

// globalChecksum is what peers poll: a number in the only typed column of the admin interface.
func globalChecksum(_ context.Context, s *session, _ call) (answer, error) {
	a := cell("CHECKSUM", strconv.FormatUint(s.srv.layers.GlobalChecksum(), 10))
	a.columns = []wire.Column{{Name: "CHECKSUM", Type: wire.TypeLonglong, Charset: wire.CharsetBinary, Length: 31, Flags: 161}}
	a.status = wire.StatusNoBackslashEscapes
	return a, nil
}

func (t checksummed) checksum(schemaName string) func(context.Context, *session, call) (answer, error) {
	return func(ctx context.Context, s *session, _ call) (answer, error) {
		r, err := s.srv.store.Exec(ctx, fmt.Sprintf(t.query, schemaName))
		if err != nil {
			return answer{}, err
		}
		label := t.label
		if label == "" {
			label = t.name
		}
		sum := layers.Checksum(r.Rows)
		text := fmt.Sprintf("0x%X%X", uint32(sum), uint32(sum>>32)) // not filled up to 18 characters, unlike a module's
		return table([]string{"table", "checksum"}, []string{label, text}), nil
	}
}
