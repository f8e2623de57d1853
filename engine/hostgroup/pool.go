package hostgroup

import (
	"slices"
	"time"
)

// trustedIdle is how long a connection is believed to be alive without a look at its socket.
const trustedIdle = 10 * time.Millisecond

// how well a free connection fits a request.
const (
	misfit = iota
	needsReplay
	needsSchema // also: needs session state, but has the schema
	perfect
)

func (c *Conn) match(r *Request) int {
	switch {
	case !c.fits(r):
		return misfit
	case c.Schema == r.Schema && c.StateHash == r.StateHash:
		return perfect
	case c.Schema == r.Schema || c.StateHash == r.StateHash:
		return needsSchema
	}
	return needsReplay
}

// take lends out the free connection that fits best, most recently used first. Where none fits it reserves the place for
// a new one, for which evicted makes room. ok is false where the server has no place left.
func (s *Server) take(r *Request) (c, evicted *Conn, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.conf.Load().maxConnections
	if int(s.used.Load()) >= limit {
		return nil, nil, false
	}
	best, at := misfit, -1
	for i := len(s.idle) - 1; i >= 0 && best < perfect && !r.Fresh; i-- {
		if m := s.idle[i].match(r); m > best {
			best, at = m, i
		}
	}
	switch {
	case at >= 0:
		c = s.remove(at)
		s.lend(c)
	case len(s.idle) > 0 && int(s.used.Load())+len(s.idle) >= limit:
		evicted = s.remove(0)
	}
	s.maxUsed = max(s.maxUsed, s.used.Add(1))
	return c, evicted, true
}

// remove takes one connection out of the free ones, with mu held.
func (s *Server) remove(i int) *Conn {
	c := s.idle[i]
	if i == len(s.idle)-1 {
		s.idle[i] = nil
		s.idle = s.idle[:i]
	} else {
		s.idle = slices.Delete(s.idle, i, i+1)
	}
	return c
}

// put takes a connection back; false where the server wants no more of it.
func (s *Server) put(c *Conn, now time.Time, maxAge time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used.Add(-1)
	s.takeBack(c)
	conf := s.conf.Load()
	if conf.status != Online || c.cut.Load() != nil || maxAge > 0 && now.Sub(c.created) > maxAge ||
		int(s.used.Load())+len(s.idle) >= conf.maxConnections {
		return false
	}
	c.lastUse.Store(now.UnixNano())
	c.lastLife.Store(now.UnixNano())
	s.idle = append(s.idle, c)
	return true
}

// lend and takeBack keep the list of connections that are lent out, with mu held.
func (s *Server) lend(c *Conn) {
	c.prev, c.next = nil, s.lent
	if s.lent != nil {
		s.lent.prev = c
	}
	s.lent = c
}

func (s *Server) takeBack(c *Conn) {
	switch {
	case c.prev != nil:
		c.prev.next = c.next
	case s.lent == c:
		s.lent = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
}

// dropLent gives the place of a connection up that was lent out and is closed.
func (s *Server) dropLent(c *Conn) {
	s.mu.Lock()
	s.used.Add(-1)
	s.takeBack(c)
	s.mu.Unlock()
}

// cutLent closes the connections that are lent out. Whoever waits on one finds it broken.
func (s *Server) cutLent(why string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := s.lent; c != nil; c = c.next {
		if c.cut.CompareAndSwap(nil, &why) {
			c.Kill()
			n++
		}
	}
	return n
}

// release gives the place of a connection up that was never opened.
func (s *Server) release() {
	s.mu.Lock()
	s.used.Add(-1)
	s.mu.Unlock()
}

// closeIdle closes the free connections.
func (s *Server) closeIdle() (n int) {
	taken := s.takeIdle(func(*Conn) bool { return true })
	for _, c := range taken {
		c.Kill()
	}
	return len(taken)
}

// takeIdle takes those free connections out of the pool for which out is true.
func (s *Server) takeIdle(out func(*Conn) bool) []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var taken []*Conn
	kept := s.idle[:0]
	for _, c := range s.idle {
		if out(c) {
			taken = append(taken, c)
		} else {
			kept = append(kept, c)
		}
	}
	clear(s.idle[len(kept):])
	s.idle = kept
	return taken
}

// Alive looks at the socket of a connection on which nothing has been asked for some time: a server that went away has closed it.
func (c *Conn) Alive(idle time.Duration) bool { return idle < trustedIdle || c.Quiet() }

// idleFor is how long a free connection has shown no sign of life.
func (c *Conn) idleFor(now time.Time) time.Duration {
	return time.Duration(now.UnixNano() - c.lastLife.Load())
}
