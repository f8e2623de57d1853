package rule

import (
	"iter"
	"sync/atomic"
)

// counter has a cache line to itself, because sessions on all processors count.
type counter struct {
	n atomic.Uint64
	_ [56]byte
}

type counters struct {
	hits    []counter // by position of the rule
	stopped counter
}

func newCounters(n int) counters { return counters{hits: make([]counter, n)} }

// Hits yields every rule_id with how many statements the rule matched since the
// Set was compiled, in the order of rule_id.
func (s *Set) Hits() iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		for i, r := range s.rules {
			if !yield(r.row.RuleID, s.hits[i].n.Load()) {
				return
			}
		}
	}
}

// Stopped returns how many times an expression ran into its time or memory limit
// and therefore did not match.
func (s *Set) Stopped() uint64 { return s.stopped.n.Load() }

// Len returns the number of rules that are evaluated.
func (s *Set) Len() int { return len(s.rules) }
