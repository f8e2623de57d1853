package machine

import (
	"net/netip"
	"slices"
	"time"
)

// track notes a tracker's verdict and draws the consequences.
func (m *Machine) track(now time.Time, ev Track) {
	i := slices.IndexFunc(m.cfg.Trackers, func(t Tracker) bool { return t.Name == ev.Name })
	if i < 0 {
		return
	}
	v := down
	if ev.Up {
		v = up
	}
	if m.tracks[i] == v {
		return
	}
	m.tracks[i] = v
	if m.state != Init {
		m.evaluate(now)
	}
}

// value notes the number in a tracked file.
func (m *Machine) value(now time.Time, ev Value) {
	i := slices.IndexFunc(m.cfg.Trackers, func(t Tracker) bool { return t.Name == ev.Name })
	if i < 0 || m.tracks[i] == up && m.values[i] == ev.Value {
		return
	}
	m.tracks[i], m.values[i] = up, ev.Value
	if m.state != Init {
		m.evaluate(now)
	}
}

// evaluate brings priority and state in line with the trackers.
func (m *Machine) evaluate(now time.Time) {
	m.reprioritise()
	cause, held := m.fault()
	switch {
	case m.leaving && m.yields && held:
		m.leaving, m.yields = false, false
		m.becomeFault(now)
	case m.leaving && held:
		m.left(now) // nothing answers behind the addresses any more
	case m.leaving:
	case held && m.state != Fault:
		m.becomeFault(now)
	case held && m.quiet && cause != "":
		// Silence lasts only while nothing is known.
		m.quiet = false
		m.notify(NoticeFault)
	case !held && m.state == Fault:
		m.recover(now, "Entering BACKUP STATE")
	}
}

func (m *Machine) becomeFault(now time.Time) {
	master := m.state == Master
	m.enter(now, Fault)
	m.logf(false, "Entering FAULT STATE")
	if master {
		m.giveAway()
	}
	m.notify(NoticeFault)
}

// fault tells whether a tracker or the group keeps us out. The cause is empty if that is only
// because nothing is known yet.
func (m *Machine) fault() (cause string, held bool) {
	cause, held = m.ownFault()
	if m.held && cause == "" && !m.heldQuiet {
		cause = "another member of its group"
	}
	return cause, held || m.held
}

// ownFault is fault without the group.
func (m *Machine) ownFault() (cause string, held bool) {
	for i, t := range m.cfg.Trackers {
		if t.File {
			if m.tracks[i] == up && t.fileFault(m.values[i]) {
				return t.Cause, true
			}
			continue
		}
		if t.Weight != 0 {
			continue
		}
		switch v := m.tracks[i]; {
		case v == unknown:
			held = true
		case v != assumed && (v == down) != t.Reverse:
			if t.Cause == "" {
				return t.Name, true
			}
			return t.Cause, true
		}
	}
	return "", held
}

// effective is the priority with what the trackers add; the sum is kept within 1 and 254, so
// that an over-long sum recovers correctly.
func (m *Machine) effective() uint8 {
	if m.cfg.Priority == 255 {
		return 255
	}
	return uint8(min(max(m.Total(), 1), 254))
}

// Total is the sum of the priority and what the trackers add.
func (m *Machine) Total() int {
	sum := int(m.cfg.Priority)
	for i, t := range m.cfg.Trackers {
		if t.File {
			if !t.fileFault(m.values[i]) {
				sum += t.product(m.values[i])
			}
			continue
		}
		if v := m.tracks[i]; t.Weight != 0 && (v == up || v == down) {
			sum += t.contribution(v == up)
		}
	}
	return sum
}

// reprioritise applies a changed sum. In BACKUP the running down timer moves by the
// difference of the two skews instead of starting again.
func (m *Machine) reprioritise() {
	p := m.effective()
	if p == m.priority {
		return
	}
	m.logf(false, "Changing effective priority from %d to %d", m.priority, p)
	before := m.Skew()
	m.priority = p
	if m.state == Backup && !m.ready {
		m.deadline = m.deadline.Add(m.Skew() - before)
	}
}

// reconfigure takes over a new configuration without losing the state. Trackers that stay
// keep their verdicts; new ones are assumed to be no fault until they have been heard.
func (m *Machine) reconfigure(now time.Time, cfg Config) {
	if m.leaving && !m.yields {
		return
	}
	if m.leaving {
		m.stay(now) // the answer was asked for under another configuration
	}
	old := m.cfg
	tracks, values := make([]verdict, len(cfg.Trackers)), make([]int, len(cfg.Trackers))
	for i, t := range cfg.Trackers {
		tracks[i] = assumed
		if j := slices.IndexFunc(old.Trackers, func(o Tracker) bool { return o.Name == t.Name }); j >= 0 {
			tracks[i], values[i] = m.tracks[j], m.values[j]
		} else if m.state == Init || m.quiet {
			tracks[i] = unknown
		}
	}
	m.cfg, m.tracks, m.values = cfg, tracks, values
	if !cfg.Grouped {
		m.held = false
		if m.ready {
			m.ready, m.deadline = false, now
		}
	}
	if m.state == Init {
		m.priority, m.masterInt = cfg.Priority, cfg.AdvertInt
		return
	}
	if m.state == Master || cfg.Version == 2 {
		m.masterInt = cfg.AdvertInt
	}
	if m.state == Master {
		m.moveAddresses(now, old.VIPs)
	}
	m.evaluate(now)
	if m.state == Master {
		// One advert at once wins time and carries the new priority.
		m.do(Send{Priority: m.priority})
		m.deadline = now.Add(cfg.AdvertInt)
	}
}

// moveAddresses sets what a reload added and removes what it dropped. New addresses are
// announced together with the old ones.
func (m *Machine) moveAddresses(now time.Time, old []netip.Prefix) {
	var gone, added []netip.Prefix
	for _, p := range old {
		if !slices.Contains(m.cfg.VIPs, p) {
			gone = append(gone, p)
		}
	}
	for _, p := range m.cfg.VIPs {
		if !slices.Contains(old, p) {
			added = append(added, p)
		}
	}
	if len(gone) > 0 {
		m.logf(true, "removing VIPs.")
		m.do(Release{VIPs: gone})
	}
	if len(added) > 0 {
		m.logf(true, "setting VIPs.")
		m.do(Claim{VIPs: added})
		m.announce(now, m.cfg.GARP.Repeat)
		m.announceLater(now, m.cfg.GARP.Delay, m.cfg.GARP.Repeat)
	}
}
