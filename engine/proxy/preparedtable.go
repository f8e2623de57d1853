package proxy

import (
	"slices"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/stats"
)

// statementRows is stats_mysql_prepared_statements_info.
func (p *Proxy) statementRows() *schema.Rows {
	var list []stats.Prepared
	for _, s := range p.prepared.All() {
		row := stats.Prepared{
			ID: s.ID, Schema: s.Schema, User: s.User, Digest: s.Digest, Query: string(s.Text),
			Clients: s.Clients(), Servers: s.Servers(),
		}
		if m := s.Meta(); m != nil {
			row.Columns, row.Params = m.Columns, m.Params
		}
		list = append(list, row)
	}
	return stats.PreparedRows(list)
}

// statementGauges adds the rows about prepared statements to stats_mysql_global.
func (p *Proxy) statementGauges(g stats.Gauges) {
	ps := p.prepared.Stats()
	g["Stmt_Client_Active_Total"], g["Stmt_Client_Active_Unique"] = ps.ClientTotal, ps.ClientUnique
	g["Stmt_Server_Active_Total"], g["Stmt_Server_Active_Unique"] = ps.ServerTotal, ps.ServerUnique
	g["Stmt_Max_Stmt_id"], g["Stmt_Cached"] = ps.MaxID, ps.Cached
}

// psOn shows the prepared statements of a server connection as pairs of the server's and the cache's number.
func psOn(b *backend) map[string]any {
	pairs := [][2]uint64{}
	b.conn.Prepared.Each(func(in *prepared.Instance) {
		pairs = append(pairs, [2]uint64{uint64(in.ID), in.Statement.ID})
	})
	slices.SortFunc(pairs, func(a, b [2]uint64) int { return int(a[0]) - int(b[0]) })
	return map[string]any{"backend_stmt_to_global_ids": pairs}
}

// psOf shows the session's prepared statements as pairs of the client's and the cache's number.
func (s *session) psOf() map[string]any {
	pairs := [][2]uint64{}
	for _, cs := range s.stmts.byID {
		if cs.shared != nil {
			pairs = append(pairs, [2]uint64{uint64(cs.id), cs.shared.ID})
		}
	}
	return map[string]any{"client_stmt_to_global_ids": pairs}
}
