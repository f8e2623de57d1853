package machine

import "time"

// handoverSlack is added to a skew for what lies between a timer and its effect.
const handoverSlack = 50 * time.Millisecond

type (
	// HandOver asks a MASTER to give its addresses to somebody else while it goes on running:
	// a planned switchover. When nobody takes them it stays MASTER. When somebody does it is
	// Aside from then on.
	HandOver struct{}
	// Rejoin ends being Aside: the priorities decide again.
	Rejoin struct{}
)

func (HandOver) event() {}
func (Rejoin) event()   {}

// Leaving tells that a MASTER was stopped, or told to hand over, and keeps its addresses until
// somebody else has them. It ends with an event or a tick.
func (m *Machine) Leaving() bool { return m.leaving }

// Aside tells that the addresses were handed over on request: any other master is good enough,
// until there is none, or Rejoin.
func (m *Machine) Aside() bool { return m.aside }

// handOver begins a planned switchover.
func (m *Machine) handOver(now time.Time) {
	if m.state != Master || m.leaving {
		return
	}
	m.logf(false, "handing over on request")
	m.yields = true
	m.leave(now)
}

// rejoin lets the priorities decide again.
func (m *Machine) rejoin() {
	if m.aside {
		m.aside = false
		m.logf(false, "priorities decide again")
	}
}

// leave makes before it breaks: priority 0 lets a backup take over after its skew, and until
// it is heard the addresses go on answering.
func (m *Machine) leave(now time.Time) {
	m.do(Send{Priority: 0})
	m.logf(true, "sent 0 priority")
	m.leaving = true
	m.secondGARP = time.Time{}
	m.deadline = now.Add(m.handover())
}

// handover is the longest a backup may take: the skew of the lowest priority.
func (m *Machine) handover() time.Duration {
	if m.cfg.Handover > 0 {
		return m.cfg.Handover
	}
	unit := time.Second
	if m.cfg.Version == 3 {
		unit = m.masterInt
	}
	return min(unit+handoverSlack, MaxHandover)
}

// leavingHears lets go for a successor. Somebody who is leaving too is none.
func (m *Machine) leavingHears(now time.Time, ev Advert) {
	if ev.Priority == 0 || ev.From == m.source {
		return
	}
	m.heard = Heard{From: ev.From, Priority: ev.Priority, At: now}
	m.logf(true, "%s has taken over with priority %d", ev.From, ev.Priority)
	if m.yields {
		m.leaving, m.yields, m.aside = false, false, true
		m.adopt(ev.Interval)
		m.leaveMaster(now, m.MasterDown())
		return
	}
	m.left(now)
}

// unsucceeded ends a handover for which nobody came: a stop goes on without a successor, a
// switchover is given up.
func (m *Machine) unsucceeded(now time.Time) {
	if !m.yields {
		m.left(now)
		return
	}
	m.logf(false, "nobody has taken over, staying MASTER")
	m.stay(now)
}

// stay gives up a switchover and goes on as MASTER.
func (m *Machine) stay(now time.Time) {
	m.leaving, m.yields = false, false
	m.do(Send{Priority: m.priority})
	m.deadline = now.Add(m.cfg.AdvertInt)
}

// left ends a handover of a machine that was stopped.
func (m *Machine) left(now time.Time) {
	m.leaving = false
	m.drop()
	m.end(now)
}

// end is the end of a machine that has no addresses any more.
func (m *Machine) end(now time.Time) {
	m.enter(now, Init)
	m.notify(m.farewell)
}
