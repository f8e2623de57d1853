package stats

import (
	"fmt"

	"github.com/keepsql/keepsql/conf/schema"
)

// Prepared is a row of stats_mysql_prepared_statements_info.
type Prepared struct {
	ID              uint64
	Schema, User    string
	Digest          uint64
	Clients         int // client statements that refer to it
	Servers         int // server connections it exists on
	Columns, Params int
	Query           string
}

// PreparedRows is stats_mysql_prepared_statements_info.
func PreparedRows(list []Prepared) *schema.Rows {
	rows := table("stats_mysql_prepared_statements_info")
	for _, p := range list {
		rows.Rows = append(rows.Rows, cells(p.ID, p.Schema, p.User, fmt.Sprintf("0x%016X", p.Digest),
			p.Clients, p.Servers, p.Columns, p.Params, p.Query))
	}
	return rows
}
