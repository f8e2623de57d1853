package hostgroup

import (
	"context"
	"sync"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// surplusIdle is how long a free connection beyond mysql-free_connections_pct stays: bursts find it again, quiet does not.
const surplusIdle = 2 * time.Second

// killers is how many kills run at a time, so that one server that does not answer does not hold up the others.
const killers = 4

// Run looks after servers and free connections until ctx ends, then closes the free connections. Connections still lent
// out are closed when they are given back. It is called once and returns nil.
func (m *Manager) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range killers {
		wg.Go(func() { m.killer(ctx) })
	}
	wg.Go(func() { m.feeds.run(ctx) })
	t := time.NewTicker(m.housekeeping)
	defer t.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-t.C:
			m.tidy(ctx, &wg)
		}
	}
	wg.Wait()
	for _, s := range m.all() {
		s.conf.Store(&serverConf{status: OfflineHard})
		s.closeIdle()
	}
	return nil
}

// tidy is one round of housekeeping. What may have to wait for a server is left to a goroutine, one for each server, so that
// a server that hangs keeps nobody else waiting.
func (m *Manager) tidy(ctx context.Context, wg *sync.WaitGroup) {
	v, set := m.view.Load(), m.settings.Load()
	for _, g := range v.groups {
		if m.recoverServers(g, false) {
			g.wakeAll()
		}
		for _, s := range g.servers {
			m.trim(s, g.kept(s, set))
			if s.tending.CompareAndSwap(false, true) {
				wg.Go(func() {
					defer s.tending.Store(false)
					m.ping(ctx, s, set)
					m.warm(ctx, g, s, set)
				})
			}
		}
	}
	m.feeds.forgetOld(m.now())
	m.retire(v)
}

// kept is how many free connections to a server are worth keeping.
func (g *groupView) kept(s *Server, set *settings) int {
	pct := set.freePct
	if g.attributes.freePct >= 0 {
		pct = g.attributes.freePct
	}
	return max(1, s.conf.Load().maxConnections*pct/100)
}

// trim closes free connections that are too many, too old, or on a server that is not ONLINE.
func (m *Manager) trim(s *Server, kept int) {
	now, conf, set := m.now(), s.conf.Load(), m.settings.Load()
	s.mu.Lock()
	surplus := len(s.idle) - kept
	s.mu.Unlock()
	for _, c := range s.takeIdle(func(c *Conn) bool {
		old := set.maxAge > 0 && now.Sub(c.created) > set.maxAge
		extra := surplus > 0 && now.Sub(time.Unix(0, c.lastUse.Load())) >= surplusIdle
		if extra {
			surplus--
		}
		return conf.status != Online || old || extra || s.bars.Load()&barMissing != 0
	}) {
		c.Kill()
		m.counters.destroyed.Add(1)
	}
}

// ping asks the free connections that have been idle for mysql-ping_interval_server_msec for a sign of life: a few at a
// time, so that they are not missed by statements.
func (m *Manager) ping(ctx context.Context, s *Server, set *settings) {
	due, left := m.now().Add(-set.pingInterval).UnixNano(), 8
	idle := s.takeIdle(func(c *Conn) bool {
		if left == 0 || c.lastLife.Load() > due {
			return false
		}
		left--
		return true
	})
	if len(idle) == 0 {
		return
	}
	var wg sync.WaitGroup
	for _, c := range idle {
		wg.Go(func() {
			if ctx.Err() != nil || !c.pinged(set.pingTimeout) || !s.putIdle(c, m.now()) {
				c.Kill()
				m.counters.destroyed.Add(1)
			}
		})
	}
	wg.Wait()
}

// pinged reports whether the server answers on the connection.
func (c *Conn) pinged(limit time.Duration) bool {
	c.SetDeadline(time.Now().Add(limit))
	defer c.SetDeadline(time.Time{})
	if c.WriteCommand(wire.ComPing, "") != nil {
		return false
	}
	p, err := c.ReadPacket()
	ok := err == nil && len(p) > 0 && p[0] == 0
	c.Conn.Release()
	return ok
}

// putIdle puts a pinged connection back at the old end of the pool: it was not used.
func (s *Server) putIdle(c *Conn, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	conf := s.conf.Load()
	if conf.status != Online || s.bars.Load()&barMissing != 0 || int(s.used.Load())+len(s.idle) >= conf.maxConnections {
		return false
	}
	c.lastLife.Store(now.UnixNano())
	s.idle = append([]*Conn{c}, s.idle...)
	return true
}
