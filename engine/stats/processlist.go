package stats

import (
	"time"

	"github.com/keepsql/keepsql/conf/schema"
)

// Process is one client session as stats_mysql_processlist shows it.
type Process struct {
	ThreadID, SessionID uint64
	User, DB            string
	ClientHost          string
	ClientPort          int
	Hostgroup           int
	Command             string
	Time                time.Duration // since the last packet
	StatusFlags         uint32        // of the backend connection, see the proxy's sticky reasons
	Extended            string        // JSON; "" for NULL

	// Of the backend connection; Attached is false where the session has none, and then Info is not shown either.
	Attached              bool
	LocalHost, ServerHost string
	LocalPort, ServerPort int
	Info                  string
}

// ProcessRows is stats_mysql_processlist.
func ProcessRows(list []Process) *schema.Rows {
	rows := table("stats_mysql_processlist")
	for _, p := range list {
		row := cells(p.ThreadID, p.SessionID, p.User, p.DB, p.ClientHost, p.ClientPort, p.Hostgroup)
		if p.Attached {
			row = append(row, cells(p.LocalHost, p.LocalPort, p.ServerHost, p.ServerPort)...)
		} else {
			row = append(row, schema.Null, schema.Null, schema.Null, schema.Null)
		}
		row = append(row, cells(p.Command, p.Time.Milliseconds())...)
		info := schema.Null
		if p.Attached && p.Info != "" {
			info = schema.Text(p.Info)
		}
		extended := schema.Null
		if p.Extended != "" {
			extended = schema.Text(p.Extended)
		}
		rows.Rows = append(rows.Rows, append(row, info, cells(int(p.StatusFlags))[0], extended))
	}
	return rows
}
