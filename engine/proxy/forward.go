package proxy

import (
	"errors"
	"time"

	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// maxTries bounds how often a statement is sent that did not reach its server: stale pooled connections, mostly.
const maxTries = 4

// execute routes a statement to a server and passes the answer on.
func (s *session) execute(st *statement, set *settings) error {
	st.hostgroup = s.route(st)
	return s.executeOn(st, set)
}

// executeOn serves a statement whose hostgroup is settled.
func (s *session) executeOn(st *statement, set *settings) error {
	var deadline time.Time
	if st.timeout > 0 {
		deadline = st.start.Add(st.timeout)
	}
	s.view.reach(commandName(st.command), st.sql, st.hostgroup, st.start, deadline)
	for try := 0; ; try++ {
		i, err := s.attach(st, set)
		if err != nil {
			return s.unreachable(st, set, i, err)
		}
		b := &s.backends[i]
		if !s.view.attach(b.conn, b.flags) {
			return s.interrupted(st, i)
		}
		o := s.timed(b, st, set)
		s.view.detach()
		if o.err == nil {
			s.afterStatement(b, st, set)
			s.store(st, set)
			s.account(st, set, b)
			s.part(i)
			return nil
		}
		if o.client {
			s.clientLost(i)
			return errSession
		}
		if !s.again(st, b, o, try) {
			return s.failed(st, set, i, o)
		}
		s.discard(i)
	}
}

// part settles a connection after a statement. A KILL QUERY may still be on its way to one whose statement was
// interrupted, so nobody else gets that one; where the session needs it, the kill is waited for, so that it does not strike the
// next statement.
func (s *session) part(i int) {
	if s.view.outcome() != goOn {
		b := &s.backends[i]
		b.flags |= stickyUnknown
		if b.flags&^(stickyHarmless|stickyUnknown) == 0 && !b.inTrx {
			s.discard(i)
			return
		}
		if killing := s.view.killed(); killing != nil {
			s.task.Leave()
			select {
			case <-killing:
			case <-s.ctx.Done():
			}
			_, _ = b.ping() // takes what the server still has in mind; a connection that is broken shows it at the next statement
		}
	}
	s.settle(i)
}

// outcome is how an exchange with a server ended.
type outcome struct {
	err      error // nil: a whole answer was passed on
	client   bool  // it was the client that failed
	unsent   bool  // the server cannot have seen the statement
	answered bool  // the client has got a part of the answer
	boundary bool  // that part ends with a whole packet
	next     byte  // number of the packet after it
}

// exchange brings the connection to the session's state, sends the statement and relays the answer.
func (s *session) exchange(b *backend, st *statement, set *settings) outcome {
	switch {
	case st.command == wire.ComStmtPrepare:
		return s.exchangePrepare(b, st, set)
	case st.client != nil:
		return s.exchangePrepared(b, st, set)
	}
	if err := s.bring(b, st, set); err != nil {
		return outcome{err: err, unsent: true}
	}
	c, payload := b.conn, st.payload
	c.BeginCommand()
	if err := errors.Join(c.WritePacket(payload), c.Flush()); err != nil {
		return outcome{err: err, unsent: wire.Unsent(err)}
	}
	s.shard.Add(stats.BackendBytesSent, uint64(len(payload)))
	return s.relay(b, st)
}

// again decides whether a statement that failed is tried on another connection: if the server cannot have seen it, or if it
// only reads and nothing was answered. What depends on state of its connection is never tried again.
func (s *session) again(st *statement, b *backend, o outcome, try int) bool {
	if b.stateful() || o.answered || asServerError(o.err) != nil || s.ctx.Err() != nil || s.view.outcome() != goOn {
		return false
	}
	if o.unsent {
		return try < maxTries
	}
	return try < st.retries && st.repeatable()
}

// commandName is what the processlist calls a command under way.
func commandName(c wire.Command) string {
	switch c {
	case wire.ComStmtPrepare:
		return "Prepare"
	case wire.ComStmtExecute, wire.ComStmtBulkExecute:
		return "Execute"
	}
	return "Query"
}
