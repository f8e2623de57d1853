package hostgroup

import (
	"cmp"
	"slices"
	"time"
)

// FreeConn is a connection nobody uses, as stats_mysql_free_connections shows it.
type FreeConn struct {
	Key
	FD       int // -1 where there is none
	User     string
	Schema   string
	State    any // as the caller left it
	Idle     time.Duration
	Age      time.Duration
	ThreadID uint32 // on the server
	Version  string // of the server
}

// Free lists the free connections by hostgroup, host, port and number on the server.
func (m *Manager) Free() []FreeConn {
	now := m.now()
	var out []FreeConn
	for _, s := range m.all() {
		s.mu.Lock()
		for _, c := range s.idle {
			out = append(out, FreeConn{
				Key: s.Key, FD: c.Socket().FD(), User: c.login.User, Schema: c.Schema, State: c.State,
				Idle: max(0, now.Sub(time.Unix(0, c.lastUse.Load()))), Age: max(0, now.Sub(c.created)),
				ThreadID: c.ThreadID(), Version: c.Info.Version,
			})
		}
		s.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b FreeConn) int {
		return cmp.Or(cmp.Compare(a.Hostgroup, b.Hostgroup), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port),
			cmp.Compare(a.ThreadID, b.ThreadID))
	})
	return out
}
