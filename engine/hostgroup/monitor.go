package hostgroup

import (
	"fmt"
	"time"
)

// hosts lists the servers of a host and port, over all hostgroups.
func (m *Manager) hosts(host string, port int) []*Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []*Server
	for key, s := range m.servers {
		if key.Host == host && key.Port == port {
			out = append(out, s)
		}
	}
	return out
}

// SetLatency notes how long a server takes to answer a ping, over all hostgroups; 0 where that is not known.
func (m *Manager) SetLatency(host string, port int, d time.Duration) {
	for _, s := range m.hosts(host, port) {
		s.traffic.latency.Store(d.Microseconds())
	}
}

// Missing shuns a server that does not answer, in all hostgroups, until Back, and closes its connections: those that wait for
// an answer end with an error at once. why is told to clients. It may be called again for hostgroups that came later.
func (m *Manager) Missing(host string, port int, why string) {
	for _, s := range m.hosts(host, port) {
		s.mu.Lock()
		if s.raise(barMissing, true) {
			s.outage = outage{since: m.now(), cause: why}
		}
		s.mu.Unlock()
		s.doubt()
		m.counters.destroyed.Add(uint64(s.closeIdle() + s.cutLent(why)))
	}
}

// Back ends what Missing began: at once, because the server has answered.
func (m *Manager) Back(host string, port int) {
	for _, s := range m.hosts(host, port) {
		s.mu.Lock()
		back := s.raise(barMissing, false)
		s.mu.Unlock()
		if back {
			m.log.Info().Int("hostgroup", s.Hostgroup).Str("server", s.String()).Msg("server answers again")
			s.group.wakeAll()
		}
	}
}

// SetLag shuns a server of one hostgroup whose replication is too late, or ends that. It reports whether that changed anything.
func (m *Manager) SetLag(key Key, lag time.Duration, late bool) bool {
	m.mu.Lock()
	s := m.servers[key]
	m.mu.Unlock()
	if s == nil {
		return false
	}
	s.mu.Lock()
	s.lag = lag
	changed := s.raise(barLag, late)
	s.mu.Unlock()
	if changed && !late {
		s.group.wakeAll()
	}
	return changed
}

// SetBehind notes how far a server's replication lags behind, and whether it has any, for requests with a LagLimit.
func (m *Manager) SetBehind(key Key, lag time.Duration, replica bool) {
	m.mu.Lock()
	s := m.servers[key]
	m.mu.Unlock()
	if s == nil {
		return
	}
	s.replica.Store(replica)
	if was := s.behind.Swap(int64(lag)); int64(lag) < was {
		s.group.advanced(s)
	}
}

// Suspects tells of servers to which no connection could be opened, for whoever can find out more. Some may be left out where
// there are many.
func (m *Manager) Suspects() <-chan Key { return m.suspects }

func (m *Manager) suspect(s *Server) {
	select {
	case m.suspects <- s.Key:
	default:
	}
}

// SetSpare says which servers a cluster has and does not need for now, as writers more than are allowed. They are shunned in that
// hostgroup, also where they come into it later, and finish their transactions; those that were said before and are not now are used again.
func (m *Manager) SetSpare(keys []Key) {
	spare := make(map[Key]bool, len(keys))
	for _, k := range keys {
		spare[k] = true
	}
	var back []*group
	m.mu.Lock()
	m.backups = spare
	for key, s := range m.servers {
		s.mu.Lock()
		if s.raise(barSpare, spare[key]) && !spare[key] {
			back = append(back, s.group)
		}
		s.mu.Unlock()
	}
	m.mu.Unlock()
	for _, g := range back {
		g.wakeAll()
	}
}

// Shunned reports whether a server that is ONLINE by configuration is shunned, for whatever reason.
func (m *Manager) Shunned(key Key) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.servers[key]
	return s != nil && s.bars.Load() != 0
}

// barred tells why and since when a server is shunned.
func (s *Server) barred(now time.Time) (why string, age time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch bars := s.bars.Load(); {
	case bars&barMissing != 0:
		return s.outage.cause, now.Sub(s.outage.since)
	case bars&barErrors != 0:
		return s.shun.cause, now.Sub(s.shun.since)
	}
	return fmt.Sprintf("replication lag %d s", int(s.lag.Seconds())), 0
}
