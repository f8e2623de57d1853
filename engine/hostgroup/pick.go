package hostgroup

import (
	"math/rand/v2"
	"time"
)

// pick draws a server by weight among those that can take one more connection; nil where there is none. It does not
// allocate.
func (g *groupView) pick(set *settings) *Server {
	online, total := 0, 0
	for _, s := range g.servers {
		if !s.usable() {
			continue
		}
		online++
		if s.candidate(set) {
			total += s.conf.Load().weight
		}
	}
	if total == 0 || online > g.attributes.maxOnline {
		return nil
	}
	k := rand.IntN(total)
	for _, s := range g.servers {
		if !s.candidate(set) {
			continue
		}
		w := s.conf.Load().weight
		if k < w {
			return s
		}
		k -= w
	}
	return nil // a server dropped out since the first loop; the caller asks again
}

// candidate reports whether the server can take one more connection.
func (s *Server) candidate(set *settings) bool {
	if !s.usable() || s.full() {
		return false
	}
	limit := s.conf.Load().maxLatency
	if limit == 0 {
		limit = set.maxLatency
	}
	latency := time.Duration(s.traffic.latency.Load()) * time.Microsecond
	return limit == 0 || latency <= limit
}

// recoverServers brings shunned servers of the hostgroup back whose time has come and reports whether there were any.
func (m *Manager) recoverServers(g *groupView, urgent bool) bool {
	set, now, any := m.settings.Load(), m.now(), false
	for _, s := range g.servers {
		if !s.shunned.Load() {
			continue
		}
		s.mu.Lock()
		back := s.shun.recover(now, urgent, set.shun)
		if back {
			s.shunned.Store(false)
		}
		s.mu.Unlock()
		if back {
			any = true
			m.log.Info().Int("hostgroup", g.id).Str("server", s.String()).Msg("server is used again after having been shunned")
		}
	}
	return any
}
