package proxy

import (
	"errors"
	"slices"
	"time"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/wire"
)

// backend is a server connection in a session's hands: at most one per hostgroup.
type backend struct {
	conn      *hostgroup.Conn
	hostgroup int
	flags     sticky
	inTrx     bool
	cursors   int    // open on it
	held      *held  // nil where the flags need no names
	changes   []byte // what the server told in the last answer that readOK read; valid until the next one is read
	muted     bool   // what the server tells next of its variables is about a single statement

	delay      int       // statements for which it is kept after an insert id
	delayUntil time.Time // time until which it is kept; zero for none
	used       time.Time // when its last statement began

	hasID bool // the server's LAST_INSERT_ID() is the session's
}

// delayed reports whether the connection is kept for a while only.
func (b *backend) delayed() bool { return b.delay > 0 || !b.delayUntil.IsZero() }

// stateful reports whether something would be missing on another connection: a transaction, a temporary table.
func (b *backend) stateful() bool {
	return b.inTrx || b.flags&^(stickyHarmless|stickyOption) != 0
}

// sharedCapabilities are the client's capabilities that a server connection must have as well for answers to be passed on
// as they are.
const sharedCapabilities = wire.CapFoundRows | wire.CapIgnoreSpace | wire.CapODBC | wire.CapInteractive | wire.CapMultiStatements |
	wire.CapSessionTrack | wire.CapDeprecateEOF | wire.CapLocalFiles

// attach returns the place in s.backends of a connection to the statement's hostgroup.
func (s *session) attach(st *statement, set *settings) (int, error) {
	for i := range s.backends {
		b := &s.backends[i]
		if b.hostgroup != st.hostgroup {
			continue
		}
		usable := b.conn.Usable() && !s.stale(b, st)
		if usable && !s.outrun(b, st) {
			return i, s.catchUp(b, st)
		}
		if usable {
			s.release(i)
			break
		}
		if b.stateful() {
			return i, errOffline
		}
		s.discard(i)
		break
	}
	want := s.wanted(st, nil, set)
	st.request = hostgroup.Request{
		Hostgroup: st.hostgroup, Login: s.backend, Capabilities: s.capabilities(st), Charset: s.charsetID,
		Schema: s.schema, StateHash: want.Hash(), Fresh: st.fresh, Compression: s.compression(), After: st.wants, LagLimit: st.lagLimit, Waits: s.task,
	}
	c, err := s.p.servers.Acquire(&s.ctx, &st.request)
	if err != nil {
		return -1, err
	}
	c.Bind(s.task)
	b := backend{conn: c, hostgroup: st.hostgroup}
	if !set.multiplexing || s.user.fastForward {
		b.flags |= stickyNoMultiplex
	}
	if s.user.fastForward {
		b.flags |= stickySet
	}
	if !s.p.servers.Multiplex(st.hostgroup) {
		b.flags |= stickyHostgroup
	}
	s.backends = append(s.backends, b)
	return len(s.backends) - 1, nil
}

// stale reports whether a connection that could as well be another one was closed by its server while the session had it.
func (s *session) stale(b *backend, st *statement) bool {
	return !b.stateful() && !b.conn.Alive(st.start.Sub(b.used))
}

// errOffline is found on a held connection whose server was put to OFFLINE_HARD, or does not answer the monitor.
var errOffline = errors.New("server is OFFLINE_HARD")

// wanted is the state of variables a statement needs. As upstream has it, plain reads outside of a transaction do not open
// one on account of autocommit=0: they may go to servers that the transaction does not.
func (s *session) wanted(st *statement, b *backend, set *settings) *setting.State {
	want := s.vars
	if !(s.vars.Autocommit() || set.acOnReads || b != nil && b.inTrx || !st.plainRead() || s.transaction() >= 0) {
		want = s.reads
	}
	if names := s.p.servers.Ignores(st.hostgroup); len(names) > 0 {
		return s.reduced.without(want, names)
	}
	return want
}

// reduced remembers what became of a state without the variables that a hostgroup does not want.
type reduced struct {
	from, to *setting.State
	names    *string // the first of the list, which stands for all of it: a load makes new ones
}

func (r *reduced) without(want *setting.State, names []string) *setting.State {
	if r.from != want || r.names != &names[0] {
		*r = reduced{want, want.Without(names), &names[0]}
	}
	return r.to
}

// keeps reports whether a connection has to stay with the session.
func (s *session) keeps(b *backend) bool {
	if b.inTrx || b.flags != 0 || b.delayed() {
		return true
	}
	return s.p.settings.Load().acIsTrx && !s.vars.Autocommit()
}

// settle keeps connection i if it has to stay, and gives it back if not.
func (s *session) settle(i int) {
	b := &s.backends[i]
	switch {
	case !b.conn.Usable() && b.stateful(): // the next statement hears of the loss
	case !b.conn.Usable():
		s.discard(i)
	case b.conn.Draining() && !b.inTrx && b.flags&^stickyHarmless == 0, !s.keeps(b):
		s.release(i)
	}
}

// release gives a clean connection back.
func (s *session) release(i int) {
	c := s.backends[i].conn
	s.drop(i)
	s.p.servers.Release(c)
}

// discard closes a connection.
func (s *session) discard(i int) {
	c := s.backends[i].conn
	s.drop(i)
	s.p.servers.Discard(c)
}

