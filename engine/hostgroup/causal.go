package hostgroup

import (
	"github.com/keepsql/keepsql/engine/gtid"
)

// After is a transaction that a server must have executed to be of use for a statement. A nil or zero After wants none.
type After struct {
	GTID gtid.ID
	// Host and Port are the server that told of the transaction, and so has it; empty where a client did.
	Host string
	Port int
}

// None reports whether any server will do.
func (a *After) None() bool { return a == nil || a.GTID.None() }

// has reports whether the server is known to have executed what is wanted. It takes no lock and does not allocate.
func (s *Server) has(a *After) bool {
	if a.None() || s.Port == a.Port && s.Host == a.Host {
		return true
	}
	f := s.conf.Load().feed
	return f != nil && f.Has(&a.GTID)
}

// late reports whether what a statement waits for is replication: there are servers that could be used, but none of them has
// executed what it wants. The log is told, at most once a second.
func (m *Manager) late(g *groupView, a *After) bool {
	if a.None() || !g.anyUsable() {
		return false
	}
	for _, s := range g.servers {
		if s.usable() && s.has(a) {
			return false
		}
	}
	now := m.now().Unix()
	if last := m.feeds.lastLate.Load(); last != now && m.feeds.lastLate.CompareAndSwap(last, now) {
		m.log.Warn().Int("hostgroup", g.id).Msgf("Hostgroup %d has no servers ready for GTID '%s'. Waiting for replication...", g.id, &a.GTID)
	}
	return true
}
