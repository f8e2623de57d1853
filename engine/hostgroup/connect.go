package hostgroup

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// connect opens a connection in the place that take has reserved.
func (m *Manager) connect(ctx context.Context, s *Server, r *Request, set *settings) (*Conn, error) {
	now := m.now()
	acc := m.account(s, r, now)
	var err error
	if acc.TLS, err = s.tlsFor(r.Login.User, set); err != nil {
		return nil, err
	}
	acc.RequireTLS = acc.TLS != nil
	if r.Compression == CompressionOn || r.Compression == CompressionOfServer && s.conf.Load().compress {
		acc.Capabilities |= wire.CapCompress
	}
	limited, cancel := context.WithTimeout(ctx, set.connectTimeout)
	defer cancel()
	network, addr := s.Addr()
	c, info, err := m.dial(limited, network, addr, acc)
	if err != nil {
		if ctx.Err() == nil {
			m.failed(s, err, set)
		}
		return nil, err
	}
	if m.adopt != nil {
		if err := m.adopt(c); err != nil {
			_ = c.Kill()
			return nil, err
		}
	}
	s.traffic.connOK.Add(1)
	m.counters.created.Add(1)
	conn := &Conn{Conn: c, Info: info, server: s, login: r.Login, caps: r.Capabilities, Charset: r.Charset, created: now}
	conn.SetLimit(1 << 30) // what the server sends is the server's business
	s.mu.Lock()
	s.lend(conn)
	if s.warm == nil || s.warm.Login != r.Login || s.warm.Capabilities != r.Capabilities {
		s.warm = &Request{Login: r.Login, Capabilities: r.Capabilities, Charset: r.Charset}
	}
	s.mu.Unlock()
	return conn, nil
}

func (m *Manager) account(s *Server, r *Request, now time.Time) *wire.Account {
	acc := &wire.Account{
		User: r.Login.User, Password: r.Login.Password,
		Capabilities: r.Capabilities, Charset: r.Charset, MaxPacket: 1 << 30,
		Attributes: append([]wire.Attribute{
			{Name: "_server_host", Value: s.Host},
			{Name: "hostgroup_id", Value: strconv.Itoa(s.Hostgroup)},
			{Name: "connection_creation_time", Value: strconv.FormatInt(now.Unix(), 10)},
		}, m.attributes...),
	}
	if r.Login.Stage1 != "" {
		acc.Stage1 = []byte(r.Login.Stage1)
	}
	return acc
}

// failed counts a connect error and shuns the server where there were too many.
func (m *Manager) failed(s *Server, err error, set *settings) {
	s.traffic.connErr.Add(1)
	m.counters.aborted.Add(1)
	s.doubt()
	var own *wire.Error
	if errors.As(err, &own) && harmless(own.Code) {
		return
	}
	m.suspect(s)
	s.mu.Lock()
	shunned := s.shun.fail(m.now(), cause(err), set.shun)
	perSecond := s.shun.errors
	if shunned {
		s.raise(barErrors, true)
	}
	s.mu.Unlock()
	if !shunned {
		return
	}
	m.log.Warn().Int("hostgroup", s.Hostgroup).Str("server", s.String()).Str("cause", cause(err)).
		Msgf("Shunning server %s with %d errors/sec. Shunning for %d seconds", s, perSecond, int(set.shun.wait()/time.Second))
}

// Release gives a connection back that is in a state another session can start from.
func (m *Manager) Release(c *Conn) {
	c.Conn.Release()
	m.counters.pushed.Add(1)
	if !c.server.put(c, m.now(), m.settings.Load().maxAge) {
		c.Kill()
		m.counters.destroyed.Add(1)
	}
	c.server.group.wake(c.server)
}

// Discard closes a connection that nobody else may have.
func (m *Manager) Discard(c *Conn) {
	c.Kill()
	c.server.dropLent(c)
	m.counters.destroyed.Add(1)
	c.server.group.wake(c.server)
}

// Usable reports whether a connection that a session holds may still be used: not when its server is OFFLINE_HARD, gone, or
// does not answer the monitor.
func (c *Conn) Usable() bool {
	return c.server.conf.Load().status != OfflineHard && c.cut.Load() == nil
}

// Cut tells why the connection was closed here while it was lent out; "" where it was not.
func (c *Conn) Cut() string {
	if why := c.cut.Load(); why != nil {
		return *why
	}
	return ""
}

// Draining reports whether a connection should be given back as soon as no transaction needs it: its server is not ONLINE, or
// another of the cluster is used in its place.
func (c *Conn) Draining() bool {
	return c.server.conf.Load().status != Online || c.server.bars.Load()&barSpare != 0
}

// Describe names the server as messages to clients do.
func (c *Conn) Describe() string {
	return fmt.Sprintf("server %s of hostgroup %d", c.server, c.server.Hostgroup)
}

// Recycle gives a connection back whose session on the server must not be seen by anybody else: it is reset first, by
// COM_CHANGE_USER, which also rolls back. Where that does not succeed in time the connection is closed.
func (m *Manager) Recycle(ctx context.Context, c *Conn) {
	set := m.settings.Load()
	r := Request{Login: c.login, Capabilities: c.caps, Charset: wire.CharsetUTF8MB4}
	acc := m.account(c.server, &r, m.now())
	c.SetDeadline(time.Now().Add(set.connectTimeout))
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	err := wire.SendChangeUser(c.Conn, c.Info, acc)
	if !stop() || err != nil {
		m.Discard(c)
		return
	}
	c.SetDeadline(time.Time{})
	m.counters.recycled.Add(1)
	c.Schema, c.Charset, c.State, c.StateHash = "", r.Charset, nil, 0
	c.Prepared.Forget()
	m.Release(c)
}
