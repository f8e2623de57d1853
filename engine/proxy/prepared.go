package proxy

import (
	"encoding/binary"

	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// What one client may have prepared at a time: as many statements as a server allows all its clients by default, and as
// much text as is in a packet of the default limit.
const (
	maxStatements     = 16382
	maxStatementBytes = 64 << 20
)

// statements are a session's prepared statements by the ids the client knows: from 1 on, those of closed ones used again.
type statements struct {
	byID  []*clientStatement // by id - 1; closed ones stay for the next one
	free  []uint32           // ids of closed ones
	bytes int                // of text
}

// clientStatement is a prepared statement as a client sees it.
type clientStatement struct {
	id      uint32
	shared  *prepared.Statement // nil: closed
	types   []byte              // of the parameters, as the client sent them last
	long    [][]byte            // COM_STMT_SEND_LONG_DATA commands for the next execution
	longLen int
	tooLong bool               // there was more than mysql-max_allowed_packet
	cursor  *prepared.Instance // on which a cursor is open; nil without
	on      int                // hostgroup of the cursor
}

// find gives the statement of an id, nil for an unknown one.
func (t *statements) find(id uint32) *clientStatement {
	if n := int(id) - 1; n >= 0 && n < len(t.byID) && t.byID[n].shared != nil {
		return t.byID[n]
	}
	return nil
}

// full reports whether the client has as many statements as it may.
func (t *statements) full() bool {
	return len(t.byID)-len(t.free) >= maxStatements || t.bytes >= maxStatementBytes
}

// add gives a statement an id.
func (t *statements) add(s *prepared.Statement) *clientStatement {
	var cs *clientStatement
	if n := len(t.free); n > 0 {
		cs = t.byID[t.free[n-1]-1]
		t.free = t.free[:n-1]
	} else {
		cs = &clientStatement{id: uint32(len(t.byID) + 1)}
		t.byID = append(t.byID, cs)
	}
	cs.shared = s
	t.bytes += len(s.Text)
	return cs
}

// remove closes a statement.
func (t *statements) remove(cs *clientStatement) {
	t.bytes -= len(cs.shared.Text)
	cs.shared.Drop()
	*cs = clientStatement{id: cs.id, types: cs.types[:0]}
	t.free = append(t.free, cs.id)
}

// clear closes all statements.
func (t *statements) clear() {
	for _, cs := range t.byID {
		if cs.shared != nil {
			cs.shared.Drop()
		}
	}
	*t = statements{}
}

// open is how many statements there are.
func (t *statements) open() int { return len(t.byID) - len(t.free) }

// unshare takes a statement out of those it shares server statements with: one has a cursor open on the server's, which a
// second execution would close.
func (cs *clientStatement) unshare() {
	own := cs.shared.Private()
	cs.shared.Drop()
	cs.shared = own
}

// dropLong forgets the data sent for the next execution.
func (cs *clientStatement) dropLong() { cs.long, cs.longLen, cs.tooLong = nil, 0, false }

// prepared serves the COM_STMT_ commands.
func (s *session) prepared(cmd wire.Command, p []byte) error {
	if cmd == wire.ComStmtPrepare {
		return s.prepare(p)
	}
	if len(p) < 5 {
		return s.fail(wire.Errorf(1835, "HY000", "Malformed communication packet"))
	}
	id := binary.LittleEndian.Uint32(p[1:])
	cs := s.stmts.find(id)
	switch {
	case cmd == wire.ComStmtClose:
		s.closeStatement(cs)
		return nil
	case cmd == wire.ComStmtSendLongData:
		s.longData(cs, p)
		return nil
	case cs == nil:
		return s.fail(wire.Errorf(1243, "HY000", "Unknown prepared statement handler (%d) given to mysql_stmt_precheck", id))
	case cmd == wire.ComStmtReset:
		cs.dropLong()
		if cs.cursor == nil {
			return s.reply()
		}
		return s.useCursor(cmd, cs, p)
	case cmd == wire.ComStmtFetch:
		if cs.cursor == nil {
			return s.fail(wire.Errorf(1421, "HY000", "The statement (%d) has no open cursor.", id))
		}
		return s.useCursor(cmd, cs, p)
	}
	err := s.executePrepared(cmd, cs, p)
	cs.dropLong()
	return err
}

// closeStatement serves COM_STMT_CLOSE, which has no answer. What was prepared on servers stays there for others.
func (s *session) closeStatement(cs *clientStatement) {
	if cs == nil {
		return
	}
	s.shard.Add(stats.ComFrontendStmtClose, 1)
	if cs.cursor != nil {
		s.abandonCursor(cs)
	}
	s.stmts.remove(cs)
}

// longData serves COM_STMT_SEND_LONG_DATA, which has no answer: the data is kept until the statement is executed, so that
// it can be executed anywhere.
func (s *session) longData(cs *clientStatement, p []byte) {
	const header = 7 // command, statement, parameter
	if cs == nil || len(p) < header || cs.tooLong {
		return
	}
	if cs.longLen += len(p) - header; cs.longLen > s.p.settings.Load().maxPacket {
		cs.long, cs.tooLong = nil, true
		return
	}
	const piece = 1 << 20 // of what servers are sent at a time
	if n := len(cs.long); n > 0 {
		last := cs.long[n-1]
		if last[5] == p[5] && last[6] == p[6] && len(last)+len(p) < piece {
			cs.long[n-1] = append(last, p[header:]...)
			return
		}
	}
	cs.long = append(cs.long, append([]byte(nil), p...))
}
