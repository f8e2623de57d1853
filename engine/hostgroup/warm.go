package hostgroup

import (
	"context"

	"github.com/keepsql/keepsql/engine/wire"
)

// warm opens free connections, where that is wanted, until there are as many connections as mysql-free_connections_pct keeps
// free: for whom connections were opened last, because who comes next is not known. It ends with the first error.
func (m *Manager) warm(ctx context.Context, g *groupView, s *Server, set *settings) {
	if !set.warming && !g.attributes.warming {
		return
	}
	for ctx.Err() == nil && s.usable() {
		r := s.reserveWarm(g.kept(s, set))
		if r == nil {
			return
		}
		if g.admit(m.now(), set) > 0 {
			s.release()
			return
		}
		c, err := m.connect(ctx, s, r, set)
		if err != nil {
			s.release()
			return
		}
		m.Release(c)
	}
}

// reserveWarm takes a place for one more connection, if fewer than want are open and it is known for whom.
func (s *Server) reserveWarm(want int) *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.warm == nil || int(s.used.Load())+len(s.idle) >= want {
		return nil
	}
	s.used.Add(1)
	r := *s.warm
	if r.Charset == 0 {
		r.Charset = wire.CharsetUTF8MB4
	}
	return &r
}
