package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/wire"
)

const (
	// loginTimeout bounds the time from connecting to being logged in.
	loginTimeout = 10 * time.Second
	// capabilities are what upstream's greeting offers (0x808ffa2f) without compression, which nobody needs here.
	capabilities wire.Capability = 0x808ffa2f &^ wire.CapCompress
	// statusOK is the status of nearly all answers: autocommit, and backslashes are no escapes.
	statusOK = wire.StatusAutocommit | wire.StatusNoBackslashEscapes
	// statsLimit bounds the packets of accounts that only read statistics, in bytes.
	statsLimit = 1 << 20
)

// serve is a client's whole life; the listeners run it for each connection.
func (s *Server) serve(ctx context.Context, nc net.Conn) {
	c := wire.NewConn(nc)
	stop := context.AfterFunc(ctx, func() { _ = c.Kill() })
	defer stop()
	defer c.Kill()
	defer s.recovered(nc)
	defer s.sessions.Add(-1)
	if s.sessions.Add(1) > s.maxConns {
		s.log.Warn().Str("client", nc.RemoteAddr().String()).Msg("too many admin connections")
		_ = errors.Join(c.WriteMessage(wire.Errorf(1040, "08004", "Too many connections")), c.Flush())
		return
	}
	id := s.lastID.Add(1)
	audit := &audited{log: s.auditLog, conn: c, id: id, created: time.Now()}
	defer audit.closed()
	if sess := s.login(c, nc, id, audit); sess != nil {
		sess.run(ctx)
	}
}

// recovered keeps a panic of one session from ending the process.
func (s *Server) recovered(nc net.Conn) {
	if p := recover(); p != nil {
		s.log.Error().Interface("panic", p).Str("client", nc.RemoteAddr().String()).Bytes("stack", debug.Stack()).Msg("admin session ended by a defect")
	}
}

// login lets a client in, or tells it and the log why not and returns nil.
func (s *Server) login(c *wire.Conn, nc net.Conn, id uint32, audit *audited) *session {
	auth := s.authenticator()
	l, err := auth.Handshake(c, id)
	if err == nil && localOnly(l.User) && !isLocal(c.RemoteAddr()) {
		denied := wire.Errorf(1040, "42000", "User '%s' can only connect locally", l.User)
		_ = errors.Join(c.WriteMessage(denied), c.Flush())
		err = denied
	}
	if err != nil {
		s.logRefusal(c, err)
		if denied, ok := errors.AsType[*wire.Error](err); ok {
			audit.denied(denied)
		}
		return nil
	}
	sess := &session{srv: s, conn: c, nc: nc, auth: auth, id: id, audit: audit}
	sess.become(l)
	audit.loggedIn(l, sess.class)
	if err := sess.out.OK(wire.OK{Status: statusOK}); err != nil {
		return nil
	}
	return sess
}

// authenticator checks logins by the variables in force now.
func (s *Server) authenticator() *wire.Authenticator {
	return &wire.Authenticator{
		Version: s.mysql.Load().String("mysql-server_version"), Capabilities: capabilities,
		Charset: byte(wire.CharsetUTF8), Status: wire.StatusAutocommit, Plugin: wire.PluginNative,
		TLS: s.tls, Lookup: s.lookup, Cache: s.passwords, Timeout: loginTimeout,
	}
}

var errUnknownUser = errors.New("find user: it is in none of " + schema.AdminVariables)

func (s *Server) lookup(user string, _ wire.LoginInfo) (wire.Credential, error) {
	a, ok := findAccount(*s.admin.Load(), *s.mysql.Load(), user)
	if !ok {
		return wire.Credential{}, errUnknownUser
	}
	return wire.Credential{Password: a.password, Data: a.class}, nil
}

// logRefusal logs a denied login in upstream's words. Connections that break, as port checks do, are nobody's concern.
func (s *Server) logRefusal(c *wire.Conn, err error) {
	if denied, ok := errors.AsType[*wire.Error](err); ok {
		s.log.Error().Msg(denied.Message)
		return
	}
	if !errors.Is(err, io.EOF) {
		s.log.Debug().Err(err).Str("client", c.RemoteAddr().String()).Msg("admin login broken off")
	}
}
