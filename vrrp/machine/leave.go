package machine

import "time"

// handoverSlack is added to a skew for what lies between a timer and its effect.
const handoverSlack = 50 * time.Millisecond

// Leaving tells that a MASTER was stopped and keeps its addresses until somebody else has
// them. It ends with an event or a tick.
func (m *Machine) Leaving() bool { return m.leaving }

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
	limit, unit := m.cfg.Handover, time.Second
	if limit == 0 {
		limit = DefaultHandover
	}
	if m.cfg.Version == 3 {
		unit = m.masterInt
	}
	return min(unit+handoverSlack, limit)
}

// leavingHears lets go for a successor. Somebody who is leaving too is none.
func (m *Machine) leavingHears(now time.Time, ev Advert) {
	if ev.Priority == 0 || ev.From == m.source {
		return
	}
	m.heard = Heard{From: ev.From, Priority: ev.Priority, At: now}
	m.logf(true, "%s has taken over with priority %d", ev.From, ev.Priority)
	m.left(now)
}

// left ends a handover.
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
