package admin

import "github.com/keepsql/keepsql/conf/layers"

// The cluster's account (admin-cluster_username) is an administrator where admin-admin_credentials lists it, as ProxySQL's peers
// need it to be. Where it is not listed it may log in all the same, and only for what the cluster's protocol is made of.

// clusterAccount finds the cluster's account.
func clusterAccount(admin layers.Variables, user string) (account, bool) {
	password := admin.String("admin-cluster_password")
	if user == "" || password == "" || user != admin.String("admin-cluster_username") {
		return account{}, false
	}
	return account{clusterClass, password}, true
}

// protocolQueries are the texts that nodes send and that are no commands.
var protocolQueries = map[string]bool{
	"SELECT * FROM runtime_checksums_values ORDER BY name":                                                               true,
	"SELECT * FROM stats_mysql_global ORDER BY Variable_Name":                                                            true,
	"SELECT hostname, port, weight, comment FROM runtime_proxysql_servers ORDER BY hostname, port":                       true,
	"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'mysql-%'" + withoutThreads + byName:                true,
	"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'mysql-%'" + withoutThreads + withoutMySQL + byName: true,
	"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'admin-%'" + byName:                                 true,
	"SELECT * FROM runtime_global_variables WHERE variable_name LIKE 'admin-%'" + withoutAdmin + byName:                  true,
}

const (
	byName         = " ORDER BY variable_name"
	withoutThreads = " AND variable_name NOT IN ('mysql-threads')"
	withoutMySQL   = " AND variable_name NOT IN ('mysql-interfaces')"
	withoutAdmin   = " AND variable_name NOT IN ('admin-mysql_ifaces','admin-restapi_port','admin-telnet_admin_ifaces','admin-telnet_stats_ifaces','admin-web_port')"
)

// errClusterOnly answers the cluster's account whatever is not the protocol.
func errClusterOnly() error {
	return adminError("this account may only do what cluster nodes ask of each other")
}
