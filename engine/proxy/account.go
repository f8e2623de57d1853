package proxy

import (
	"time"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/stats"
)

// account records a statement that a server answered.
func (s *session) account(st *statement, set *settings, b *backend) {
	a := &s.answer
	b.conn.Count(uint64(len(st.payload)), a.Bytes)
	if st.wants != nil && b.conn.Has(st.wants) {
		s.shard.Add(stats.GTIDConsistentQueries, 1)
		b.conn.CountAfter()
	}
	if a.Err != nil {
		s.recordError(st, b.conn, a.Err)
		s.logError(st, set, b.conn, a.Err)
	}
	if s.p.logs.events.On() {
		st.server = b.conn.Server().String()
	}
	s.record(st, set, st.hostgroup, a.AffectedRows, a.Rows)
}

// accountLocal records a statement that the proxy answered.
func (s *session) accountLocal(st *statement, set *settings) { s.record(st, set, -1, 0, 0) }

// accountRefused records a statement that the proxy answered with an error.
func (s *session) accountRefused(st *statement, set *settings) {
	st.failed = true
	s.record(st, set, -1, 0, 0)
}

// accountError records a statement that nobody answered.
func (s *session) accountError(st *statement, set *settings) { s.record(st, set, st.hostgroup, 0, 0) }

// record adds a statement to digests and counters. It does not allocate once the digest is known.
func (s *session) record(st *statement, set *settings, hostgroup int, affected, sent uint64) {
	now := s.p.now()
	took := now.Sub(st.start)
	if set.slow > 0 && took > set.slow {
		s.shard.Add(stats.SlowQueries, 1)
	}
	if set.commandsStats {
		s.shard.AddCommand(st.class, took)
	}
	s.countCommand(st)
	if s.p.logs.events.On() {
		s.logEvent(st, set, hostgroup, affected, sent, now)
	}
	if !set.queryDigests {
		return
	}
	st.row = digest.Row{Username: s.user.name, Schemaname: s.schema, Digest: st.hash, Hostgroup: int32(hostgroup)}
	if set.trackHost {
		st.row.Client = s.host
	}
	s.p.digests.Row(&s.cache, &st.row, st.text, now).Add(now, max(took, time.Microsecond), affected, sent)
}

// countCommand counts what stats_mysql_global knows by statement.
func (s *session) countCommand(st *statement) {
	switch st.class {
	case digest.CommandSelect:
		if st.traits&traitLocking != 0 && !s.vars.Autocommit() {
			s.shard.Add(stats.SelectsForUpdateAutocommit0, 1)
		}
	case digest.CommandCommit:
		s.shard.Add(stats.ComCommit, 1)
	case digest.CommandRollback:
		s.shard.Add(stats.ComRollback, 1)
	}
}
