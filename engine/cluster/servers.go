package cluster

import "github.com/keepsql/keepsql/conf/schema"

const serverColumns = "hostgroup_id, hostname, port, gtid_port, status, weight, compression, max_connections, max_replication_lag, use_ssl, max_latency_ms, comment"

const runtimeServersQuery = "PROXY_SELECT " + serverColumns + " FROM runtime_mysql_servers WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port"

// serversModule describes what LOAD MYSQL SERVERS loads: seven tables, and with them the servers in force.
func serversModule() module {
	m := module{
		watch: watch(schema.MySQLServersV2, schema.MySQLServers, "MYSQL SERVERS"),
		queries: []query{
			{table: "mysql_servers",
				sql:   "PROXY_SELECT " + serverColumns + " FROM mysql_servers_v2 WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port",
				after: "Cluster: Fetching 'MySQL Servers v2' from peer {peer} completed"},
			// The answer has a column that the query does not name; it takes part in the checksum.
			{table: "mysql_replication_hostgroups",
				sql:     "PROXY_SELECT writer_hostgroup, reader_hostgroup, comment FROM runtime_mysql_replication_hostgroups ORDER BY writer_hostgroup",
				columns: []string{"writer_hostgroup", "reader_hostgroup", "check_type", "comment"}},
			{table: "mysql_group_replication_hostgroups",
				sql:    "PROXY_SELECT writer_hostgroup, backup_writer_hostgroup, reader_hostgroup, offline_hostgroup, active, max_writers, writer_is_also_reader, max_transactions_behind, comment FROM runtime_mysql_group_replication_hostgroups ORDER BY writer_hostgroup",
				before: "Cluster: Fetching 'MySQL Group Replication Hostgroups' from peer {peer}"},
			{table: "mysql_galera_hostgroups",
				sql:    "PROXY_SELECT writer_hostgroup, backup_writer_hostgroup, reader_hostgroup, offline_hostgroup, active, max_writers, writer_is_also_reader, max_transactions_behind, comment FROM runtime_mysql_galera_hostgroups ORDER BY writer_hostgroup",
				before: "Cluster: Fetching 'MySQL Galera Hostgroups' from peer {peer}"},
			{table: "mysql_aws_aurora_hostgroups",
				sql:    "PROXY_SELECT writer_hostgroup, reader_hostgroup, active, aurora_port, domain_name, max_lag_ms, check_interval_ms, check_timeout_ms, writer_is_also_reader, new_reader_weight, add_lag_ms, min_lag_ms, lag_num_checks, comment FROM runtime_mysql_aws_aurora_hostgroups ORDER BY writer_hostgroup",
				before: "Cluster: Fetching 'MySQL Aurora Hostgroups' from peer {peer}"},
			{table: "mysql_hostgroup_attributes",
				sql:    "PROXY_SELECT hostgroup_id, max_num_online_servers, autocommit, free_connections_pct, init_connect, multiplex, connection_warming, throttle_connections_per_sec, ignore_session_variables, hostgroup_settings, servers_defaults, comment FROM runtime_mysql_hostgroup_attributes ORDER BY hostgroup_id",
				before: "Cluster: Fetching 'MySQL Hostgroup Attributes' from peer {peer}"},
			{table: "mysql_servers_ssl_params",
				sql:    "PROXY_SELECT hostname, port, username, ssl_ca, ssl_cert, ssl_key, ssl_capath, ssl_crl, ssl_crlpath, ssl_cipher, tls_version, comment FROM runtime_mysql_servers_ssl_params ORDER BY hostname, port, username",
				before: "Cluster: Fetching 'MySQL Servers SSL Params' from peer {peer}"},
			{table: runtimeServers, sql: runtimeServersQuery, along: true,
				after: "Cluster: Fetching 'MySQL Servers' from peer {peer} completed"},
		},
		started: "Cluster: Fetching MySQL Servers v2 from peer {peer} started. Expected checksum {expected}",
		computed: []computed{
			{schema.MySQLServersV2, "Cluster: Computed checksum for MySQL Servers v2 from peer {peer} : {computed}"},
			{schema.MySQLServers, "Cluster: Computed checksum for MySQL Servers from peer {peer} : {computed}"},
		},
		mismatch: "Cluster: Fetching MySQL Servers v2 from peer {peer} failed: Checksum changed from {expected} to {computed}",
		verified: []string{"Cluster: Fetching checksum for 'MySQL Servers' from peer {peer} successful. Checksum: {expected}"},
		loading:  "Cluster: Loading to runtime MySQL Servers v2 from peer {peer}",
		saved:    "Cluster: Saving to disk MySQL Servers v2 from peer {peer}",
		// Nothing failed; the words are upstream's.
		notSaved: "Cluster: Not saving to disk MySQL Servers from peer {peer} failed.",
	}
	m.watch.Along, m.watch.Alias = schema.MySQLServers, schema.MySQLServers
	mod, _ := schema.FindModule(schema.MySQLServers)
	for _, table := range mod.Tables {
		m.verified = append(m.verified, "Cluster: Writing "+table+" table")
	}
	return m
}
