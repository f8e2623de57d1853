package hostgroup

import (
	"math"
	"math/rand/v2"
	"time"
)

// choice is what a server is chosen by.
type choice struct {
	set      *settings
	request  *Request
	replicas bool // no others
}

// pick draws a server by weight among those that can take one more connection and are as far as the request wants; nil where
// there is none. It does not allocate.
func (g *groupView) pick(set *settings, r *Request) *Server {
	c := choice{set: set, request: r}
	online, candidates, total := 0, 0, 0
	replicas, ofReplicas := 0, 0
	for _, s := range g.servers {
		if !s.usable() {
			continue
		}
		online++
		if s.candidate(&c) {
			candidates++
			total += s.conf.Load().weight
			if s.replica.Load() {
				replicas++
				ofReplicas += s.conf.Load().weight
			}
		} else if s.behindMore(r.LagLimit) {
			g.skipped.Add(1)
		}
	}
	if r.LagLimit > 0 && set.replicasOnly > 0 && replicas >= set.replicasOnly {
		c.replicas, candidates, total = true, replicas, ofReplicas
	}
	if total == 0 || online > g.attributes.maxOnline {
		return nil
	}
	slowest := int64(math.MaxInt64)
	if set.awareFrom > 0 && candidates >= set.awareFrom {
		slowest, total = g.meanLatency(&c, total)
	}
	k := rand.IntN(total)
	for _, s := range g.servers {
		if !s.candidate(&c) || s.traffic.latency.Load() > slowest {
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
func (g *groupView) meanLatency(c *choice, total int) (slowest int64, weights int) {
	var sum, n int64
	for _, s := range g.servers {
		if !s.candidate(c) {
			continue
		}
		latency := s.traffic.latency.Load()
		if latency == 0 {
			return math.MaxInt64, total
		}
		sum, n = sum+latency, n+1
	}
	for _, s := range g.servers {
		if n > 0 && s.candidate(c) && s.traffic.latency.Load() <= sum/n {
			weights += s.conf.Load().weight
		}
	}
	if weights == 0 {
		return math.MaxInt64, total
	}
	g.aware.Add(1)
	return sum / n, weights
}

// candidate reports whether the server can take one more connection, and is as far as the request wants.
func (s *Server) candidate(c *choice) bool {
	if !s.usable() || s.full() || !s.meets(c.request.After, c.request.LagLimit) || c.replicas && !s.replica.Load() {
		return false
	}
	limit := s.conf.Load().maxLatency
	if limit == 0 {
		limit = c.set.maxLatency
	}
	latency := time.Duration(s.traffic.latency.Load()) * time.Microsecond
	return limit == 0 || latency <= limit
}

// meets reports whether the server is known to be as far as is wanted. It takes no lock and does not allocate.
func (s *Server) meets(after *After, lagLimit time.Duration) bool {
	return s.has(after) && !s.behindMore(lagLimit)
}

// behindMore reports whether the server's replication lags behind by more than a limit; it does not where that is 0.
func (s *Server) behindMore(limit time.Duration) bool {
	return limit > 0 && s.behind.Load() > int64(limit)
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
