package hostgroup

import (
	"sync"
	"time"
)

// window counts the connections a hostgroup opens in a second.
type window struct {
	mu    sync.Mutex // guards what follows
	start time.Time
	n     int
}

// admit allows one more new connection; otherwise it tells how long it is until the next second begins.
func (w *window) admit(now time.Time, limit int) (wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if age := now.Sub(w.start); age < 0 || age >= time.Second {
		w.start, w.n = now, 0
	}
	if w.n >= limit {
		return w.start.Add(time.Second).Sub(now)
	}
	w.n++
	return 0
}

// admit is asked before a connection is opened.
func (g *groupView) admit(now time.Time, set *settings) (wait time.Duration) {
	limit := set.throttle
	if g.attributes.throttle > 0 {
		limit = g.attributes.throttle
	}
	return g.opening.admit(now, limit)
}
