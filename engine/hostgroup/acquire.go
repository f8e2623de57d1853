package hostgroup

import (
	"context"
	"errors"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// Acquire returns a connection that fits the request; the caller gives it to Release or Discard. It waits for a free place
// and tries again after connect errors, within mysql-connect_timeout_server_max. An error that is a *wire.Error is what the
// client should be told: the server's own refusal, or 9001 or 9002. Any other error is that of ctx.
func (m *Manager) Acquire(ctx context.Context, r *Request) (*Conn, error) {
	m.counters.get.Add(1)
	if r.LagLimit > 0 {
		m.counters.limited.Add(1)
	}
	c, drawn := m.acquireFree(r)
	if c != nil {
		return c, nil
	}
	r.leave()
	a := attempt{m: m, r: r, start: m.now(), drawn: drawn}
	c, err := a.run(ctx)
	if r.LagLimit > 0 {
		m.counters.limitedLate.Add(1)
		m.counters.limitedWait.Add(uint64(m.now().Sub(a.start).Microseconds()))
	}
	if err != nil {
		m.counters.getFailed.Add(1)
		return nil, err
	}
	m.counters.getOK.Add(1)
	return c, nil
}

// acquireFree is the way of most statements: a server with a free connection that fits. It does not allocate. A server
// without one has a place reserved and is returned: were another drawn, those with many free connections got more than their
// weight.
func (m *Manager) acquireFree(r *Request) (c *Conn, drawn *Server) {
	g := m.view.Load().groups[r.Hostgroup]
	if g == nil || r.Fresh || g.waiting.Load() > 0 {
		return nil, nil
	}
	s := g.pick(m.settings.Load(), r)
	if s == nil {
		return nil, nil
	}
	c, ok := m.take(s, r)
	switch {
	case !ok:
		return nil, nil
	case c == nil:
		return nil, s
	case !c.Alive(c.idleFor(m.now())):
		m.dropDead(c)
		return nil, s
	}
	m.counters.getOK.Add(1)
	return c, nil
}

// take has a server lend out a free connection that fits, or reserves the place for a new one, for which another may have to go.
// ok is false where the server has no place left.
func (m *Manager) take(s *Server, r *Request) (c *Conn, ok bool) {
	c, evicted, ok := s.take(r)
	if evicted != nil {
		evicted.Kill()
		m.counters.destroyed.Add(1)
	}
	return c, ok
}

// dropDead closes a free connection that the server has closed, and the others of that server that are no better.
func (m *Manager) dropDead(c *Conn) {
	if c == nil {
		return
	}
	c.Kill()
	m.counters.destroyed.Add(1)
	c.server.mu.Lock()
	c.server.takeBack(c)
	c.server.mu.Unlock()
	for _, other := range c.server.takeIdle(func(o *Conn) bool { return !o.Quiet() }) {
		other.Kill()
		m.counters.destroyed.Add(1)
	}
}

// attempt is one Acquire that did not find a free connection at once.
type attempt struct {
	m        *Manager
	r        *Request
	start    time.Time
	failures int   // connect errors so far
	last     error // the latest
	on       *Server
	drawn    *Server       // a place is reserved on it
	closed   time.Duration // until the hostgroup may open connections again, where throttling was the obstacle
}

func (a *attempt) run(ctx context.Context) (*Conn, error) {
	for {
		set := a.m.settings.Load()
		left := set.connectMax - a.m.now().Sub(a.start)
		g := a.m.view.Load().groups[a.r.Hostgroup]
		err := ctx.Err()
		if a.drawn != nil && (err != nil || left <= 0 || g == nil) {
			a.giveUp(a.drawn)
			a.drawn = nil
		}
		if err != nil {
			return nil, err
		}
		if left <= 0 {
			return nil, a.timedOut()
		}
		if g == nil {
			if err := sleep(ctx, min(left, a.m.recheck)); err != nil {
				return nil, err
			}
			continue
		}
		c, err := a.once(ctx, g, set)
		if c != nil || err != nil {
			return c, err
		}
		if err := a.wait(ctx, g, set, left); err != nil {
			return nil, err
		}
	}
}

// once tries one server; neither connection nor error means to wait and try again.
func (a *attempt) once(ctx context.Context, g *groupView, set *settings) (*Conn, error) {
	a.closed = 0
	s, c := a.drawn, (*Conn)(nil)
	if a.drawn = nil; s == nil {
		if s, c = a.draw(g, set); s == nil || c != nil {
			return c, nil
		}
	}
	if a.closed = g.admit(a.m.now(), set); a.closed > 0 {
		a.m.counters.delayed.Add(1)
		a.giveUp(s)
		return nil, nil
	}
	c, err := a.m.connect(ctx, s, a.r, set)
	if err == nil {
		return c, nil
	}
	a.giveUp(s)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	a.failures, a.last, a.on = a.failures+1, err, s
	var own *wire.Error
	if errors.As(err, &own) && harmless(own.Code) {
		return nil, own // another attempt would hear the same
	}
	if a.failures > set.retries {
		return nil, a.failed()
	}
	return nil, nil
}

// draw chooses a server and takes a free connection of it, or reserves the place for a new one. No server is nil.
func (a *attempt) draw(g *groupView, set *settings) (*Server, *Conn) {
	s := g.pick(set, a.r)
	if s == nil {
		return nil, nil
	}
	c, ok := a.m.take(s, a.r)
	if !ok {
		return nil, nil
	}
	if c != nil && c.Alive(c.idleFor(a.m.now())) {
		return s, c
	}
	a.m.dropDead(c)
	return s, nil
}

// giveUp frees a place that was reserved.
func (a *attempt) giveUp(s *Server) {
	s.release()
	s.group.wake(s)
}

// wait passes the time until another attempt makes sense.
func (a *attempt) wait(ctx context.Context, g *groupView, set *settings, left time.Duration) error {
	if a.closed > 0 {
		return sleep(ctx, min(left, a.closed))
	}
	if a.last != nil && g.pick(set, a.r) != nil {
		return sleep(ctx, min(left, set.retryDelay))
	}
	if a.m.recoverServers(g, !g.anyUsable()) {
		return nil
	}
	if !g.anyUsable() {
		a.m.logLack(g, set)
	}
	late := a.m.late(g, a.r)
	turn := g.join(a.r, late)
	defer g.leave(turn)
	if late && !a.r.After.None() {
		a.m.feeds.inquire(g.servers...)
	}
	if g.pick(set, a.r) != nil { // a place came free before the queue was joined
		return nil
	}
	return turn.wait(ctx, min(left, a.m.recheck))
}

func (g *groupView) anyUsable() bool {
	for _, s := range g.servers {
		if s.usable() {
			return true
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
