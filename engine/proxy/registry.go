package proxy

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// registry knows the sessions. It is locked when a session comes or goes, never for a statement.
type registry struct {
	mu   sync.Mutex // guards what follows
	next uint32
	byID map[uint32]*session
}

// add numbers a session.
func (r *registry) add(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = map[uint32]*session{}
	}
	for {
		r.next++
		if r.next != 0 && r.byID[r.next] == nil {
			break
		}
	}
	s.id = r.next
	r.byID[s.id] = s
}

func (r *registry) remove(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, s.id)
}

func (r *registry) find(id uint32) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byID[id]
}

// appendTo appends the sessions to list, in no order.
func (r *registry) appendTo(list []*session) []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.byID {
		list = append(list, s)
	}
	return list
}

// all lists the sessions by number.
func (r *registry) all() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Values(r.byID), func(a, b *session) int { return cmp.Compare(a.id, b.id) })
}

// Kill ends a session (KILL CONNECTION on the admin interface); false where there is none of
// that number.
func (p *Proxy) Kill(id uint64) bool {
	s := p.registry.find(uint32(id))
	if s == nil || uint64(s.id) != id {
		return false
	}
	p.interrupt(s, killedConn, "killed by an operator")
	return true
}
