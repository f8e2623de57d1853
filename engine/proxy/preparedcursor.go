package proxy

import (
	"encoding/binary"
	"errors"

	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// noteCursor keeps the connection while a cursor is open on it.
func (s *session) noteCursor(b *backend, st *statement, in *prepared.Instance) {
	a, cs := &s.answer, st.client
	open := a.Err == nil && a.Status&wire.StatusCursorExists != 0 && a.Status&wire.StatusLastRowSent == 0 &&
		st.command != wire.ComStmtReset
	switch {
	case open && cs.cursor == nil:
		cs.cursor, cs.on, in.Held = in, b.hostgroup, true
		b.cursors++
		b.flags |= stickyCursor
	case !open && cs.cursor != nil:
		s.cursorClosed(b, cs)
	}
}

func (s *session) cursorClosed(b *backend, cs *clientStatement) {
	cs.cursor.Held = false
	cs.cursor = nil
	if b.cursors--; b.cursors == 0 {
		b.flags &^= stickyCursor
	}
}

// useCursor serves COM_STMT_FETCH, and COM_STMT_RESET where a cursor is open.
func (s *session) useCursor(cmd wire.Command, cs *clientStatement, p []byte) error {
	st := s.statement(cmd, p)
	defer s.done(st)
	set := s.p.settings.Load()
	st.uses(cs)
	st.timeout, st.hostgroup = set.queryTimeout, cs.on
	return s.executeOn(st, set)
}

// cursorBackend is the place of the connection a cursor is open on, -1 where it is gone.
func (s *session) cursorBackend(cs *clientStatement) int {
	for i := range s.backends {
		if s.backends[i].hostgroup == cs.on {
			return i
		}
	}
	return -1
}

// abandonCursor ends a cursor whose statement the client closes, by closing the statement on the server too.
func (s *session) abandonCursor(cs *clientStatement) {
	i := s.cursorBackend(cs)
	if i < 0 {
		return
	}
	b, in := &s.backends[i], cs.cursor
	s.cursorClosed(b, cs)
	if err := errors.Join(s.closeInstance(b, in), b.conn.Flush()); err != nil {
		b.flags |= stickyUnknown // the next statement finds out
	}
	s.settle(i)
}

// cursorsLost notes that a connection with cursors is gone.
func (s *session) cursorsLost(hostgroup int) {
	for _, cs := range s.stmts.byID {
		if cs.cursor != nil && cs.on == hostgroup {
			cs.cursor = nil
		}
	}
}

// closeInstance collects the command that closes a statement on the server, which has no answer.
func (s *session) closeInstance(b *backend, in *prepared.Instance) error {
	b.conn.Prepared.Remove(in)
	s.shard.Add(stats.ComBackendStmtClose, 1)
	b.conn.BeginCommand()
	p := binary.LittleEndian.AppendUint32(append(b.conn.StartPacket(), byte(wire.ComStmtClose)), in.ID)
	return b.conn.EndPacket(p)
}
