package admin

import (
	"slices"
	"strconv"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// addMonitor shows what the monitor found: its tables, and in runtime_mysql_servers which servers are shunned. The latter is
// for the eye only; checksums and what peers pull are of the snapshot, where such a server is ONLINE.
func (r *refresher) addMonitor(o *Options) {
	for name, rows := range o.MonitorTables {
		r.add("monitor", name, func() (*schema.Rows, any) { return rows(), nil })
	}
	if o.Shunned == nil {
		return
	}
	r.add("main", "runtime_mysql_servers", func() (*schema.Rows, any) {
		snap := o.Layers.Snapshot(schema.MySQLServers)
		if snap == nil {
			return &schema.Rows{}, nil
		}
		if rows := withShunned(snap, o.Shunned); rows != nil {
			return rows, nil
		}
		return snap.Runtime["mysql_servers"], snap
	})
}

// withShunned gives the servers in force with their state; nil where that is the state of the snapshot.
func withShunned(snap *layers.Snapshot, shunned func(hostgroup int, host string, port int) bool) *schema.Rows {
	rows := snap.Runtime["mysql_servers"]
	hostgroup, host, port, status := rows.Index("hostgroup_id"), rows.Index("hostname"), rows.Index("port"), rows.Index("status")
	var out *schema.Rows
	for i, r := range rows.Rows {
		state := r[status].Text
		if state != "ONLINE" && state != "SHUNNED" {
			continue
		}
		hg, _ := strconv.Atoi(r[hostgroup].Text) // integer columns of the snapshot are numbers
		p, _ := strconv.Atoi(r[port].Text)
		now := "ONLINE"
		if shunned(hg, r[host].Text, p) {
			now = "SHUNNED"
		}
		if now == state {
			continue
		}
		if out == nil {
			out = &schema.Rows{Columns: rows.Columns, Rows: slices.Clone(rows.Rows)}
		}
		out.Rows[i] = slices.Clone(r)
		out.Rows[i][status] = schema.Text(now)
	}
	return out
}
