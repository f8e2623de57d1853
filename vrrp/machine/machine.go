package machine

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// State is a state of RFC 9568 §6.4, and FAULT, which is keepalived's.
type State uint8

// The states.
const (
	Init State = iota
	Backup
	Master
	Fault
)

// String is the name used in logs and by notify scripts.
func (s State) String() string { return [...]string{"INIT", "BACKUP", "MASTER", "FAULT"}[s] }

// Machine is one virtual router. It belongs to one goroutine.
type Machine struct {
	cfg   Config
	state State
	// tracks has one entry for each of cfg.Trackers, in the same order.
	tracks []verdict
	values []int // of cfg.Trackers that are File; 0 until known
	// priority is effective: cfg.Priority and what the trackers add, within 1 and 254;
	// 255 for an owner. Only evaluate and the tie of two owners change it.
	priority uint8
	source   netip.Addr // of our adverts; invalid while unknown
	// masterInt is the interval the present master announced (v3) or our own (v2, and
	// while we are master).
	masterInt time.Duration
	// deadline is the down timer in BACKUP, the advert timer in MASTER, and zero otherwise.
	deadline time.Time
	// secondGARP is when the delayed burst of announceLater goes out; zero if none is due.
	secondGARP   time.Time
	secondRepeat int
	lastGARP     time.Time // last burst as MASTER, for refreshing
	preemptAt    time.Time // end of the running preempt delay; zero if none is running
	quiet        bool      // FAULT was entered without a word, because nothing is known yet
	ready        bool      // BACKUP whose down timer has expired, waiting for its group
	held         bool      // another member of the group is in fault
	heldQuiet    bool      // perhaps: nothing is known of it yet
	// leaving is set in MASTER after Stop or HandOver, while a successor is waited for; farewell
	// is what is notified after a Stop.
	leaving  bool
	farewell Notice
	yields   bool // leaving because of HandOver: it goes on as BACKUP, or as MASTER if nobody comes
	aside    bool // see Aside; becoming MASTER ends it
	heard    Heard
	changed  time.Time // last change of state
	out      []Action
}

// Heard is the last valid advertisement of a master other than us.
type Heard struct {
	From     netip.Addr // invalid if there was none
	Priority uint8
	At       time.Time
}

// verdict is what is known about a tracker.
type verdict uint8

const (
	unknown verdict = iota // a fault while the weight is 0
	assumed                // came with a reload: no fault, adds nothing, until it is known
	up
	down
)

// New makes a machine in state INIT.
func New(cfg Config) *Machine {
	m := &Machine{cfg: cfg, priority: cfg.Priority, masterInt: cfg.AdvertInt, tracks: make([]verdict, len(cfg.Trackers)), values: make([]int, len(cfg.Trackers))}
	return m
}

// State is the present state.
func (m *Machine) State() State { return m.state }

// Priority is the effective priority.
func (m *Machine) Priority() uint8 { return m.priority }

// MasterInterval is how often the present master announces itself.
func (m *Machine) MasterInterval() time.Duration { return m.masterInt }

// Heard is the last valid advertisement of another master.
func (m *Machine) Heard() Heard { return m.heard }

// Changed is when the state changed last; zero before Start.
func (m *Machine) Changed() time.Time { return m.changed }

// Deadline is when Step wants a Tick; ok is false while only events matter.
func (m *Machine) Deadline() (t time.Time, ok bool) {
	t = m.deadline
	if g := m.secondGARP; !g.IsZero() && (t.IsZero() || g.Before(t)) {
		t = g
	}
	return t, !t.IsZero()
}

// Step digests one event. The returned slice is valid until the next Step.
func (m *Machine) Step(now time.Time, ev Event) []Action {
	clear(m.out)
	m.out = m.out[:0]
	switch ev := ev.(type) {
	case Start:
		m.start(now)
	case Tick:
		m.tick(now)
	case Advert:
		m.advert(now, ev)
	case Track:
		m.track(now, ev)
	case Value:
		m.value(now, ev)
	case Promote, Yield, Hold, Free:
		m.obey(now, ev)
	case Source:
		m.source = ev.Addr
	case AddressLost:
		m.addressLost(ev)
	case HandOver:
		m.handOver(now)
	case Rejoin:
		m.rejoin()
	case Reconfigure:
		m.reconfigure(now, ev.Config)
	case Stop:
		m.stop(now, ev)
	}
	return m.out
}

// Skew is what lets the router with the highest priority act first (RFC 3768 §6.1; in v3 it
// is a part of the master's interval, RFC 9568 §6.1).
func (m *Machine) Skew() time.Duration {
	unit := time.Second
	if m.cfg.Version == 3 {
		unit = m.masterInt
	}
	return unit * time.Duration(256-int(m.priority)) / 256
}

// MasterDown is how long a master may be silent.
func (m *Machine) MasterDown() time.Duration {
	return time.Duration(m.cfg.downAdverts())*m.masterInt + m.Skew()
}

