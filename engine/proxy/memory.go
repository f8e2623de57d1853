package proxy

import (
	"runtime"
	"runtime/debug"
	"time"
)

// memoryKeeper decides when the memory of clients that came or went is put in order. In steady state statements allocate
// nothing, so the garbage collector has no reason to run, and what thousands of logins left behind, or the stacks and
// buffers of clients that have gone, would stay for minutes.
type memoryKeeper struct {
	kept  int       // sessions when memory was last put in order
	seen  int       // sessions at the last look
	since time.Time // when their number became about what it is
	last  time.Time // when memory was put in order
}

const (
	manySessions = 256             // a smaller difference is not worth the work
	calm         = time.Second     // how long the number of sessions stays about the same before
	seldom       = 3 * time.Second // the shortest time between two times
)

// due takes the number of sessions there are now and reports whether memory should be put in order.
func (m *memoryKeeper) due(now time.Time, sessions int) bool {
	if far(sessions, m.seen) {
		m.seen, m.since = sessions, now
	}
	if !far(sessions, m.kept) || now.Sub(m.since) < calm || now.Sub(m.last) < seldom {
		return false
	}
	m.kept, m.last = sessions, now
	return true
}

// far reports whether two numbers of sessions differ by a lot.
func far(a, b int) bool {
	d := max(a, b) - min(a, b)
	return d >= manySessions && d >= max(a, b)/8
}

// returnMemory collects garbage and returns to the system what is free then. Pools give up what nobody has used between two
// collections, hence two of them; stacks shrink by half in each.
func returnMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}
