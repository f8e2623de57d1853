package machine

import "time"

// tick serves whatever timer is due.
func (m *Machine) tick(now time.Time) {
	if m.leaving {
		if !now.Before(m.deadline) {
			m.unsucceeded(now)
		}
		return
	}
	if m.overslept(now) {
		m.listen(now)
		return
	}
	if g := m.secondGARP; !g.IsZero() && !now.Before(g) {
		m.secondGARP = time.Time{}
		m.announce(now, m.secondRepeat)
	}
	if m.deadline.IsZero() || now.Before(m.deadline.Add(-m.Early())) {
		return
	}
	switch m.state {
	case Backup:
		m.logf(true, "Receive advertisement timeout")
		if m.cfg.Grouped {
			m.ready, m.deadline = true, time.Time{}
			return
		}
		m.becomeMaster(now)
	case Master:
		m.sendPeriodic(now)
	}
}

// Early is how much before its deadline a tick may come. An advert that is a little early
// harms nobody, and lets the adverts of many routers go out together.
func (m *Machine) Early() time.Duration {
	if m.state != Master || m.leaving {
		return 0
	}
	return m.cfg.AdvertInt / 64
}

func (m *Machine) sendPeriodic(now time.Time) {
	m.do(Send{Priority: m.priority})
	m.deadline = m.deadline.Add(m.cfg.AdvertInt)
	if !now.Before(m.deadline) {
		m.deadline = now.Add(m.cfg.AdvertInt)
	}
	if r := m.cfg.GARP.Refresh; r > 0 && !now.Before(m.lastGARP.Add(r)) {
		m.announce(now, m.cfg.GARP.RefreshRepeat)
	}
}

// overslept tells that the running timer is served so late that the node was not running:
// a paused virtual machine, a stopped process, a starved host. A backup then cannot tell
// whether the master was silent or it was deaf; a master cannot tell whether somebody has
// taken over since, which needs all but one of the adverts to be missed.
func (m *Machine) overslept(now time.Time) bool {
	if m.deadline.IsZero() {
		return false
	}
	period := m.masterInt
	if m.state == Master {
		period = time.Duration(m.cfg.downAdverts()-1) * m.cfg.AdvertInt
	}
	return now.Sub(m.deadline) > m.cfg.lateLimit(period)
}

// listen waits for one interval and our skew before anything is claimed, so that a master
// who is there is heard first.
func (m *Machine) listen(now time.Time) {
	m.logf(false, "A thread timer expired %.1f seconds ago, listening before claiming", now.Sub(m.deadline).Seconds())
	wait := m.masterInt + m.Skew()
	if m.state == Master {
		m.leaveMaster(now, wait)
		return
	}
	m.deadline = now.Add(wait)
}
