package machine_test

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keepsql/keepsql/vrrp/machine"
)

// TestTimers: RFC 3768 §6.1 and RFC 9568 §6.1 worked out by hand.
func TestTimers(t *testing.T) {
	for _, c := range []struct {
		version  int
		priority uint8
		advert   time.Duration
		skew     time.Duration
		down     time.Duration
	}{
		{2, 100, time.Second, 609375 * time.Microsecond, 3609375 * time.Microsecond},
		{2, 90, time.Second, 648437500 * time.Nanosecond, 3648437500 * time.Nanosecond},
		{2, 100, 5 * time.Second, 609375 * time.Microsecond, 15609375 * time.Microsecond},
		{3, 100, time.Second, 609375 * time.Microsecond, 3609375 * time.Microsecond},
		{3, 90, 100 * time.Millisecond, 64843750 * time.Nanosecond, 364843750 * time.Nanosecond},
		{2, 254, time.Second, 7812500 * time.Nanosecond, 3007812500 * time.Nanosecond},
	} {
		m := machine.New(machine.Config{Version: c.version, Priority: c.priority, AdvertInt: c.advert})
		if m.Skew() != c.skew || m.MasterDown() != c.down {
			t.Errorf("%+v: got skew %v, down %v", c, m.Skew(), m.MasterDown())
		}
	}
}

// network is some machines on one wire without delay and loss, and what they claim.
type network struct {
	now   time.Time
	nodes []*node
}

type node struct {
	m       *machine.Machine
	addr    netip.Addr
	claims  bool
	plugged bool
	prio    uint8
}

func (n *network) step(x *node, ev machine.Event) {
	var send []machine.Send
	for _, a := range x.m.Step(n.now, ev) {
		switch a := a.(type) {
		case machine.Send:
			send = append(send, a)
		case machine.Claim:
			x.claims = true
		case machine.Release:
			x.claims = false
		}
	}
	for _, s := range send {
		for _, o := range n.nodes {
			if o != x && x.plugged && o.plugged {
				n.step(o, machine.Advert{From: x.addr, Priority: s.Priority, Interval: time.Second})
			}
		}
	}
}

// run serves the timers of all nodes in order until the time is over.
func (n *network) run(d time.Duration) {
	for end := n.now.Add(d); ; {
		var first *node
		at := end
		for _, x := range n.nodes {
			if t, ok := x.m.Deadline(); ok && !t.After(at) {
				first, at = x, t
			}
		}
		if first == nil {
			n.now = end
			return
		}
		n.now = at
		n.step(first, machine.Tick{})
	}
}

// TestElection plays random histories of pulled cables, failing trackers and restarts, and
// demands that afterwards exactly one healthy node claims the addresses, and that it is the
// best one where everybody preempts.
func TestElection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := &network{now: epoch}
		preempt := rapid.Bool().Draw(t, "preempt")
		for i := range rapid.IntRange(2, 4).Draw(t, "nodes") {
			x := &node{plugged: true, addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), prio: uint8(rapid.IntRange(1, 254).Draw(t, "priority"))}
			x.m = machine.New(machine.Config{Name: "VI", Version: 2, Priority: x.prio, AdvertInt: time.Second, NoPreempt: !preempt,
				Trackers: []machine.Tracker{{Name: "link"}, {Name: "chk", Weight: -20}}, GARP: machine.GARP{Delay: time.Second, Repeat: 1}})
			x.m.Step(n.now, machine.Source{Addr: x.addr})
			x.m.Step(n.now, machine.Track{Name: "link", Up: true})
			n.nodes = append(n.nodes, x)
			n.step(x, machine.Start{})
		}
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			x := n.nodes[rapid.IntRange(0, len(n.nodes)-1).Draw(t, "node")]
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				n.step(x, machine.Track{Name: "chk", Up: rapid.Bool().Draw(t, "ok")})
			case 1:
				x.plugged = false // the wire is cut without the link going down
			case 2:
				x.plugged = true
			case 3:
				up := rapid.Bool().Draw(t, "up")
				x.plugged = up
				n.step(x, machine.Track{Name: "link", Up: up})
			}
			n.run(time.Duration(rapid.IntRange(0, 6000).Draw(t, "ms")) * time.Millisecond)
		}
		for _, x := range n.nodes {
			x.plugged = true
			n.step(x, machine.Track{Name: "link", Up: true})
		}
		n.run(10 * time.Second)
		var claim, best *node
		for _, x := range n.nodes {
			if x.claims != (x.m.State() == machine.Master) {
				t.Fatalf("%s is %s and claims: %v", x.addr, x.m.State(), x.claims)
			}
			if x.claims && claim != nil {
				t.Fatalf("%s and %s both claim the addresses", claim.addr, x.addr)
			}
			if x.claims {
				claim = x
			}
			if best == nil || x.m.Priority() > best.m.Priority() {
				best = x
			}
		}
		switch {
		case claim == nil:
			t.Fatal("nobody claims the addresses")
		case preempt && claim.m.Priority() != best.m.Priority():
			t.Fatalf("%s with %d claims the addresses, not %s with %d", claim.addr, claim.m.Priority(), best.addr, best.m.Priority())
		}
	})
}

func BenchmarkBackupHearsAdvert(b *testing.B) {
	m := machine.New(machine.Config{Name: "VI", Version: 2, Priority: 90, AdvertInt: time.Second})
	m.Step(epoch, machine.Start{})
	ev := machine.Advert{From: netip.MustParseAddr("10.0.0.1"), Priority: 100, Interval: time.Second}
	b.ReportAllocs()
	for b.Loop() {
		m.Step(epoch, ev)
	}
}

// TestAllocations: what a backup does for every advert allocates nothing.
func TestAllocations(t *testing.T) {
	m := machine.New(machine.Config{Name: "VI", Version: 2, Priority: 90, AdvertInt: time.Second})
	m.Step(epoch, machine.Start{})
	var ev machine.Event = machine.Advert{From: netip.MustParseAddr("10.0.0.1"), Priority: 100, Interval: time.Second}
	if n := testing.AllocsPerRun(100, func() { m.Step(epoch, ev) }); n != 0 {
		t.Errorf("an advert costs %v allocations", n)
	}
}
