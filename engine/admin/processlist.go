package admin

import (
	"context"
	"strconv"
	"time"
)

// processlistCommands show and end the sessions of the proxy.
func processlistCommands() []command {
	return []command{
		{text: "SHOW PROCESSLIST", stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.runSelect(ctx, "SELECT SessionID, user, db, hostgroup, command, time_ms, SUBSTR(info,0,100) AS info FROM stats.stats_mysql_processlist")
		}},
		{text: "SHOW FULL PROCESSLIST", stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.runSelect(ctx, "SELECT * FROM stats.stats_mysql_processlist")
		}},
		{text: "KILL CONNECTION ", arg: true, run: killConnection},
	}
}

// killConnection is KILL CONNECTION n; what is no number is 0, as upstream.
func killConnection(_ context.Context, s *session, c call) (answer, error) {
	id, err := strconv.ParseUint(c.arg, 10, 64)
	if err != nil {
		id = 0
	}
	s.received(c)
	if !s.srv.control.KillConnection(id) {
		return answer{}, adminError("Unknown thread id: %d", id)
	}
	return answer{}, nil
}

// statistics is the answer to COM_STATISTICS, which the client's command status shows.
func (s *Server) statistics() string {
	values := map[string]string{"Client_Connections_connected": "0", "Questions": "0", "Slow_queries": "0"}
	if global := s.tables["stats_mysql_global"]; global != nil {
		rows := global()
		for i := range rows.Rows {
			values[rows.Get(i, "Variable_Name").Text] = rows.Get(i, "Variable_Value").Text
		}
	}
	uptime, known := values["ProxySQL_Uptime"]
	if !known {
		uptime = strconv.Itoa(int(time.Since(s.started).Seconds()))
	}
	return "Uptime: " + uptime + " Threads: " + values["Client_Connections_connected"] +
		"  Questions: " + values["Questions"] + "  Slow queries: " + values["Slow_queries"]
}
