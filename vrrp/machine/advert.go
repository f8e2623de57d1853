package machine

import "time"

// advert digests what another master says.
func (m *Machine) advert(now time.Time, ev Advert) {
	switch {
	case m.leaving:
		m.leavingHears(now, ev)
	case m.state == Backup:
		m.backupHears(now, ev)
	case m.state == Master:
		m.masterHears(now, ev)
	}
}

// backupHears restarts the down timer for a master worth having. There is no comparison of
// addresses in BACKUP: an equal priority is good enough.
func (m *Machine) backupHears(now time.Time, ev Advert) {
	if ev.Priority == 0 {
		m.logf(true, "Backup received priority 0 advertisement")
		m.ready, m.deadline = false, now.Add(m.Skew())
		if ev.Heir {
			m.deadline = now // the skew would only give way to somebody better
		}
		return
	}
	m.heard = Heard{From: ev.From, Priority: ev.Priority, At: now}
	if !m.tolerates(now, ev.Priority) {
		m.logf(false, "received lower priority (%d) advert from %s - discarding", ev.Priority, ev.From)
		return
	}
	m.adopt(ev.Interval)
	m.ready, m.deadline = false, now.Add(m.MasterDown())
}

// tolerates decides whether a master of this priority stays master.
func (m *Machine) tolerates(now time.Time, priority uint8) bool {
	if priority >= m.priority {
		m.preemptAt = time.Time{}
		return true
	}
	if m.cfg.NoPreempt || m.aside {
		return true
	}
	if m.cfg.PreemptDelay == 0 {
		return false
	}
	if m.preemptAt.IsZero() {
		m.preemptAt = now.Add(m.cfg.PreemptDelay)
		m.logf(true, "start preempt delay (%.6f)", m.cfg.PreemptDelay.Seconds())
	}
	return now.Before(m.preemptAt)
}

// adopt takes over the master's interval, which VRRPv3 has on the wire (RFC 9568 §6.1,
// Active_Adver_Interval). In v2 both sides must be set alike.
func (m *Machine) adopt(interval time.Duration) {
	if m.cfg.Version != 3 || interval <= 0 || interval == m.masterInt {
		return
	}
	m.logf(true, "advertisement interval updated from %dms to %dms by master", m.masterInt.Milliseconds(), interval.Milliseconds())
	m.masterInt = interval
}

// masterHears settles who stays master (RFC 9568 §6.4.3).
func (m *Machine) masterHears(now time.Time, ev Advert) {
	if ev.Priority == 0 {
		m.logf(true, "Master received priority 0 message")
		m.do(Send{Priority: m.priority})
		m.deadline = now.Add(m.cfg.AdvertInt)
		return
	}
	m.heard = Heard{From: ev.From, Priority: ev.Priority, At: now}
	order := int(ev.Priority) - int(m.priority)
	if order == 0 {
		order = ev.From.Compare(m.source)
		if order == 0 {
			m.logf(false, "received an advert with our own address %s and priority: is it used twice?", ev.From)
			return
		}
		if ev.Priority == 255 {
			m.logf(false, "CONFIGURATION ERROR: %s owns the same addresses, reducing our priority to 254", ev.From)
			m.priority = 254
			return
		}
	}
	switch {
	case order > 0:
		m.giveWay(now, ev)
	case m.overslept(now):
		// Whoever sends this took over while we were not running.
		m.listen(now)
	default:
		m.insist(now, ev)
	}
}

// giveWay leaves the addresses to a better master, without priority 0: it is there already.
func (m *Machine) giveWay(now time.Time, ev Advert) {
	if m.cfg.HigherPrioSendAdvert {
		m.do(Send{Priority: m.priority})
	}
	if ev.Priority > m.priority {
		m.logf(false, "Master received advert from %s with higher priority %d, ours %d", ev.From, ev.Priority, m.priority)
	} else {
		m.logf(false, "Master received advert from %s with same priority %d but higher IP address than ours", ev.From, ev.Priority)
	}
	m.adopt(ev.Interval)
	m.leaveMaster(now, m.MasterDown())
}

// insist tells a lower master that we are here, and the network where the addresses are.
func (m *Machine) insist(now time.Time, ev Advert) {
	election := ", forcing new election"
	if m.cfg.LowerPrioNoAdvert {
		election = ""
	}
	m.logf(false, "Received advert from %s with lower priority %d, ours %d%s", ev.From, ev.Priority, m.priority, election)
	if !m.cfg.LowerPrioNoAdvert {
		m.do(Send{Priority: m.priority})
		m.deadline = now.Add(m.cfg.AdvertInt)
	}
	g := m.cfg.GARP
	m.announce(now, g.LowerPrioRepeat)
	m.announceLater(now, g.LowerPrioDelay, g.LowerPrioRepeat)
	m.notify(NoticeRxLowerPri)
}