func (s *session) drop(i int) {
	if s.backends[i].cursors > 0 {
		s.cursorsLost(s.backends[i].hostgroup)
	}
	s.backends[i].conn.Bind(nil)
	s.backends = slices.Delete(s.backends, i, i+1)
}

// dropBackends parts with all connections: clean ones go back, the others have their session on the server reset before.
func (s *session) dropBackends() {
	for i := len(s.backends) - 1; i >= 0; i-- {
		b := &s.backends[i]
		switch {
		case s.ctx.Err() != nil || !b.conn.Usable() || b.flags&(stickyUnknown|stickyXA) != 0:
			s.discard(i) // MariaDB loses hold of a prepared XA transaction, and keeps its locks, where the session is reset
		case !b.inTrx && b.flags&^stickyHarmless == 0:
			s.release(i)
		default:
			c := b.conn
			s.drop(i)
			s.task.Leave()
			s.p.servers.Recycle(&s.ctx, c)
		}
	}
}

// afterStatement draws the consequences of an executed statement for the connection it ran on and for the session.
func (s *session) afterStatement(b *backend, st *statement, set *settings) {
	a := &s.answer
	b.used = st.start
	if st.command == wire.ComStmtPrepare { // executes nothing
		return
	}
	s.remember(b, st)
	if st.binds && a.Err != nil { // refused: there is nothing to be bound to
		s.lockedOn, st.multiplex = -1, rule.Unset
	}
	st.opaque = st.opaque && a.Err == nil
	switch {
	case a.Err != nil:
		b.inTrx = s.trxAfterError(b, st)
	default:
		b.inTrx = a.Status&wire.StatusInTrans != 0
	}
	if a.Err == nil {
		s.good = s.vars
	}
	if a.Status&wire.StatusDBDropped != 0 {
		b.conn.Schema = ""
	}
	warnings := a.Warnings > 0 && a.Err == nil && s.keepsWarnings(b, set)
	b.flags = b.flags.after(st, warnings, b.inTrx, a.Err != nil)
	if set.logWarnings && a.Warnings > 0 && a.Err == nil && st.class != digest.CommandShow {
		s.logWarnings(b, st, set)
	}
	b.hold(st, s.schema, a.Err != nil)
	if st.traits&traitReleaseLock != 0 {
		s.checkLocks(b)
	}
	s.adopt(b, st)
	switch {
	case warnings:
		s.warned = b.hostgroup
	case st.class != digest.CommandShow:
		s.warned = -1
	}
	s.delay(b, st, set)
	if st.releases() && a.Err == nil {
		b.flags, s.closing = b.flags|stickyUnknown, true
	}
	if len(st.payload) > set.longQuery && b.flags&^stickyHarmless == 0 && !b.inTrx {
		b.flags |= stickyUnknown // the server keeps buffers of that size with the connection
	}
}

// keepsWarnings reports whether a statement's warnings keep its connection, for SHOW WARNINGS.
func (s *session) keepsWarnings(b *backend, set *settings) bool {
	if own := s.p.servers.HandleWarnings(b.hostgroup); own >= 0 {
		return own == 1
	}
	return set.warnings
}

// trxAfterError tells whether a transaction is open after an error, which the error does not say. Where it is not plain
// from the statement, the server is asked.
func (s *session) trxAfterError(b *backend, st *statement) bool {
	simple := st.class == digest.CommandSelect || st.class == digest.CommandInsert || st.class == digest.CommandUpdate ||
		st.class == digest.CommandDelete || st.class == digest.CommandReplace
	if !b.inTrx && simple && st.traits&traitSeveral == 0 && s.autocommits(b) {
		return false
	}
	status, err := b.ping()
	if err != nil {
		b.flags |= stickyUnknown
		return b.inTrx
	}
	return status&wire.StatusInTrans != 0
}

// autocommits reports whether the server has autocommit on for a connection.
func (s *session) autocommits(b *backend) bool {
	have, ok := b.conn.State.(*setting.State)
	return ok && have.Autocommit()
}

// delay keeps a connection for a while after a statement that made an insert id.
func (s *session) delay(b *backend, st *statement, set *settings) {
	insertID := s.answer.LastInsertID
	switch {
	case insertID != 0:
		s.lastInsertID, s.last.idOnWire = insertID, false
		s.insertIDOn(b)
		b.delay, b.delayUntil = set.insertDelay, time.Time{}
		if b.delay > 0 {
			b.delayUntil = s.p.now().Add(set.insertDelayMax)
		}
	case s.answer.Err == nil && st.setsInsertID():
		s.last.idOnWire = true
		s.insertIDOn(b)
		if set.insertDelay > 0 {
			b.delay, b.delayUntil = max(b.delay, 1), s.p.now().Add(min(set.insertDelayMax, askedSoon))
		}
	case b.delay > 0 && s.last.idOnWire && st.traits&traitInsertID != 0: // the question may be repeated
	case b.delay > 0:
		if b.delay--; b.delay == 0 {
			b.delayUntil = time.Time{}
		}
	}
	if set.connDelay > 0 {
		if until := s.p.now().Add(set.connDelay); until.After(b.delayUntil) {
			b.delayUntil = until
		}
	}
}
