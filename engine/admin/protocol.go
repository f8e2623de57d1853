package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/keepsql/keepsql/engine/wire"
)

// errHangUp ends a session without an answer.
var errHangUp = errors.New("hang up")

// command answers one command of the protocol. p is its packet, arg the packet without the first byte; both are valid until
// the next read.
func (s *session) command(ctx context.Context, cmd wire.Command, arg, p []byte) error {
	switch cmd {
	case wire.ComQuery:
		return s.query(ctx, string(arg))
	case wire.ComQuit:
		s.audit.quit()
		return errHangUp
	case wire.ComPing, wire.ComInitDB: // any schema can be chosen; names are looked up in all of them
		return s.out.OK(wire.OK{Status: statusOK})
	case wire.ComStatistics:
		if err := s.conn.WritePacket([]byte(s.srv.statistics())); err != nil {
			return err
		}
		return s.conn.Flush()
	case wire.ComSetOption:
		return errors.Join(s.conn.WriteMessage(&wire.EOF{Status: statusOK}), s.conn.Flush())
	case wire.ComStmtPrepare, wire.ComFieldList:
		return s.out.Error(wire.Errorf(1045, "28000", "Command not supported"))
	case wire.ComStmtClose, wire.ComStmtSendLongData: // have no answer
		return nil
	case wire.ComResetConnection:
		return s.out.Error(wire.Errorf(1047, "28000", "Received unsupported 'COM_RESET_CONNECTION' for session type 'PROXYSQL_SESSION_%s'", sessionTypes[s.class]))
	case wire.ComProcessKill:
		return s.out.Error(wire.Errorf(9003, "28000", "Command not supported"))
	case wire.ComChangeUser:
		return s.changeUser(p)
	}
	return fmt.Errorf("answer command %d: not known", cmd)
}

var sessionTypes = map[class]string{adminClass: "ADMIN", statsClass: "STATS", clusterClass: "ADMIN"}

// changeUser logs the client in anew; upstream leaves it without an answer.
func (s *session) changeUser(p []byte) error {
	s.auth = s.srv.authenticator()
	l, err := s.auth.ChangeUser(s.conn, s.login, p)
	if err != nil {
		s.srv.logRefusal(s.conn, err)
		return errHangUp
	}
	if localOnly(l.User) && !isLocal(s.conn.RemoteAddr()) {
		denied := wire.Errorf(1040, "42000", "User '%s' can only connect locally", l.User)
		s.srv.logRefusal(s.conn, denied)
		return errors.Join(errHangUp, s.out.Error(denied))
	}
	s.become(l)
	s.forgetPeer()
	s.affected = 0
	return s.out.OK(wire.OK{Status: statusOK})
}
