package proxy

import (
	"runtime/metrics"
	"time"
	"unsafe"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// addQueryGauges adds to stats_mysql_global what the query processor does, and what memory there is for what.
func (p *Proxy) addQueryGauges(g stats.Gauges, sessions int) {
	c := p.cache.Stats()
	g["Query_Cache_Memory_bytes"] = uint64(c.Bytes)
	g["Query_Cache_Entries"] = uint64(c.Entries)
	g["Query_Cache_Purged"] = c.Purged
	running, waiting := p.mirrors.figures()
	g["Mirror_concurrency"], g["Mirror_queue_length"] = uint64(running), uint64(waiting)
	const perConn = uint64(unsafe.Sizeof(hostgroup.Conn{}) + unsafe.Sizeof(wire.Conn{}))
	g["ConnPool_memory_bytes"] = g["Server_Connections_connected"] * perConn
	g["mysql_session_internal_bytes"] = uint64(sessions) * uint64(unsafe.Sizeof(session{})+unsafe.Sizeof(wire.Conn{}))
	g["SQLite3_memory_bytes"] = p.sqliteBytes()
}

// memory is stats_memory_metrics. What no counter is kept of is estimated from the number of things.
func (p *Proxy) memory() *schema.Rows {
	const perString = 32
	ps := p.prepared.Stats()
	users, rules := p.firewall.Load().Sizes()
	stacks := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(stacks)
	m := stats.Memory{
		SQLite: p.sqliteBytes(), Digests: uint64(p.digests.Bytes()), StatementMetadata: ps.Bytes,
		FirewallUsers: uint64(users * 4 * perString), FirewallRules: uint64(rules * 5 * perString),
		ProxySessions: stacks[0].Value.Uint64(),
	}
	for _, u := range p.users.all() {
		m.Auth += uint64(unsafe.Sizeof(*u)) + uint64(len(u.name)+len(u.password)+len(u.attributes)+len(u.defaultSchema))
	}
	p.mu.Lock()
	for i := range p.ruleRows {
		r := &p.ruleRows[i]
		m.Rules += uint64(unsafe.Sizeof(rule.Row{})) + uint64(len(r.MatchDigest.V)+len(r.MatchPattern.V)+len(r.ReplacePattern.V))
	}
	m.Rules += uint64(len(p.ruleFast)) * uint64(unsafe.Sizeof(rule.FastRow{}))
	p.mu.Unlock()
	return stats.MemoryRows(m)
}

// figures are those that upstream does not have.
func (p *Proxy) figures() []stats.Figure {
	events, audit := p.logs.events.Stats(), p.logs.audit.Stats()
	return []stats.Figure{
		{Name: "auditlog_dropped", Total: true, Value: audit.Dropped},
		{Name: "auditlog_queued_bytes", Value: audit.Queued},
		{Name: "auditlog_written", Total: true, Value: audit.Written},
		{Name: "event_loop_stalls", Total: true, Value: p.loops.Load().Stalls()},
		{Name: "eventslog_dropped", Total: true, Value: events.Dropped},
		{Name: "eventslog_queued_bytes", Value: events.Queued},
		{Name: "eventslog_written", Total: true, Value: events.Written},
		{Name: "mirror_dropped", Total: true, Value: p.mirrors.dropped.Load()},
		{Name: "query_digest_bytes", Value: uint64(p.digests.Bytes())},
		{Name: "query_digest_evicted", Total: true, Value: p.digests.Evicted()},
		{Name: "query_rules_stopped", Total: true, Value: p.rules.Load().Stopped()},
	}
}

// sqliteBytes is the memory of the admin databases.
func (p *Proxy) sqliteBytes() uint64 {
	if p.sqlite == nil {
		return 0
	}
	return uint64(p.sqlite())
}

// timed is exchange, with the time it takes counted where that is asked for.
func (s *session) timed(b *backend, st *statement, set *settings) outcome {
	if !set.timeBackend {
		return s.exchange(b, st, set)
	}
	start := time.Now()
	o := s.exchange(b, st, set)
	s.shard.Add(stats.BackendQueryTime, uint64(time.Since(start)))
	return o
}

// match asks the rules, with the time it takes counted where that is asked for.
func (s *session) match(st *statement, set *settings) {
	if !set.timeRules {
		s.p.rules.Load().Match(&st.query, &st.decision)
		return
	}
	start := time.Now()
	s.p.rules.Load().Match(&st.query, &st.decision)
	s.shard.Add(stats.QueryProcessorTime, uint64(time.Since(start)))
}
