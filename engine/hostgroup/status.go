package hostgroup

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// counters of the whole manager, since the start.
type counters struct {
	get, getOK, getFailed      atomic.Uint64
	pushed, destroyed, created atomic.Uint64
	aborted                    atomic.Uint64
	timeouts                   atomic.Uint64
	recycled                   atomic.Uint64
	killedConns, killedQueries atomic.Uint64
	delayed                    atomic.Uint64
	limited, limitedLate       atomic.Uint64
	limitedWait                atomic.Uint64 // µs
}

// Counters is what the manager has done since the start.
type Counters struct {
	Get, GetOK, GetFailed      uint64 // connections asked for
	Pushed, Destroyed, Created uint64 // given back, closed, opened
	Aborted                    uint64 // connect attempts that failed
	Timeouts                   uint64 // refusals 9001
	Recycled                   uint64 // given back after a reset
	KilledConns, KilledQueries uint64
	Delayed                    uint64 // new connections held back by throttling
	LatencyAware               uint64 // servers drawn from the faster ones only
	LagLimited                 uint64 // connections asked for with a LagLimit
	LagLimitedLate             uint64 // those of them that were not to be had at once
	LagLimitedWait             uint64 // how long these took, in µs
	LagSkipped                 uint64 // servers that were left out on their account
	Connected                  int    // open now
}

// Counters reads the counters.
func (m *Manager) Counters() Counters {
	c := &m.counters
	out := Counters{
		Get: c.get.Load(), GetOK: c.getOK.Load(), GetFailed: c.getFailed.Load(),
		Pushed: c.pushed.Load(), Destroyed: c.destroyed.Load(), Created: c.created.Load(),
		Aborted: c.aborted.Load(), Timeouts: c.timeouts.Load(), Recycled: c.recycled.Load(),
		KilledConns: c.killedConns.Load(), KilledQueries: c.killedQueries.Load(), Delayed: c.delayed.Load(),
		LagLimited: c.limited.Load(), LagLimitedLate: c.limitedLate.Load(), LagLimitedWait: c.limitedWait.Load(),
	}
	for _, g := range m.view.Load().groups {
		out.LatencyAware += uint64(g.aware.Load())
		out.LagSkipped += uint64(g.skipped.Load())
	}
	for _, s := range m.all() {
		s.mu.Lock()
		out.Connected += int(s.used.Load()) + len(s.idle)
		s.mu.Unlock()
	}
	return out
}

// ServerStatus is one server as stats_mysql_connection_pool shows it.
type ServerStatus struct {
	Key
	Status                   Status
	ConnUsed, ConnFree       int // now
	MaxConnUsed              int
	ConnOK, ConnErr, Queries int64
	QueriesAfter             int64 // of these, sent here because of what the server had executed
	BytesSent, BytesRecv     int64 // payload
	LatencyMicros            int64
	Weight, MaxConnections   int
}

// Servers lists the servers, those removed but still in use included, by hostgroup, host and port. With reset the
// counters start anew.
func (m *Manager) Servers(reset bool) []ServerStatus {
	var out []ServerStatus
	for _, s := range m.all() {
		out = append(out, s.read(reset))
	}
	slices.SortFunc(out, func(a, b ServerStatus) int {
		return cmp.Or(cmp.Compare(a.Hostgroup, b.Hostgroup), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
	})
	return out
}

func (s *Server) read(reset bool) ServerStatus {
	load := func(c *atomic.Int64) int64 { return c.Load() }
	if reset {
		load = func(c *atomic.Int64) int64 { return c.Swap(0) }
	}
	conf, t := s.conf.Load(), &s.traffic
	s.mu.Lock()
	defer s.mu.Unlock()
	out := ServerStatus{
		Key: s.Key, Status: s.Status(), ConnUsed: int(s.used.Load()), ConnFree: len(s.idle), MaxConnUsed: int(s.maxUsed),
		ConnOK: load(&t.connOK), ConnErr: load(&t.connErr), Queries: load(&t.queries), QueriesAfter: load(&t.after),
		BytesSent: load(&t.sent), BytesRecv: load(&t.received),
		LatencyMicros: t.latency.Load(), Weight: conf.weight, MaxConnections: conf.maxConnections,
	}
	if reset {
		s.maxUsed = s.used.Load()
	}
	return out
}
