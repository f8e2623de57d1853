package proxy

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/keepsql/keepsql/engine/eventloop"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// handle serves one client connection from greeting to end. It runs in a goroutine of the listener set, which ends where the
// session goes on as a Task on an event loop: with its first wait for a command.
func (p *Proxy) handle(ctx context.Context, nc net.Conn) {
	set := p.settings.Load()
	if p.probes.has(nc) {
		p.greet(nc)
		return
	}
	if p.hosts.shutOut(nc.RemoteAddr(), set) {
		return
	}
	tune(nc, set.keepalive)
	c := wire.NewConn(nc)
	c.SetLimit(set.maxPacket)
	s := newSession(ctx, p, c, p.counters.Shard())
	s.shard.Add(stats.ClientConnectionsCreated, 1)
	p.registry.add(s)
	p.sessions.Add(1)
	created := p.now()
	if ctx.Err() != nil || !s.begins() { // with ctx ended it is too late for the watchdog to tell the session
		s.end(created)
		return
	}
	p.loops.Load().Run(func(t *eventloop.Task) {
		defer s.end(created)
		defer s.leave()
		defer s.dropBackends()
		s.task = t
		s.client.Bind(t)
		s.run()
	})
}

// begins logs the client in, on a goroutine of its own, and moves the connection to an event loop.
func (s *session) begins() bool {
	peer := s.client.RemoteAddr() // as seen before any header
	in, known := s.logIn()
	s.p.hosts.note(peer, !known, s.p.settings.Load(), s.p.now())
	if !in {
		s.shard.Add(stats.ClientConnectionsAborted, 1)
		s.leave()
		return false
	}
	s.audit(auditConnectOK, "", time.Time{})
	if err := s.client.Adopt(s.p.loops.Load()); err != nil {
		s.p.log.Error().Err(err).Uint32("session", s.id).Str("client", s.clientAddr()).Msg("take client connection over")
		s.leave()
		return false
	}
	s.view.repeat(s.client)
	return true
}

// end undoes what handle has done.
func (s *session) end(created time.Time) {
	s.auditEnd(created)
	s.client.Release() // the goodbye lies in a buffer
	s.client.Close()
	s.p.registry.remove(s)
	s.stop()
	s.p.sessions.Done()
}

// tune sets what TCP needs for short packets in both directions.
func tune(nc net.Conn, keepalive time.Duration) {
	t, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	if keepalive > 0 { // off otherwise, as the listener leaves it; delays are off in every connection that package net accepts
		_ = t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: keepalive}) // without effect on a closed socket
	}
}

// logIn authenticates the client and answers it. known is a client with the right password, which may be refused all the same.
func (s *session) logIn() (in, known bool) {
	l, err := s.p.auth.Load().Handshake(s.client, s.id)
	if err != nil {
		s.countDenial(err)
		return false, false
	}
	if err := s.enter(l); err != nil {
		s.name = l.User
		s.audit(auditConnectErr, err.Message, time.Time{})
		s.refuse(err)
		return false, true
	}
	if s.reply() != nil {
		return false, true
	}
	if s.caps&wire.CapCompress != 0 && !s.user.fastForward { // a fast_forward session sees first what its server can do
		s.client.StartCompression()
	}
	return true, true
}

func (s *session) countDenial(err error) {
	var own *wire.Error
	if errors.As(err, &own) {
		s.shard.Add(stats.AccessDeniedWrongPassword, 1)
		_, s.name, _ = strings.Cut(own.Message, "for user '")
		s.name, _, _ = strings.Cut(s.name, "'@")
		s.audit(auditConnectErr, own.Message, time.Time{})
		s.p.log.Info().Uint32("session", s.id).Str("client", s.clientAddr()).Msg(own.Message)
	}
}

// enter takes a login into force, if the limits allow it.
func (s *session) enter(l *wire.Login) *wire.Error {
	u := l.Credential.Data.(*user) // put there by lookup
	set := s.p.settings.Load()
	if s.p.draining.Load() {
		return &shuttingDown
	}
	if int(s.p.clients.Add(1)) > set.maxConnections {
		s.p.clients.Add(-1)
		s.shard.Add(stats.AccessDeniedMaxConnections, 1)
		return wire.Errorf(1040, "08004", "Too many connections")
	}
	if n := int(u.connections.Add(1)); n > u.maxConnections {
		u.connections.Add(-1)
		s.p.clients.Add(-1)
		s.shard.Add(stats.AccessDeniedMaxUserConnections, 1)
		return wire.Errorf(1226, "42000",
			"User '%s' has exceeded the 'max_user_connections' resource (current value: %d)", u.name, u.maxConnections)
	}
	s.begin(l, u)
	return nil
}

// leave gives back what enter took.
func (s *session) leave() {
	s.stmts.clear()
	if s.user != nil {
		s.user.connections.Add(-1)
		s.p.clients.Add(-1)
		s.user = nil
	}
}

// splitAddr gives host and port of a client's address; a unix socket is localhost.
func splitAddr(a net.Addr) (string, int) {
	if t, ok := a.(*net.TCPAddr); ok {
		return wire.HostOf(a), t.Port
	}
	return wire.HostOf(a), 0
}
