package proxy

import (
	"errors"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

var (
	queryTimeout = wire.Error{Code: 1907, State: "70100", Message: "Query execution was interrupted, query_timeout exceeded"}
	queryKilled  = wire.Error{Code: 1317, State: "70100", Message: "Query execution was interrupted"}
	shuttingDown = wire.Error{Code: 1053, State: "08S01", Message: "Server shutdown in progress"}
)

// unreachable tells the client that there is no connection for its statement.
func (s *session) unreachable(st *statement, set *settings, i int, err error) error {
	if errors.Is(err, errOffline) {
		return s.failed(st, set, i, outcome{err: err, unsent: true})
	}
	e := asServerError(err)
	if e == nil { // the context ended: the client left, was killed, or we do
		s.refuse(s.ending())
		return errSession
	}
	s.recordError(st, nil, e)
	s.accountError(st, set)
	return s.fail(e)
}

// ending is what a client is told at the end of a session that was killed, or that ends with us.
func (s *session) ending() *wire.Error {
	if s.view.ended() && !s.view.parting() {
		return &queryKilled
	}
	return &shuttingDown
}

// interrupted ends a statement that was killed before it was sent.
func (s *session) interrupted(st *statement, i int) error {
	s.settle(i)
	if s.view.ended() {
		s.refuse(s.ending())
		return errSession
	}
	return s.fail(&queryKilled)
}

// failed ends a statement that got no answer, or not all of it, and parts with connection i. The session goes on where
// nothing of it was lost with the connection.
func (s *session) failed(st *statement, set *settings, i int, o outcome) error {
	b := &s.backends[i]
	s.accountError(st, set)
	var e *replayError
	if errors.As(o.err, &e) {
		return s.replayRefused(st, set, i, e)
	}
	fatal := b.stateful() || o.answered
	loss := s.lossMessage(b, o)
	s.recordError(st, b.conn, loss)
	s.p.log.Warn().Err(o.err).Uint32("session", s.id).Int("hostgroup", b.hostgroup).Str("server", b.conn.Server().String()).
		Bool("sent", !o.unsent).Msg("lost server during query")
	s.discard(i)
	if o.answered {
		if o.boundary { // amid a packet an error cannot be told
			s.client.SetSeq(o.next)
			s.refuse(loss)
		}
		return errSession
	}
	if err := s.fail(loss); err != nil || fatal || s.view.ended() {
		return errSession
	}
	return nil
}

// replayRefused passes the server's refusal of schema or variables on. Variables it did not take are given up, so that one
// wrong SET does not fail every statement to come.
func (s *session) replayRefused(st *statement, set *settings, i int, e *replayError) error {
	b := &s.backends[i]
	s.recordError(st, b.conn, e.refusal)
	s.logError(st, set, b.conn, e.refusal)
	if e.variables {
		s.setVars(s.good)
		b.flags |= stickyUnknown
	}
	fatal := false
	switch {
	case b.flags&stickyUnknown == 0:
		s.settle(i)
	default:
		fatal = b.inTrx || b.flags&^(stickyHarmless|stickyUnknown) != 0
		s.discard(i)
	}
	if err := s.fail(e.refusal); err != nil || fatal {
		return errSession
	}
	return nil
}

// lossMessage says what became of a statement.
func (s *session) lossMessage(b *backend, o outcome) *wire.Error {
	switch v := s.view.outcome(); {
	case v == timedOut:
		return &queryTimeout
	case v == killedConn:
		return s.ending()
	case v == killedQuery:
		return &queryKilled
	case errors.Is(o.err, errOffline):
		s.shard.Add(stats.BackendOfflineDuringQuery, 1)
	}
	what := "Lost connection to MySQL server during query"
	if o.unsent {
		what = "Lost connection to MySQL server before query was sent"
	}
	why := b.conn.Cut()
	if why == "" {
		why = root(o.err).Error()
	}
	return wire.Errorf(2013, "HY000", "%s (%s: %s)", what, b.conn.Describe(), why)
}

// lost ends a command other than a statement on which a held connection broke.
func (s *session) lost(b *backend, err error) error {
	if e := asServerError(err); e != nil {
		return s.fail(e)
	}
	s.refuse(wire.Errorf(2013, "HY000", "Lost connection to MySQL server during query (%s: %v)", b.conn.Describe(), root(err)))
	b.flags |= stickyUnknown
	return errSession
}

// clientLost parts with a connection whose answer nobody reads any more.
func (s *session) clientLost(i int) {
	s.shard.Add(stats.ClientConnectionsAborted, 1)
	if s.p.settings.Load().killBackend {
		s.p.servers.Kill(s.backends[i].conn, false)
	}
	s.discard(i)
}

// root is the innermost error: "connection reset by peer".
func root(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// recordError adds to stats_mysql_errors. c is nil where no connection was reached.
func (s *session) recordError(st *statement, c *hostgroup.Conn, e *wire.Error) {
	key := stats.ErrorKey{Hostgroup: st.hostgroup, User: s.user.name, Schema: s.schema, Code: int(e.Code)}
	if c != nil {
		key.Host, key.Port = c.Server().Host, c.Server().Port
	}
	if s.p.settings.Load().trackHost {
		key.Client = s.host
	}
	s.p.errors.Add(key, e.Message, time.Now())
}
