package monitor

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// maxHistory is how many results of a kind are kept at most, over all servers, whatever mysql-monitor_history says.
const maxHistory = 50_000

// maxHistory is the limit of a kind: a result of Aurora is many rows.
func (k checkKind) maxHistory() int {
	if k == auroraCheck {
		return maxHistory / 10
	}
	return maxHistory
}

// record is a result as the tables show it.
type record struct {
	addr   verdict.Addr
	began  int64 // unix microseconds; no two of a server are alike
	took   int64 // microseconds
	value  int32 // read_only, or the lag in seconds; -1 where there is none
	failed bool
	err    string
	facts  any // of a cluster's checks: verdict.GaleraState, verdict.GroupState, auroraFacts
}

// history keeps the results of checks for the tables of schema monitor, oldest first.
type history struct {
	counts [checkKinds]struct{ ok, failed atomic.Uint64 }

	mu   sync.Mutex // guards list
	list [checkKinds][]record
}

// add writes a result down.
func (h *history) add(o *outcome) {
	r := record{addr: o.addr, began: o.began.UnixMicro(), took: o.took.Microseconds(), value: o.value(), failed: o.failure != verdict.None, err: o.err, facts: o.facts()}
	if r.failed {
		h.counts[o.kind].failed.Add(1)
	} else {
		h.counts[o.kind].ok.Add(1)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	list, most := append(h.list[o.kind], r), o.kind.maxHistory()
	if len(list) > most+most/8 { // moved now and then, not every time
		list = slices.Clone(list[len(list)-most:])
	}
	h.list[o.kind] = list
}

// prune forgets what began before some time.
func (h *history) prune(before time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for kind, list := range h.list {
		if n := older(list, before); n > 0 {
			h.list[kind] = slices.Clone(list[n:])
		}
	}
}

// read copies the results of a kind.
func (h *history) read(kind checkKind, since time.Time) []record {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.list[kind]
	list = list[max(0, len(list)-kind.maxHistory()):]
	return slices.Clone(list[older(list, since):])
}

// older is how many records at the beginning are older than t. Checks of several servers overlap a little, so the order is
// that of their ends.
func older(list []record, t time.Time) int {
	n := 0
	for n < len(list) && list[n].began < t.UnixMicro() {
		n++
	}
	return n
}
