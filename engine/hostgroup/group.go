package hostgroup

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// group is what of a hostgroup outlives reloads: the queues of those who wait for a connection.
type group struct {
	id      int
	waiting atomic.Int32  // length of queue
	late    *atomic.Int32 // those who are late, of all hostgroups
	aware   atomic.Int64  // draws from which slower servers were left out
	skipped atomic.Int64  // servers that were left out for a LagLimit
	opening window        // new connections

	mu     sync.Mutex // guards what follows
	queue  []*turn    // for a place
	behind []*turn    // for a server to be far enough
}

// turn is somebody who waits.
type turn struct {
	ready chan *Server // becomes ready when it is worth looking again, on account of that server; nil for whatever reason
	r     *Request
}

// wait passes the time until it is worth looking again, limit at most. The error is that of ctx.
func (t *turn) wait(ctx context.Context, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-t.ready:
	}
	return nil
}

// join enters a queue: that for a place, or that of those for whom replication is late.
func (g *group) join(r *Request, late bool) *turn {
	t := &turn{ready: make(chan *Server, 1), r: r}
	g.mu.Lock()
	defer g.mu.Unlock()
	if late {
		g.behind = append(g.behind, t)
		g.late.Add(1)
		return t
	}
	g.queue = append(g.queue, t)
	g.waiting.Store(int32(len(g.queue)))
	return t
}

// leave takes back what join did. A turn that came and was not used goes to the next one.
func (g *group) leave(t *turn) {
	g.mu.Lock()
	if i := slices.Index(g.queue, t); i >= 0 {
		g.dequeue(i)
	}
	if i := slices.Index(g.behind, t); i >= 0 {
		g.behind = slices.Delete(g.behind, i, i+1)
		g.late.Add(-1)
	}
	g.mu.Unlock()
	select {
	case s := <-t.ready:
		g.wake(s)
	default:
	}
}

// dequeue takes one out of the queue, with mu held.
func (g *group) dequeue(i int) {
	g.queue = slices.Delete(g.queue, i, i+1)
	g.waiting.Store(int32(len(g.queue)))
}

// wake lets the first of the queue look again to whom a place on a server is of use; s is nil for any.
func (g *group) wake(s *Server) {
	if g.waiting.Load() == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, t := range g.queue {
		if s == nil || s.meets(t.r.After, t.r.LagLimit) {
			t.ready <- s
			g.dequeue(i)
			return
		}
	}
}

// advanced lets those look again for whom a server is far enough now.
func (g *group) advanced(s *Server) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.behind = slices.DeleteFunc(g.behind, func(t *turn) bool {
		if !s.meets(t.r.After, t.r.LagLimit) {
			return false
		}
		t.ready <- s
		g.late.Add(-1)
		return true
	})
}

// wanted gives a copy of the request of somebody who waits until the server has executed something, of those with the lowest
// numbers; nil for nobody.
func (g *group) wanted(s *Server) *Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	var first *Request
	for _, t := range g.behind {
		if a := t.r.After; !s.has(a) && (first == nil || a.GTID.Last < first.After.GTID.Last) {
			first = t.r
		}
	}
	if first == nil {
		return nil
	}
	r, after := *first, *first.After
	r.After, r.Fresh, r.Waits = &after, false, nil
	return &r
}

// wakeAll lets everybody look again.
func (g *group) wakeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range append(g.queue, g.behind...) {
		t.ready <- nil
	}
	g.late.Add(-int32(len(g.behind)))
	g.queue, g.behind = nil, nil
	g.waiting.Store(0)
}
