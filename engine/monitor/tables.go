package monitor

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/stats"
)

// Tables gives the tables of schema monitor that checks fill.
func (m *Monitor) Tables() stats.Tables {
	return stats.Tables{
		"mysql_server_connect_log":         func() *schema.Rows { return m.rows(connectCheck) },
		"mysql_server_ping_log":            func() *schema.Rows { return m.rows(pingCheck) },
		"mysql_server_read_only_log":       func() *schema.Rows { return m.rows(readOnlyCheck) },
		"mysql_server_replication_lag_log": func() *schema.Rows { return m.rows(lagCheck) },

		"mysql_server_galera_log":              func() *schema.Rows { return m.rows(galeraCheck) },
		"mysql_server_group_replication_log":   func() *schema.Rows { return m.rows(groupCheck) },
		"mysql_server_aws_aurora_log":          func() *schema.Rows { return m.rows(auroraCheck) },
		"mysql_server_aws_aurora_check_status": m.aurora.statusRows,
		"mysql_server_aws_aurora_failovers":    m.aurora.failoverRows,
	}
}

// rows shows the results of a kind, by server and time.
func (m *Monitor) rows(kind checkKind) *schema.Rows {
	out := &schema.Rows{Columns: schema.Lookup("monitor", "mysql_server_"+checkNames[kind]+"_log").ColumnNames()}
	set := m.settings.Load()
	if set == nil {
		return out
	}
	list := m.history.read(kind, time.Now().Add(-set.history))
	slices.SortStableFunc(list, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.addr.Host, b.addr.Host), cmp.Compare(a.addr.Port, b.addr.Port), cmp.Compare(a.began, b.began))
	})
	for _, r := range list {
		took, err, value := r.took, schema.Null, schema.Null
		if r.failed {
			took, err = 0, schema.Text(r.err)
		}
		if r.value >= 0 {
			value = schema.Text(strconv.Itoa(int(r.value)))
		}
		row := schema.Row{schema.Text(r.addr.Host), schema.Text(strconv.Itoa(r.addr.Port)),
			schema.Text(strconv.FormatInt(r.began, 10)), schema.Text(strconv.FormatInt(took, 10))}
		switch kind {
		case readOnlyCheck, lagCheck:
			row = append(row, value)
		case galeraCheck:
			row = append(row, galeraCells(r)...)
		case groupCheck:
			row = append(row, groupCells(r)...)
		case auroraCheck:
			out.Rows = append(out.Rows, auroraLines(r, append(row, err))...)
			continue
		}
		out.Rows = append(out.Rows, append(row, err))
	}
	return out
}

// Gauges are the monitor's rows of stats_mysql_global.
func (m *Monitor) Gauges() stats.Gauges {
	g := stats.Gauges{
		"MySQL_Monitor_Workers":         uint64(m.running.Load()),
		"MySQL_Monitor_Workers_Started": m.started.Load(),
	}
	for kind, name := range checkNames[:galeraCheck] { // upstream counts no others
		g["MySQL_Monitor_"+name+"_check_OK"] = m.history.counts[kind].ok.Load()
		g["MySQL_Monitor_"+name+"_check_ERR"] = m.history.counts[kind].failed.Load()
	}
	return g
}
