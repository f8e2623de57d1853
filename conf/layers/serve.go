package layers

import "github.com/keepsql/keepsql/conf/schema"

// Checksum hashes rows as ProxySQL does: all cells in order, NULL as nothing, no rows as 0.
func Checksum(rows *schema.Rows) uint64 { return hashRows(rows) }

// ServersV2 gives the servers as they were loaded, whatever became of them at run time, in the form in which peers pull and
// hash mysql_servers_v2.
func ServersV2(s *Snapshot) *schema.Rows {
	rows := s.Source["mysql_servers"].Clone()
	sortRows(rows, schema.Lookup("main", "mysql_servers").Key...)
	return Served("mysql_servers", rows)
}
