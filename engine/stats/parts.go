package stats

import "github.com/keepsql/keepsql/conf/schema"

// Pool is one backend server as stats_mysql_connection_pool shows it.
type Pool struct {
	Hostgroup                       int
	Host                            string
	Port                            int
	Status                          string
	ConnUsed, ConnFree, MaxConnUsed int
	ConnOK, ConnErr, Queries        int64
	QueriesGTIDSync                 int64
	BytesSent, BytesRecv            int64
	LatencyMicros                   int64
}

// PoolRows is stats_mysql_connection_pool.
func PoolRows(list []Pool) *schema.Rows {
	rows := table("stats_mysql_connection_pool")
	for _, p := range list {
		rows.Rows = append(rows.Rows, cells(p.Hostgroup, p.Host, p.Port, p.Status, p.ConnUsed, p.ConnFree, p.ConnOK, p.ConnErr,
			p.MaxConnUsed, p.Queries, p.QueriesGTIDSync, p.BytesSent, p.BytesRecv, p.LatencyMicros))
	}
	return rows
}

// Executed is the GTIDs a server has executed, as stats_mysql_gtid_executed shows it.
type Executed struct {
	Host   string
	Port   int
	GTIDs  string
	Events uint64
}

// ExecutedRows is stats_mysql_gtid_executed.
func ExecutedRows(list []Executed) *schema.Rows {
	rows := table("stats_mysql_gtid_executed")
	for _, e := range list {
		rows.Rows = append(rows.Rows, cells(e.Host, e.Port, e.GTIDs, e.Events))
	}
	return rows
}

// ClientHost is one address that failed to log in, as stats_mysql_client_host_cache shows it.
type ClientHost struct {
	Address    string
	Errors     int
	LastMicros int64 // microseconds since 1970
}

// ClientHostRows is stats_mysql_client_host_cache.
func ClientHostRows(list []ClientHost) *schema.Rows {
	rows := table("stats_mysql_client_host_cache")
	for _, h := range list {
		rows.Rows = append(rows.Rows, cells(h.Address, h.Errors, h.LastMicros))
	}
	return rows
}

// Free is a free server connection as stats_mysql_free_connections shows it.
type Free struct {
	FD, Hostgroup     int
	Host              string
	Port              int
	User, Schema      string
	InitConnect       string
	TimeZone, SQLMode string // as replayed; empty for the server's default
	Autocommit        string
	IdleMillis        int64
	Statistics, Info  string // JSON
}

// FreeRows is stats_mysql_free_connections.
func FreeRows(list []Free) *schema.Rows {
	rows := table("stats_mysql_free_connections")
	for _, f := range list {
		rows.Rows = append(rows.Rows, cells(f.FD, f.Hostgroup, f.Host, f.Port, f.User, f.Schema, f.InitConnect, f.TimeZone,
			f.SQLMode, f.Autocommit, f.IdleMillis, f.Statistics, f.Info))
	}
	return rows
}

// User is one front-end user as stats_mysql_users shows it.
type User struct {
	Name                        string
	Connections, MaxConnections int
}

// UserRows is stats_mysql_users.
func UserRows(list []User) *schema.Rows {
	rows := table("stats_mysql_users")
	for _, u := range list {
		rows.Rows = append(rows.Rows, cells(u.Name, u.Connections, u.MaxConnections))
	}
	return rows
}

// RuleHits is one query rule as stats_mysql_query_rules shows it.
type RuleHits struct {
	ID   int
	Hits uint64
}

// RuleRows is stats_mysql_query_rules.
func RuleRows(list []RuleHits) *schema.Rows {
	rows := table("stats_mysql_query_rules")
	for _, r := range list {
		rows.Rows = append(rows.Rows, cells(r.ID, r.Hits))
	}
	return rows
}
