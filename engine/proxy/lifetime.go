package proxy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// lifetime is the context of a session. It becomes a real one, with a channel and a place among the children of its parent,
// only where somebody waits for its end: thousands of idle sessions never do.
type lifetime struct {
	parent context.Context
	ended  atomic.Bool

	mu   sync.Mutex      // guards what follows
	real context.Context // nil until somebody waits
	stop context.CancelFunc
}

// end ends the session's work. It may be called more than once, by any goroutine.
func (l *lifetime) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended.Store(true)
	if l.stop != nil {
		l.stop()
	}
}

// waitable is a context that ends with the lifetime.
func (l *lifetime) waitable() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.real == nil {
		l.real, l.stop = context.WithCancel(l.parent)
		if l.ended.Load() {
			l.stop()
		}
	}
	return l.real
}

// Done implements context.Context.
func (l *lifetime) Done() <-chan struct{} { return l.waitable().Done() }

// Err implements context.Context.
func (l *lifetime) Err() error {
	if l.ended.Load() {
		return context.Canceled
	}
	return l.parent.Err()
}

// Deadline implements context.Context.
func (l *lifetime) Deadline() (time.Time, bool) { return l.parent.Deadline() }

// Value implements context.Context.
func (l *lifetime) Value(key any) any { return l.parent.Value(key) }

// AfterFunc lets contexts made of this one end with it without a goroutine each; package context looks for it.
func (l *lifetime) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(l.waitable(), f) }
