package machine

import "time"

// Group keeps virtual routers in the same state: all are MASTER, or none is. A member says
// what it would like, and the owner settles the group after every step of a member. It
// belongs to the same goroutine as its members, whose Config has Grouped set.
type Group struct {
	name    string
	members []*Machine // all of the group that run
	state   State      // what the group has been brought to
	quiet   bool       // FAULT was entered without a word, as in Machine
}

// Order is an event to be fed to a member.
type Order struct {
	Member *Machine
	Event  Event
}

// Promote, Yield, Hold and Free are what a group tells its members.
type (
	// Promote makes a member MASTER: all of them want it.
	Promote struct{}
	// Yield makes a member BACKUP, because another one is.
	Yield struct{}
	// Hold keeps a member in FAULT because another one is in fault, until Free. Quiet says
	// that this one is so only because nothing is known yet.
	Hold struct{ Quiet bool }
	Free struct{}
)

func (Promote) event() {}
func (Yield) event()   {}
func (Hold) event()    {}
func (Free) event()    {}

// NewGroup makes a group of machines that have not been started, or adopts those that run:
// they keep their states until one of them changes.
func NewGroup(name string, members []*Machine) *Group {
	g := &Group{name: name, members: members}
	switch {
	case g.all(func(m *Machine) bool { return m.state == Init }): // for Begin
	case g.all(func(m *Machine) bool { return m.state == Master }):
		g.state = Master
	default:
		g.state = Backup
	}
	return g
}

// State is what the group has been brought to.
func (g *Group) State() State { return g.state }

// Begin is called before the members are started, when the verdicts of their trackers that
// are known have been fed. It returns what to do before that.
func (g *Group) Begin() ([]Order, []Action) {
	if fault, _ := g.fault(); !fault {
		g.state = Backup
		return nil, []Action{g.notify(NoticeBackup)}
	}
	g.state, g.quiet = Fault, true // Settle tells of a fault that persists
	return g.hold(nil, true), nil
}

// Settle looks at the members and returns what to tell them and what to do afterwards; it is
// called again until there is nothing more. first is the member that changed last.
func (g *Group) Settle(first *Machine) (orders []Order, after []Action) {
	fault, quiet := g.fault()
	switch {
	case g.all(func(m *Machine) bool { return m.state == Init }):
		if g.state == Init {
			return nil, nil
		}
		g.state = Init
		return nil, []Action{g.notify(NoticeStop)}
	case g.any(func(m *Machine) bool { return m.state == Init || m.leaving }):
		return nil, nil // beginning or ending: each by itself
	case fault && g.state != Fault:
		g.state, g.quiet = Fault, quiet
		orders = g.hold(first, quiet)
		if !quiet {
			after = g.synced(NoticeFault)
		}
	case fault && g.quiet && !quiet:
		g.quiet = false
		orders = g.tell(first, Hold{}, func(m *Machine) bool { return m.quiet })
		after = []Action{g.notify(NoticeFault)}
	case !fault && g.state == Fault:
		g.state = Backup
		return g.tell(first, Free{}, func(m *Machine) bool { return m.held }), g.synced(NoticeBackup)
	case g.state == Master && g.any(func(m *Machine) bool { return m.state == Backup }):
		g.state = Backup
		return g.tell(first, Yield{}, func(m *Machine) bool { return m.state == Master }), g.synced(NoticeBackup)
	case g.state != Master && g.all(func(m *Machine) bool { return m.ready || m.state == Master }):
		g.state = Master
		return g.tell(first, Promote{}, func(m *Machine) bool { return m.ready }), g.synced(NoticeMaster)
	}
	return orders, after
}

// fault tells whether a member is in fault by itself; quiet says that nothing is known yet
// of what could say more.
func (g *Group) fault() (fault, quiet bool) {
	quiet = true
	for _, m := range g.members {
		cause, held := m.ownFault()
		fault = fault || held
		quiet = quiet && (!held || cause == "")
	}
	return fault, quiet
}

// hold tells all members, those in fault too: they must not come back one by one.
func (g *Group) hold(first *Machine, quiet bool) []Order {
	return g.tell(first, Hold{Quiet: quiet}, func(m *Machine) bool { return !m.held })
}

// tell gives an event to all members for which it is meant, first to the one given.
func (g *Group) tell(first *Machine, ev Event, meant func(*Machine) bool) (out []Order) {
	for _, m := range g.members {
		switch {
		case !meant(m):
		case m == first:
			out = append([]Order{{m, ev}}, out...)
		default:
			out = append(out, Order{m, ev})
		}
	}
	return out
}

func (g *Group) all(is func(*Machine) bool) bool {
	return !g.any(func(m *Machine) bool { return !is(m) })
}

func (g *Group) any(is func(*Machine) bool) bool {
	for _, m := range g.members {
		if is(m) {
			return true
		}
	}
	return false
}

// synced is the log line and the notification of a change.
func (g *Group) synced(n Notice) []Action {
	return []Action{Log{Text: "VRRP_Group(" + g.name + ") Syncing instances to " + string(n) + " state"}, g.notify(n)}
}

func (g *Group) notify(n Notice) Action { return Notify{What: n} }

// obey does what the group says.
func (m *Machine) obey(now time.Time, ev Event) {
	switch ev.(type) {
	case Promote:
		if m.state == Backup && m.ready {
			m.becomeMaster(now)
		}
	case Yield:
		if m.state == Master && !m.leaving {
			m.leaveMaster(now, m.MasterDown())
		}
	case Hold, Free:
		h, held := ev.(Hold)
		m.held, m.heldQuiet = held, h.Quiet
		if m.state != Init {
			m.evaluate(now)
		}
	}
}
