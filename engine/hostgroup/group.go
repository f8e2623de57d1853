package hostgroup

import (
	"slices"
	"sync"
	"sync/atomic"
)

// group is what of a hostgroup outlives reloads: the queue of those who wait for a connection.
type group struct {
	id      int
	waiting atomic.Int32 // length of queue
	aware   atomic.Int64 // draws from which slower servers were left out
	opening window       // new connections

	mu    sync.Mutex // guards queue
	queue []chan struct{}
}

// join enters the queue. The channel becomes ready when it is worth looking again.
func (g *group) join() chan struct{} {
	ch := make(chan struct{}, 1)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, ch)
	g.waiting.Store(int32(len(g.queue)))
	return ch
}

// leave takes back what join did. A turn that came and was not used goes to the next one.
func (g *group) leave(ch chan struct{}) {
	g.mu.Lock()
	if i := slices.Index(g.queue, ch); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
		g.waiting.Store(int32(len(g.queue)))
	}
	g.mu.Unlock()
	select {
	case <-ch:
		g.wake()
	default:
	}
}

// wake lets the first of the queue look again.
func (g *group) wake() {
	if g.waiting.Load() == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) > 0 {
		g.queue[0] <- struct{}{}
		g.queue = slices.Delete(g.queue, 0, 1)
		g.waiting.Store(int32(len(g.queue)))
	}
}

// wakeAll lets everybody look again.
func (g *group) wakeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ch := range g.queue {
		ch <- struct{}{}
	}
	g.queue = nil
	g.waiting.Store(0)
}
