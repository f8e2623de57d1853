package hostgroup

import (
	"context"
	"fmt"
	"time"

	"github.com/keepsql/keepsql/engine/gtid"
	"github.com/keepsql/keepsql/engine/wire"
)

// After is a transaction that a server must have executed to be of use for a statement. A nil or zero After wants none.
type After struct {
	GTID gtid.ID
	// Host and Port are the server that told of the transaction, and so has it; empty where a client did.
	Host string
	Port int
}

// None reports whether any server will do.
func (a *After) None() bool { return a == nil || a.GTID.None() }

// has reports whether the server is known to have executed what is wanted. It takes no lock and does not allocate.
func (s *Server) has(a *After) bool {
	if a.None() || s.Port == a.Port && s.Host == a.Host {
		return true
	}
	f := s.conf.Load().feed
	return f != nil && f.Has(&a.GTID)
}

// late reports whether what a statement waits for is replication: there are servers that could be used, but none of them is
// as far as it wants. The log is told, at most once a second.
func (m *Manager) late(g *groupView, r *Request) bool {
	if r.After.None() && r.LagLimit == 0 || !g.anyUsable() {
		return false
	}
	for _, s := range g.servers {
		if s.usable() && s.meets(r.After, r.LagLimit) {
			return false
		}
	}
	if m.feeds.lateSaid.first(m.now()) {
		what := fmt.Sprintf("max_lag_ms=%d", r.LagLimit.Milliseconds())
		if !r.After.None() {
			what = fmt.Sprintf("GTID '%s'", &r.After.GTID)
		}
		m.log.Warn().Int("hostgroup", g.id).Msgf("Hostgroup %d has no servers ready for %s. Waiting for replication...", g.id, what)
	}
	return true
}

// Await waits until the server of a connection has executed what the request wants, within mysql-connect_timeout_server_max; then
// the error is 9001, as of Acquire. It ends without an error where the connection is of no use any more.
func (m *Manager) Await(ctx context.Context, c *Conn, r *Request) error {
	s, start := c.server, m.now()
	for !s.has(r.After) && c.Usable() {
		waited := m.now().Sub(start)
		left := m.settings.Load().connectMax - waited
		if left <= 0 {
			m.counters.timeouts.Add(1)
			return wire.Errorf(9001, "HY000", "Max connect timeout reached while reaching hostgroup %d after %dms"+
				" (server %s, which the session is bound to, has not executed GTID %s)", s.Hostgroup, waited.Milliseconds(), s, &r.After.GTID)
		}
		if err := m.awaitTurn(ctx, s, r, min(left, m.recheck)); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) awaitTurn(ctx context.Context, s *Server, r *Request, limit time.Duration) error {
	r.leave()
	turn := s.group.join(r, true)
	defer s.group.leave(turn)
	m.feeds.inquire(s)
	if s.has(r.After) { // since before it was joined
		return nil
	}
	return turn.wait(ctx, limit)
}
