package health

import (
	"fmt"
	"time"
)

// Facts are what was seen in the last half second.
type Facts struct {
	// Listener is why clients cannot be served: what a handshake with the own listener failed by. Empty: it answered.
	Listener string
	// Lag is how late the worst timer of the process was served.
	Lag time.Duration
	// Writer is why no server of a writer hostgroup can be reached; empty: one can, or none is configured.
	Writer string
	// PeerHasWriter says that another node of the cluster reaches one.
	PeerHasWriter bool
	// Drained says that an operator wants the node out of service, and its addresses are gone already or nobody takes them.
	Drained bool
}

// Verdict is what the facts amount to.
type Verdict struct {
	// Adjust is for the priority of virtual routers: 0, Behind or Unfit.
	Adjust int
	Reason string // empty while Adjust is 0
}

// What can be wrong, as numbers of a tracked file with weight 1.
const (
	// Behind ranks a node behind all that are in good order; if all are alike, nothing changes between them.
	Behind = -253
	// Unfit is a fault: the addresses go at once, whoever takes them.
	Unfit = -254
)

// Limits of the rules. Facts come twice a second.
const (
	lagLimit = 500 * time.Millisecond
	// How many facts in a row make a fault, and unmake it.
	listenerFall, listenerRise = 3, 2
	lagFall, lagRise           = 6, 10
	writerFall, writerRise     = 6, 4
)

// Judge keeps what the rules remember. The zero value is in good order.
type Judge struct{ listener, lag, writer fault }

// fault is one rule: bad after fall bad facts in a row, good again after rise good ones.
type fault struct {
	bad    bool
	run    int // facts in a row that say otherwise
	reason string
}

func (f *fault) step(reason string, fall, rise int) {
	if reason != "" {
		f.reason = reason
	}
	if (reason != "") == f.bad {
		f.run = 0
		return
	}
	limit := fall
	if f.bad {
		limit = rise
	}
	if f.run++; f.run >= limit {
		f.bad, f.run = !f.bad, 0
	}
}

// Step digests facts. The worst that is wrong decides.
func (j *Judge) Step(f Facts) Verdict {
	late := ""
	if f.Lag > lagLimit {
		late = "timers are late: the process or its host is overloaded"
	}
	writer := f.Writer
	if !f.PeerHasWriter {
		writer = "" // nobody would do better
	}
	j.listener.step(f.Listener, listenerFall, listenerRise)
	j.lag.step(late, lagFall, lagRise)
	j.writer.step(writer, writerFall, writerRise)
	switch {
	case f.Drained:
		return Verdict{Unfit, "drained by an operator"}
	case j.listener.bad:
		return Verdict{Unfit, "the proxy's listener does not answer: " + j.listener.reason}
	case j.writer.bad:
		return Verdict{Behind, fmt.Sprintf("no writer is reachable (%s), but a peer reaches one", j.writer.reason)}
	case j.lag.bad:
		return Verdict{Behind, j.lag.reason}
	}
	return Verdict{}
}
