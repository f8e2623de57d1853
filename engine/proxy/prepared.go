package proxy

import (
	"encoding/binary"
	"slices"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// statements are a session's prepared statements. Clients see ids of the session; every hostgroup a statement was used on
// has its own, valid on the connection that is kept for it.
type statements struct {
	next    uint32
	byID    map[uint32]*prepared
	pending *prepared // being prepared for the client
}

// prepared is one prepared statement.
type prepared struct {
	sql       []byte
	text      []byte // digest
	hash      uint64
	class     digest.CommandClass
	traits    trait
	hostgroup int // where the rules sent it
	params    int
	on        map[int]*instance // by hostgroup
	types     []byte            // of the parameters, as the client sent them last
	last      int               // hostgroup it was executed on last, -1
	longOn    int               // hostgroup that was sent long data for the next execution, -1
}

// instance is a prepared statement on one server connection.
type instance struct {
	id    uint32
	typed bool // the server has been sent the types of the parameters
}

func (t *statements) clear() { t.byID = nil }

// forget drops what is known of a connection that is gone.
func (t *statements) forget(hostgroup int) {
	for _, p := range t.byID {
		delete(p.on, hostgroup)
	}
}

// add numbers a statement.
func (t *statements) add(p *prepared) uint32 {
	if t.byID == nil {
		t.byID = map[uint32]*prepared{}
	}
	for t.next++; t.next == 0 || t.byID[t.next] != nil; t.next++ {
	}
	t.byID[t.next] = p
	return t.next
}

// prepared serves the COM_STMT_ commands.
func (s *session) prepared(cmd wire.Command, p []byte) error {
	if cmd == wire.ComStmtPrepare {
		return s.prepare(p)
	}
	if len(p) < 5 {
		return s.fail(wire.Errorf(1835, "HY000", "Malformed communication packet"))
	}
	id := binary.LittleEndian.Uint32(p[1:])
	ps := s.stmts.byID[id]
	switch {
	case cmd == wire.ComStmtClose:
		s.closeStatement(id, ps)
		return nil
	case cmd == wire.ComStmtSendLongData:
		return s.longData(ps, p)
	case ps == nil:
		return s.fail(wire.Errorf(1243, "HY000", "Unknown prepared statement handler (%d) given to mysql_stmt_precheck", id))
	}
	return s.runPrepared(cmd, ps, p)
}

// prepare serves COM_STMT_PREPARE.
func (s *session) prepare(p []byte) error {
	s.shard.Add(stats.ComFrontendStmtPrepare, 1)
	s.shard.Add(stats.ComBackendStmtPrepare, 1)
	st := s.statement(wire.ComStmtPrepare, p)
	defer s.done(st)
	set := s.p.settings.Load()
	comment := st.parse(p[1:], &set.digest)
	s.decide(st, set, comment)
	if err := s.detect(st, set); err != nil {
		return err
	}
	if d := &st.decision; d.ErrorMsg.Valid || d.OKMsg.Valid {
		s.accountLocal(st, set)
		return s.fail(wire.Errorf(1148, "42000", "%s%s", d.ErrorMsg.V, d.OKMsg.V))
	}
	if done, err := s.guard(st, set); done {
		return err
	}
	s.stmts.pending = &prepared{
		sql: slices.Clone(st.sql), text: slices.Clone(st.text), hash: st.hash, class: st.class, traits: st.traits,
		hostgroup: s.routeUnbound(st), on: map[int]*instance{}, last: -1, longOn: -1,
	}
	defer func() { s.stmts.pending = nil }()
	return s.execute(st, set)
}

// rename gives a statement just prepared the id the client will know it by, in the first packet of the server's answer.
func (s *session) rename(b *backend, chunk []byte) {
	ps := s.stmts.pending
	if chunk[4] != 0 {
		return // refused
	}
	ps.on[b.hostgroup] = &instance{id: binary.LittleEndian.Uint32(chunk[5:])}
	b.stmts++
	b.flags |= stickyStatements
	binary.LittleEndian.PutUint32(chunk[5:], s.stmts.add(ps))
}

// runPrepared serves COM_STMT_EXECUTE, COM_STMT_FETCH and COM_STMT_RESET.
func (s *session) runPrepared(cmd wire.Command, ps *prepared, p []byte) error {
	st := s.statement(cmd, p)
	defer s.done(st)
	set := s.p.settings.Load()
	st.prep = ps
	st.sql, st.hash, st.class, st.traits = ps.sql, ps.hash, ps.class, ps.traits
	st.text = append(st.text[:0], ps.text...)
	st.timeout, st.retries = set.queryTimeout, set.queryRetries
	switch cmd {
	case wire.ComStmtExecute, wire.ComStmtBulkExecute:
		s.shard.Add(stats.Questions, 1)
		s.shard.Add(stats.ComFrontendStmtExecute, 1)
		s.shard.Add(stats.ComBackendStmtExecute, 1)
		st.hostgroup = s.preparedTarget(ps)
		if !ps.complete(st.hostgroup) {
			return s.fail(wire.Errorf(2013, "HY000", "Lost connection to MySQL server during query (parameters sent as long data are gone)"))
		}
		ps.last = st.hostgroup
	default:
		ps.longOn = -1
		if ps.last < 0 { // never executed: there is nothing to reset or to fetch
			return s.idleStatement(cmd)
		}
		st.hostgroup = ps.last
	}
	return s.executeOn(st, set)
}

// complete reports whether the long data for an execution is where the execution goes, and expects none from then on.
func (ps *prepared) complete(hostgroup int) bool {
	on := ps.longOn
	ps.longOn = -1
	return on < 0 || on == hostgroup && ps.on[on] != nil
}

// idleStatement answers for a statement without a result.
func (s *session) idleStatement(cmd wire.Command) error {
	if cmd == wire.ComStmtReset {
		return s.reply()
	}
	return s.fail(wire.Errorf(1421, "HY000", "The statement has no open cursor."))
}

// preparedTarget is where a statement is executed: where it was prepared, unless a lock or a transaction binds the session.
func (s *session) preparedTarget(ps *prepared) int {
	if s.lockedOn >= 0 {
		return s.lockedOn
	}
	if trx := s.transaction(); trx >= 0 && s.user.transactionStays {
		return trx
	}
	return ps.hostgroup
}

// closeStatement serves COM_STMT_CLOSE, which has no answer.
func (s *session) closeStatement(id uint32, ps *prepared) {
	if ps == nil {
		return
	}
	s.shard.Add(stats.ComFrontendStmtClose, 1)
	delete(s.stmts.byID, id)
	for i := len(s.backends) - 1; i >= 0; i-- {
		b := &s.backends[i]
		in := ps.on[b.hostgroup]
		if in == nil {
			continue
		}
		s.shard.Add(stats.ComBackendStmtClose, 1)
		if err := b.tell(wire.ComStmtClose, in.id); err != nil {
			b.flags |= stickyUnknown // the next statement finds out
		}
		if b.stmts--; b.stmts == 0 {
			b.flags &^= stickyStatements
		}
		s.settle(i)
	}
}
