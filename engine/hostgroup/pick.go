package hostgroup

import (
	"math"
	"math/rand/v2"
	"time"
)

// pick draws a server by weight among those that can take one more connection and have executed what after says; nil where there
// is none. It does not allocate.
func (g *groupView) pick(set *settings, after *After) *Server {
	online, candidates, total := 0, 0, 0
	for _, s := range g.servers {
		if !s.usable() {
			continue
		}
		online++
		if s.candidate(set, after) {
			candidates++
			total += s.conf.Load().weight
		}
	}
	if total == 0 || online > g.attributes.maxOnline {
		return nil
	}
	slowest := int64(math.MaxInt64)
	if set.awareFrom > 0 && candidates >= set.awareFrom {
		slowest, total = g.meanLatency(set, after, total)
	}
	k := rand.IntN(total)
	for _, s := range g.servers {
		if !s.candidate(set, after) || s.traffic.latency.Load() > slowest {
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

// meanLatency is for hostgroups with many servers: where the latency of all candidates is known, those slower than the mean
// are left out. It gives the mean in microseconds and the sum of the weights that are left.
func (g *groupView) meanLatency(set *settings, after *After, total int) (slowest int64, weights int) {
	var sum, n int64
	for _, s := range g.servers {
		if !s.candidate(set, after) {
			continue
		}
		latency := s.traffic.latency.Load()
		if latency == 0 {
			return math.MaxInt64, total
		}
		sum, n = sum+latency, n+1
	}
	for _, s := range g.servers {
		if n > 0 && s.candidate(set, after) && s.traffic.latency.Load() <= sum/n {
			weights += s.conf.Load().weight
		}
	}
	if weights == 0 {
		return math.MaxInt64, total
	}
	g.aware.Add(1)
	return sum / n, weights
}

// candidate reports whether the server can take one more connection of a statement that wants something executed before.
func (s *Server) candidate(set *settings, after *After) bool {
	if !s.usable() || s.full() || !s.has(after) {
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
		if s.bars.Load()&barErrors == 0 {
			continue
		}
		s.mu.Lock()
		back := s.shun.recover(now, urgent, set.shun)
		if back {
			s.raise(barErrors, false)
		}
		s.mu.Unlock()
		if !back {
			continue
		}
		any = true
		m.log.Info().Int("hostgroup", g.id).Str("server", s.String()).Msg("server is used again after having been shunned")
		if set.unshunAll {
			m.recoverElsewhere(s)
		}
	}
	return any
}

// recoverElsewhere brings a server back in the other hostgroups too, as mysql-unshun_algorithm=1 has it.
func (m *Manager) recoverElsewhere(s *Server) {
	for _, o := range m.hosts(s.Host, s.Port) {
		o.mu.Lock()
		back := o.raise(barErrors, false)
		if back {
			o.shun = shun{}
		}
		o.mu.Unlock()
		if back {
			o.group.wakeAll()
		}
	}
}
