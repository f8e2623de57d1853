package sqliteserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/wire"
)

// session is one client.
type session struct {
	server *Server
	log    zerolog.Logger
	ctx    context.Context
	conn   *wire.Conn
	auth   *wire.Authenticator
	id     uint32
	login  *wire.Login
	out    wire.ResultWriter
	state
}

// state is what COM_RESET_CONNECTION clears.
type state struct {
	db       *sqlite3.Conn // nil until the first statement
	schema   string
	vars     map[string]string // session variables that were SET, lower case
	userVars map[string]wire.Value

	lastInsert int64 // for LAST_INSERT_ID()

	autocommit bool
	implicit   bool // the transaction was begun by autocommit=0, not by the client
}

func newState(schema string) state {
	return state{schema: schema, vars: map[string]string{}, userVars: map[string]wire.Value{}, autocommit: true}
}

// serve is the handler of the listeners.
func (s *Server) serve(ctx context.Context, nc net.Conn) {
	id := s.ids.Add(1)
	log := s.log.With().Uint32("session", id).Logger()
	c := wire.NewConn(nc)
	defer context.AfterFunc(ctx, func() { c.Kill() })()
	se := &session{server: s, log: log, ctx: ctx, conn: c, auth: s.authenticator(), id: id}
	defer func() {
		if p := recover(); p != nil {
			log.Error().Interface("panic", p).Bytes("stack", debug.Stack()).Msg("session of the embedded server broke")
		}
	}()
	defer se.closeDB()
	err := se.run()
	if err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
		log.Debug().Err(err).Msg("session of the embedded server ended")
	}
}

// run logs the client in and serves its commands until it leaves.
func (s *session) run() error {
	login, err := s.auth.Handshake(s.conn, s.id)
	if err != nil {
		return err
	}
	s.accept(login)
	if err := s.ok(wire.OK{}); err != nil {
		return err
	}
	for {
		p, err := s.conn.ReadPacket()
		if err != nil {
			return fmt.Errorf("read command: %w", err)
		}
		if len(p) == 0 || wire.Command(p[0]) == wire.ComQuit {
			return nil
		}
		if err := s.command(wire.Command(p[0]), p); err != nil {
			return err
		}
		s.conn.Release()
	}
}

func (s *session) accept(login *wire.Login) {
	s.login = login
	s.out = wire.NewResultWriter(s.conn, login.Capabilities)
	s.state = newState(login.Schema)
}

// command answers one command; p is valid until the next read.
func (s *session) command(cmd wire.Command, p []byte) error {
	switch cmd {
	case wire.ComQuery:
		return s.query(string(p[1:]))
	case wire.ComPing, wire.ComDebug:
		return s.ok(wire.OK{})
	case wire.ComInitDB:
		s.schema = string(p[1:])
		return s.ok(wire.OK{})
	case wire.ComResetConnection:
		s.closeDB()
		s.state = newState(s.schema)
		return s.ok(wire.OK{})
	case wire.ComChangeUser:
		return s.changeUser(p)
	case wire.ComFieldList:
		return s.fieldList(p[1:])
	case wire.ComStatistics:
		text := fmt.Sprintf("Uptime: %.0f  Connections: %d", time.Since(s.server.started).Seconds(), s.server.ids.Load())
		return errors.Join(s.conn.WritePacket([]byte(text)), s.conn.Flush())
	case wire.ComSetOption:
		return s.setOption(p[1:])
	case wire.ComStmtClose, wire.ComStmtSendLongData:
		return nil // have no answer
	case wire.ComStmtPrepare:
		return s.out.Error(wire.Errorf(1295, "HY000", "This command is not supported in the prepared statement protocol yet"))
	}
	return s.out.Error(wire.Errorf(1047, "08S01", "Unknown command"))
}

// changeUser logs in anew; a login that is refused ends the session, as MySQL does.
func (s *session) changeUser(p []byte) error {
	login, err := s.auth.ChangeUser(s.conn, s.login, p)
	if err != nil {
		return err
	}
	s.closeDB()
	s.accept(login)
	return s.ok(wire.OK{})
}

// setOption switches multi-statements, the one option there is.
func (s *session) setOption(arg []byte) error {
	if len(arg) != 2 || arg[0] > 1 || arg[1] != 0 {
		return s.out.Error(wire.Errorf(1047, "08S01", "Unknown command"))
	}
	s.login.Capabilities |= wire.CapMultiStatements
	if arg[0] == 1 {
		s.login.Capabilities &^= wire.CapMultiStatements
	}
	return s.out.End(s.status(), 0)
}

// ok answers with the status flags added.
func (s *session) ok(ok wire.OK) error {
	ok.Status |= s.status()
	return s.out.OK(ok)
}

// database opens the session's connection at its first use.
func (s *session) database() (*sqlite3.Conn, error) {
	if s.db != nil {
		return s.db, nil
	}
	db, err := s.server.db.open(s.ctx)
	if err == nil {
		err = s.addFunctions(db)
	}
	if err != nil {
		return nil, err
	}
	s.db = db
	return db, nil
}

// closeDB rolls back what is open and gives the connection up.
func (s *session) closeDB() {
	if s.db == nil {
		return
	}
	if err := s.db.Close(); err != nil {
		s.log.Error().Err(err).Msg("close connection to the embedded database")
	}
	s.db = nil
}
