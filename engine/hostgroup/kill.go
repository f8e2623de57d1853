package hostgroup

import (
	"context"
	"fmt"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

const (
	killQueue   = 1024            // pending kills; beyond, the server is left to notice for itself
	killTimeout = 5 * time.Second // to connect and to run the statement
)

// Kill is a request to end what a connection is doing on its server.
type Kill struct {
	server   *Server
	login    Login
	threadID uint32
	Query    bool // the statement only, not the connection
	done     chan struct{}
}

// Kill asks for KILL CONNECTION, or with query KILL QUERY, on a connection's server, by the connection's own login. It
// does not wait; false means that too many are pending already. It may be called while somebody else uses the connection.
func (m *Manager) Kill(c *Conn, query bool) bool { return m.KillTelling(c, query) != nil }

// KillTelling is Kill with a channel that is closed when the server has been told, or cannot be reached: from then on the
// kill strikes nothing any more. It is nil where too many are pending.
func (m *Manager) KillTelling(c *Conn, query bool) <-chan struct{} {
	done := make(chan struct{})
	select {
	case m.kills <- Kill{server: c.server, login: c.login, threadID: c.Info.ThreadID, Query: query, done: done}:
		return done
	default:
		return nil
	}
}

// killer runs the pending kills one after the other until ctx ends.
func (m *Manager) killer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case k := <-m.kills:
			if err := m.kill(ctx, k); err != nil && ctx.Err() == nil {
				m.log.Warn().Err(err).Str("server", k.server.String()).Uint32("thread", k.threadID).Msg("kill on server failed")
			}
			close(k.done)
		}
	}
}

func (m *Manager) kill(ctx context.Context, k Kill) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	set, now := m.settings.Load(), m.now()
	acc := m.account(k.server, &Request{Login: k.login}, now)
	acc.Attributes = append(acc.Attributes, wire.Attribute{Name: "program_name", Value: "proxysql_killer"})
	var err error
	if acc.TLS, err = k.server.tlsFor(k.login.User, set); err != nil {
		return err
	}
	acc.RequireTLS = acc.TLS != nil
	network, addr := k.server.Addr()
	cl, err := wire.Open(ctx, network, addr, acc, killTimeout)
	if err != nil {
		return err
	}
	defer cl.Close()
	what := "CONNECTION"
	counter := &m.counters.killedConns
	if k.Query {
		what, counter = "QUERY", &m.counters.killedQueries
	}
	if _, err := cl.Query(ctx, fmt.Sprintf("KILL %s %d", what, k.threadID)); err != nil {
		return err
	}
	counter.Add(1)
	return nil
}
