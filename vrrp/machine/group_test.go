package machine_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp/machine"
)

// band is a group of two machines, V1 and V2, and what came of it.
type band struct {
	t   *testing.T
	g   *machine.Group
	m   map[string]*machine.Machine
	now time.Time
	out strings.Builder
}

func newBand(t *testing.T, more func(*machine.Config)) *band {
	b := &band{t: t, m: map[string]*machine.Machine{}, now: epoch}
	var list []*machine.Machine
	for i, name := range []string{"V1", "V2"} {
		cfg := machine.Config{Name: name, Priority: 100, Version: 2, AdvertInt: time.Second, Grouped: true, Handover: -1,
			VIPs: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.99.6.2%d/24", i))}}
		if more != nil {
			more(&cfg)
		}
		b.m[name] = machine.New(cfg)
		b.m[name].Step(b.now, machine.Source{Addr: netip.MustParseAddr("10.99.6.1")})
		list = append(list, b.m[name])
	}
	b.g = machine.NewGroup("G1", list)
	return b
}

// begin starts the group and its members.
func (b *band) begin() {
	orders, after := b.g.Begin()
	for _, o := range orders {
		o.Member.Step(b.now, o.Event)
	}
	b.say("G1", after)
	for _, name := range []string{"V1", "V2"} {
		b.step(name, machine.Start{})
	}
}

func (b *band) step(name string, ev machine.Event) {
	b.say(name, b.m[name].Step(b.now, ev))
	for {
		orders, after := b.g.Settle(b.m[name])
		if len(orders)+len(after) == 0 {
			return
		}
		for _, o := range orders {
			b.say(b.name(o.Member), o.Member.Step(b.now, o.Event))
		}
		b.say("G1", after)
	}
}

func (b *band) name(m *machine.Machine) string {
	if m == b.m["V1"] {
		return "V1"
	}
	return "V2"
}

// wait serves the timers.
func (b *band) wait(d time.Duration) {
	end := b.now.Add(d)
	for {
		name, at := "", end
		for _, n := range []string{"V1", "V2"} {
			if t, ok := b.m[n].Deadline(); ok && !t.After(at) && (name == "" || t.Before(at)) {
				name, at = n, t
			}
		}
		if name == "" {
			b.now = end
			return
		}
		b.now = at
		b.step(name, machine.Tick{})
	}
}

// say keeps what matters: states, notifications, and what goes out on the wire.
func (b *band) say(who string, actions []machine.Action) {
	for _, a := range actions {
		switch a.(type) {
		case machine.Notify, machine.Send:
			fmt.Fprintf(&b.out, "%.2f %s %s\n", b.now.Sub(epoch).Seconds(), who, a)
		case machine.Log:
			if strings.Contains(a.String(), "Syncing") {
				fmt.Fprintf(&b.out, "%.2f %s\n", b.now.Sub(epoch).Seconds(), strings.TrimPrefix(a.String(), "log "))
			}
		}
	}
}

func (b *band) expect(want string) {
	b.t.Helper()
	got := strings.TrimSpace(b.out.String())
	b.out.Reset()
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), strings.Split(got, "\n")); diff != "" {
		b.t.Errorf("at %.2f (-want +got):\n%s", b.now.Sub(epoch).Seconds(), diff)
	}
}

func advertFrom(priority uint8) machine.Advert {
	return machine.Advert{From: netip.MustParseAddr("10.99.6.2"), Priority: priority, Interval: time.Second}
}

func TestGroupMovesTogether(t *testing.T) {
	b := newBand(t, nil)
	b.begin()
	b.expect(`
0.00 G1 notify BACKUP 0
0.00 V1 notify BACKUP 100
0.00 V2 notify BACKUP 100`)
	b.now = b.now.Add(time.Second)
	b.step("V2", advertFrom(110)) // V2 still has a master, so V1 waits
	b.wait(3 * time.Second)
	if s := b.m["V1"].State(); s != machine.Backup {
		t.Errorf("V1 is %s before V2 can be master", s)
	}
	b.wait(time.Second)
	b.expect(`
4.61 V2 send priority 100
4.61 V2 notify MASTER 100
4.61 V1 send priority 100
4.61 V1 notify MASTER 100
4.61 VRRP_Group(G1) Syncing instances to MASTER state
4.61 G1 notify MASTER 0`)
	b.step("V1", advertFrom(110)) // a better master for one of them takes both
	b.expect(`
5.00 V1 notify BACKUP 100
5.00 V2 notify BACKUP 100
5.00 VRRP_Group(G1) Syncing instances to BACKUP state
5.00 G1 notify BACKUP 0`)
	b.step("V1", machine.Stop{})
	b.step("V2", machine.Stop{})
	b.expect(`
5.00 V1 notify STOP 100
5.00 V2 notify STOP 100
5.00 G1 notify STOP 0`)
}

func TestGroupFault(t *testing.T) {
	b := newBand(t, func(c *machine.Config) { c.Trackers = []machine.Tracker{{Name: "link" + c.Name}} })
	b.step("V2", machine.Track{Name: "linkV2", Up: true})
	b.begin() // nothing is known of V1's link: all wait without a word
	b.wait(time.Second)
	b.expect("")
	b.step("V1", machine.Track{Name: "linkV1", Up: true})
	b.expect(`
1.00 V1 notify BACKUP 100
1.00 V2 notify BACKUP 100
1.00 VRRP_Group(G1) Syncing instances to BACKUP state
1.00 G1 notify BACKUP 0`)
	b.wait(4 * time.Second)
	b.out.Reset()
	b.step("V2", machine.Track{Name: "linkV2"})
	b.expect(`
5.00 V2 send priority 0
5.00 V2 notify FAULT 100
5.00 V1 send priority 0
5.00 V1 notify FAULT 100
5.00 VRRP_Group(G1) Syncing instances to FAULT state
5.00 G1 notify FAULT 0`)
	b.step("V1", machine.Track{Name: "linkV1"})
	b.step("V2", machine.Track{Name: "linkV2", Up: true}) // V1 is in fault now
	b.expect("")
	b.step("V1", machine.Track{Name: "linkV1", Up: true})
	b.expect(`
5.00 V1 notify BACKUP 100
5.00 V2 notify BACKUP 100
5.00 VRRP_Group(G1) Syncing instances to BACKUP state
5.00 G1 notify BACKUP 0`)
}

func TestGroupOfOwners(t *testing.T) {
	b := newBand(t, func(c *machine.Config) { c.Owner, c.Priority = c.Name == "V1", 255 })
	b.begin()
	b.wait(time.Second)
	if s := b.m["V1"].State(); s != machine.Backup {
		t.Errorf("V1 is %s, though V2 does not start as MASTER", s)
	}
	b.wait(3 * time.Second)
	if b.m["V1"].State() != machine.Master || b.m["V2"].State() != machine.Master {
		t.Error("the group did not become MASTER")
	}
}
