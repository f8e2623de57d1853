package proxy

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/stats"
)

// free is stats_mysql_free_connections.
func (p *Proxy) free() *schema.Rows {
	set := p.settings.Load()
	var list []stats.Free
	for _, c := range p.servers.Free() {
		f := stats.Free{
			FD: c.FD, Hostgroup: c.Hostgroup, Host: c.Host, Port: c.Port, User: c.User, Schema: c.Schema, Autocommit: "1",
			InitConnect: cmp.Or(p.servers.InitConnect(c.Hostgroup), set.initConnect), IdleMillis: c.Idle.Milliseconds(),
		}
		if vars, ok := c.State.(*setting.State); ok {
			f.TimeZone, f.SQLMode = strings.Trim(vars.Value("time_zone"), "'"), strings.Trim(vars.Value("sql_mode"), "'")
			if !vars.Autocommit() {
				f.Autocommit = "0"
			}
		}
		f.Statistics = asJSON(map[string]any{"age_ms": c.Age.Milliseconds()})
		f.Info = asJSON(map[string]any{"server_version": c.Version, "thread_id": c.ThreadID, "user": c.User, "host": c.Host,
			"port": c.Port, "db": c.Schema})
		list = append(list, f)
	}
	return stats.FreeRows(list)
}

// asJSON writes what cannot fail to be written: maps of strings and numbers.
func asJSON(v map[string]any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
