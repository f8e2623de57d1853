package proxy

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// command serves one command. An error ends the session.
func (s *session) command(p []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.p.log.Error().Uint32("session", s.id).Str("client", s.clientAddr()).Any("panic", r).
				Bytes("stack", debug.Stack()).Msg("session panicked")
			err = errSession
		}
	}()
	if len(p) == 0 {
		return s.unknown(wire.ComSleep)
	}
	s.shard.Add(stats.FrontendBytesRecv, uint64(len(p)))
	cmd := wire.Command(p[0])
	switch cmd {
	case wire.ComQuit:
		s.audit(auditQuit, "", time.Time{})
		s.closing = true
		return nil
	case wire.ComQuery:
		return s.query(p)
	case wire.ComInitDB:
		return s.initDB(string(p[1:]))
	case wire.ComPing:
		return s.reply()
	case wire.ComStatistics:
		return s.statistics()
	case wire.ComSetOption:
		return s.setOption(p)
	case wire.ComFieldList:
		return s.fieldList(p)
	case wire.ComChangeUser:
		return s.changeUser(p)
	case wire.ComResetConnection:
		return s.resetConnection()
	case wire.ComProcessKill:
		return s.fail(wire.Errorf(9003, "28000", "Command not supported"))
	case wire.ComBinlogDump, wire.ComBinlogDumpGTID, wire.ComRegisterSlave:
		return s.replicate(cmd, p)
	case wire.ComStmtPrepare, wire.ComStmtExecute, wire.ComStmtSendLongData, wire.ComStmtClose, wire.ComStmtReset,
		wire.ComStmtFetch, wire.ComStmtBulkExecute:
		return s.prepared(cmd, p)
	}
	return s.unknown(cmd)
}

// unknown answers a command that is not served. Upstream closes the connection without a word.
func (s *session) unknown(cmd wire.Command) error {
	s.shard.Add(stats.UnexpectedPackets, 1)
	s.p.log.Warn().Uint32("session", s.id).Str("client", s.clientAddr()).Msgf("RECEIVED AN UNKNOWN COMMAND: %d", cmd)
	return s.fail(wire.Errorf(1047, "08S01", "Unknown command %d", cmd))
}

// initDB serves COM_INIT_DB: the schema is taken to a server with the next statement.
func (s *session) initDB(schema string) error {
	s.shard.Add(stats.ComFrontendInitDB, 1)
	s.useSchema(schema)
	s.audit(auditInitDB, "", time.Time{})
	return s.reply()
}

func (s *session) useSchema(schema string) {
	s.schema = schema
	s.view.setSchema(schema)
}

// statistics serves COM_STATISTICS, whose answer is bare text.
func (s *session) statistics() error {
	p := s.p
	text := fmt.Sprintf("Uptime: %d Threads: %d  Questions: %d  Slow queries: %d",
		int(p.now().Sub(p.started)/time.Second), p.clients.Load(),
		p.counters.Get(stats.Questions), p.counters.Get(stats.SlowQueries))
	return s.send(append(s.client.StartPacket(), text...))
}

// setOption serves COM_SET_OPTION: 0 turns multi-statements on, 1 off. Connections that are held are told at once.
func (s *session) setOption(p []byte) error {
	if len(p) != 3 || p[2] != 0 || p[1] > 1 {
		return s.fail(wire.Errorf(1047, "08S01", "Unknown command"))
	}
	on := p[1] == 0
	if on {
		s.caps |= wire.CapMultiStatements | wire.CapMultiResults
	} else {
		s.caps &^= wire.CapMultiStatements
	}
	for i := range s.backends {
		if err := s.backends[i].roundTrip(p); err != nil {
			return s.lost(&s.backends[i], err)
		}
		s.backends[i].flags |= stickyOption
	}
	e := wire.EOF{Status: s.status()}
	return s.send(e.Append(s.client.StartPacket()))
}

// reply answers OK.
func (s *session) reply() error { return s.ok(wire.OK{}) }

// ok answers with an OK packet; the status flags are the session's.
func (s *session) ok(o wire.OK) error {
	o.Status = s.status()
	b := s.client.StartPacket()
	if s.caps&wire.CapSessionTrack != 0 {
		b = o.AppendTracked(b)
	} else {
		b = o.Append(b)
	}
	return s.send(b)
}

// send ends a packet begun with StartPacket and sends what was collected.
func (s *session) send(b []byte) error {
	before := s.client.BytesOut()
	if err := errors.Join(s.client.EndPacket(b), s.client.Flush()); err != nil {
		return errSession
	}
	s.shard.Add(stats.FrontendBytesSent, s.client.BytesOut()-before)
	return nil
}

// fail answers with an error of the proxy's own.
func (s *session) fail(e *wire.Error) error {
	s.shard.Add(stats.GeneratedErrorPackets, 1)
	return s.send(e.Append(s.client.StartPacket()))
}

// refuse is fail for the end of a session, where nobody cares for the outcome.
func (s *session) refuse(e *wire.Error) { _ = s.fail(e) }

// status is the session's status flags: in a transaction if any server connection is.
func (s *session) status() uint16 {
	var st uint16
	if s.vars == nil || s.vars.Autocommit() {
		st = wire.StatusAutocommit
	}
	if s.transaction() >= 0 {
		st |= wire.StatusInTrans
	}
	return st
}
