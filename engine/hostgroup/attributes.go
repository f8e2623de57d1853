package hostgroup

import (
	"encoding/json"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// readAttributes gives the hostgroups of a view their rows of mysql_hostgroup_attributes. What is JSON by the table's check
// and yet not of the form that is wanted is left out, with a warning.
func (m *Manager) readAttributes(v *view, rows *schema.Rows) {
	if rows == nil {
		return
	}
	for i := range rows.Rows {
		r := row{rows, i}
		g := v.groups[r.number("hostgroup_id")]
		if g == nil {
			continue
		}
		a := defaultAttributes
		a.freePct, a.maxOnline = r.number("free_connections_pct"), r.number("max_num_online_servers")
		a.multiplex, a.warming = r.number("multiplex") != 0, r.number("connection_warming") != 0
		a.initConnect, a.throttle = r.text("init_connect"), r.number("throttle_connections_per_sec")
		m.readJSON(g.id, r, "ignore_session_variables", &a.ignored)
		for i := range a.ignored {
			v.ignoring = true
			a.ignored[i] = strings.ToLower(strings.TrimSpace(a.ignored[i]))
		}
		var s struct {
			Warnings *int `json:"handle_warnings"`
			Lag      *int `json:"monitor_slave_lag_when_null"`
		}
		m.readJSON(g.id, r, "hostgroup_settings", &s)
		if s.Warnings != nil {
			a.handleWarnings = *s.Warnings
		}
		if s.Lag != nil && *s.Lag >= 0 {
			a.lagWhenNull = *s.Lag
		}
		g.attributes = a
	}
}

func (m *Manager) readJSON(hostgroup int, r row, column string, into any) {
	text := r.text(column)
	if text == "" {
		return
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		m.log.Warn().Int("hostgroup", hostgroup).Err(err).Msgf("mysql_hostgroup_attributes: %s is not of the form that is wanted, and is ignored", column)
	}
}