func (m *Machine) start(now time.Time) {
	m.drop()
	m.priority = m.effective()
	if cause, held := m.fault(); held {
		m.enter(now, Fault)
		m.quiet = cause == ""
		if !m.quiet {
			m.logf(false, "entering FAULT state (%s)", cause)
			m.notify(NoticeFault)
		}
		return
	}
	m.recover(now, "Entering BACKUP STATE (init)")
	if m.state == Backup && !m.cfg.Owner {
		m.deadline = m.deadline.Add(m.cfg.StartupDelay)
	}
}

func (m *Machine) stop(now time.Time, ev Stop) {
	if m.state == Init || m.leaving && !m.yields {
		return
	}
	m.farewell = NoticeStop
	if ev.Deleted {
		m.farewell = NoticeDeleted
	}
	if m.leaving {
		m.yields = false // a successor is waited for already
		return
	}
	if m.state == Master && m.cfg.Handover >= 0 && len(m.cfg.VIPs) > 0 {
		m.leave(now)
		return
	}
	if m.state == Master {
		m.giveAway()
	}
	m.end(now)
}

// addressLost puts an address back at once. keepalived would start an election, in which
// nobody answers for a second.
func (m *Machine) addressLost(ev AddressLost) {
	if m.state != Master || !slices.Contains(m.cfg.VIPs, ev.Prefix) {
		return
	}
	m.logf(false, "address %s was removed by somebody else, setting it again", ev.Prefix.Addr())
	m.do(Claim{VIPs: []netip.Prefix{ev.Prefix}})
	m.lay() // those from the address went with it
	m.do(Announce{Repeat: 1})
}

// enter changes the state and stops all timers.
func (m *Machine) enter(now time.Time, s State) {
	if m.state != s {
		m.changed = now
	}
	m.state, m.quiet, m.ready = s, false, false
	m.deadline, m.secondGARP, m.preemptAt = time.Time{}, time.Time{}, time.Time{}
}

// recover begins in the state of a router without fault. An owner is MASTER at once, but in a
// group it waits until all members are ready.
func (m *Machine) recover(now time.Time, text string) {
	switch {
	case m.aside:
		m.becomeBackup(now, text)
	case m.cfg.Owner && m.cfg.Grouped:
		m.becomeBackup(now, text)
		m.deadline = now
	case m.cfg.Owner:
		m.becomeMaster(now)
	default:
		m.becomeBackup(now, text)
	}
}

func (m *Machine) becomeBackup(now time.Time, text string) {
	m.enter(now, Backup)
	m.logf(false, "%s", text)
	m.deadline = now.Add(m.MasterDown())
	m.notify(NoticeBackup)
}

// becomeMaster announces first and takes the addresses then, so that a master who hears it
// lets go while we set them.
func (m *Machine) becomeMaster(now time.Time) {
	m.enter(now, Master)
	m.aside = false
	m.masterInt = m.cfg.AdvertInt
	m.do(Send{Priority: m.priority})
	m.deadline = now.Add(m.cfg.AdvertInt)
	m.logf(false, "Entering MASTER STATE")
	m.logf(true, "setting VIPs.")
	m.do(Claim{VIPs: m.cfg.VIPs})
	m.lay()
	m.announce(now, m.cfg.GARP.Repeat)
	m.announceLater(now, m.cfg.GARP.Delay, m.cfg.GARP.Repeat)
	m.notify(NoticeMaster)
}

// leaveMaster lets go of the addresses without a word on the wire and waits.
func (m *Machine) leaveMaster(now time.Time, wait time.Duration) {
	m.enter(now, Backup)
	m.logf(false, "Entering BACKUP STATE")
	m.drop()
	m.deadline = now.Add(wait)
	m.notify(NoticeBackup)
}

// giveAway tells the others that nobody answers from now on (RFC 9568 §6.4.3, priority 0).
func (m *Machine) giveAway() {
	m.do(Send{Priority: 0})
	m.logf(true, "sent 0 priority")
	m.drop()
}

func (m *Machine) drop() {
	m.logf(true, "removing VIPs.")
	if m.cfg.Routed {
		m.do(Lift{})
	}
	m.do(Release{VIPs: m.cfg.VIPs})
}

func (m *Machine) lay() {
	if m.cfg.Routed {
		m.do(Lay{})
	}
}

func (m *Machine) announce(now time.Time, repeat int) {
	m.lastGARP = now
	if repeat > 0 && len(m.cfg.VIPs) > 0 {
		m.do(Announce{Repeat: repeat})
	}
}

func (m *Machine) announceLater(now time.Time, delay time.Duration, repeat int) {
	if delay > 0 && repeat > 0 {
		m.secondGARP, m.secondRepeat = now.Add(delay), repeat
	}
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

func (m *Machine) notify(n Notice) { m.do(Notify{What: n, Priority: m.priority}) }

func (m *Machine) logf(detail bool, format string, args ...any) {
	m.do(Log{Detail: detail, Text: "(" + m.cfg.Name + ") " + fmt.Sprintf(format, args...)})
}
