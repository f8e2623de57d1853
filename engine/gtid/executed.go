package gtid

import "sync/atomic"

// Executed is what is known of the transactions of a server now. Its methods may be called from any goroutine. The zero Executed
// knows nothing.
type Executed struct {
	set    atomic.Pointer[Set]
	events atomic.Uint64
}

// Has reports whether the server is known to have executed a transaction. It takes no lock and does not allocate.
func (e *Executed) Has(id *ID) bool {
	s := e.set.Load()
	return s != nil && s.Has(id)
}

// Known reports whether anything is known of the server.
func (e *Executed) Known() bool { return e.set.Load() != nil }

// Read gives the set, empty where nothing is known, and how many times the server was heard of.
func (e *Executed) Read() (s *Set, events uint64) {
	if s = e.set.Load(); s == nil {
		s = new(Set)
	}
	return s, e.events.Load()
}

// Publish makes a set known, of which n pieces of news are the reason.
func (e *Executed) Publish(s *Set, n int) {
	e.events.Add(uint64(n))
	e.set.Store(s)
}

// Forget makes the server unknown.
func (e *Executed) Forget() { e.set.Store(nil) }
