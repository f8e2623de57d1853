package vrrp_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// operated is what came of a switchover.
type operated struct {
	Handed []vrrp.Handed
	Names  []string
	Err    string
}

// operate does in a speaker's process what an operator asks for, or what the engine tells.
func operate(ctx context.Context, s *vrrp.Speaker, verb, arg string) (o operated) {
	var err error
	switch verb {
	case "handover":
		o.Handed, err = s.HandOver(ctx, strings.Fields(arg))
	case "rejoin":
		o.Names, err = s.Rejoin(ctx, strings.Fields(arg))
	case "peers":
		var peers []vrrp.Peer
		err = json.Unmarshal([]byte(arg), &peers)
		s.SetPeers(peers)
	case "health":
		var h vrrp.Health
		err = json.Unmarshal([]byte(arg), &h)
		s.SetHealth(h)
	}
	if err != nil {
		o.Err = err.Error()
	}
	return o
}

func (s *speaker) operate(line string) (o operated) {
	s.t.Helper()
	s.ask(line, &o)
	return o
}

// tell passes structured words.
func (s *speaker) tell(verb string, v any) {
	s.t.Helper()
	text, _ := json.Marshal(v)
	if o := s.operate(verb + " " + string(text)); o.Err != "" {
		s.t.Fatal(o.Err)
	}
}

func TestHandOver(t *testing.T) {
	ha, hb, hc := pair(t)
	slow := func(priority int) string { // so that the skew is seen: 0.26 s
		return strings.Replace(fast(priority, "down_timer_adverts 8"), "advert_int 0.1", "advert_int 0.4", 1)
	}
	a, b := speak(t, ha, "alone patient", slow(100)), speak(t, hb, "alone patient", slow(90))
	netlab.Eventually(t, "A is master and B hears it", func() bool { return a.is("MASTER")() && b.instance().MasterPriority == 100 })

	for line, want := range map[string]string{
		"handover VI_9": `no vrrp_instance or vrrp_sync_group is named "VI_9": there is VI_1`,
		"rejoin VI_9":   `no vrrp_instance or vrrp_sync_group is named "VI_9": there is VI_1`,
	} {
		if d := cmp.Diff(want, a.operate(line).Err); d != "" {
			t.Errorf("%s: %s", line, d)
		}
	}
	if d := cmp.Diff("VI_1 is BACKUP here, not MASTER: 10.99.0.1 is, with priority 100", b.operate("handover VI_1").Err); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("no instance is MASTER here", b.operate("handover").Err); d != "" {
		t.Error(d)
	}

	on := map[*speaker]*netlab.Host{a: ha, b: hb}
	hand := func(from, to *speaker) {
		t.Helper()
		handOver(t, from, to)
		if got := hc.Answerer(vip); got != on[to].MAC() {
			t.Errorf("the address is answered by %q, not by %q", got, on[to].MAC())
		}
	}
	hand(a, b)             // after the skew: nobody said who else is there
	time.Sleep(5 * second) // A's own timer ends after 3.4 s
	if !b.is("MASTER")() || !a.instance().Aside {
		t.Error("A took its address back")
	}
	a.tell("peers", []vrrp.Peer{{Known: true, Routers: vrrp.Participants([]vrrp.InstanceStatus{b.instance()})}})
	b.tell("peers", []vrrp.Peer{{Known: true, Routers: vrrp.Participants([]vrrp.InstanceStatus{a.instance()})}})
	hand(b, a)
	handOverAtOnce(t, a, b, 100*time.Millisecond)
	if d := cmp.Diff([]string{"VI_1"}, a.operate("rejoin VI_1").Names); d != "" {
		t.Error(d)
	}
	netlab.Eventually(t, "A preempts", func() bool { return a.is("MASTER")() && b.is("BACKUP")() })
	hand(a, b)
	b.kill()
	netlab.Eventually(t, "A takes over from a dead B", func() bool { return a.is("MASTER")() && !a.instance().Aside })
	o := a.operate("handover VI_1")
	if d := cmp.Diff([]vrrp.Handed{{Instance: "VI_1"}}, o.Handed, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); d != "" || !a.is("MASTER")() || !ha.Has(vip) {
		t.Errorf("handed over to nobody: %s", d)
	}
}

// handOver gives the address from one to the other and tells how long that took.
func handOver(t *testing.T, from, to *speaker) time.Duration {
	t.Helper()
	o, successor := from.operate("handover VI_1"), to.instance().Source
	if o.Err != "" || len(o.Handed) != 1 || !o.Handed[0].Done || o.Handed[0].To != successor {
		t.Fatalf("hand over: %+v", o)
	}
	t.Logf("the successor came after %v", o.Handed[0].Took)
	netlab.Eventually(t, "the other is master alone", func() bool { return to.is("MASTER")() && from.is("BACKUP")() })
	return o.Handed[0].Took
}

// handOverAtOnce demands that a successor who knows that it is one does not wait, less than limit. Because a busy host may be
// slow, the best of some tries counts, there and back again. The address ends with to.
func handOverAtOnce(t *testing.T, from, to *speaker, limit time.Duration) {
	t.Helper()
	for range 5 {
		there := handOver(t, from, to)
		if there < limit {
			return
		}
		handOver(t, to, from)
	}
	t.Errorf("the successor never came within %v", limit)
}

// TestUnicastPair: with a single unicast peer nobody has to say who else is there.
func TestUnicastPair(t *testing.T) {
	ha, hb, _ := pair(t)
	a := speak(t, ha, "alone patient", fast(100, "advert_int 1", "unicast_peer {\n10.99.0.2\n}"))
	b := speak(t, hb, "alone patient", fast(90, "advert_int 1", "unicast_peer {\n10.99.0.1\n}"))
	netlab.Eventually(t, "A is master and B hears it", func() bool { return a.is("MASTER")() && b.instance().MasterPriority == 100 })
	handOverAtOnce(t, a, b, 300*time.Millisecond) // the skew is 648 ms
}

// TestHealth: a proxy in bad order lowers the priority, one that is unfit loses its addresses.
func TestHealth(t *testing.T) {
	ha, hb, _ := pair(t)
	a, b := speak(t, ha, "engine", fast(100)), speak(t, hb, "engine", fast(90))
	a.engine("on")
	b.engine("on")
	netlab.Eventually(t, "A is master", func() bool { return a.is("MASTER")() && b.is("BACKUP")() })
	a.tell("health", vrrp.Health{Adjust: -253, Reason: "no writer"})
	netlab.Eventually(t, "B is better", func() bool { return a.is("BACKUP")() && b.is("MASTER")() })
	if i := a.instance(); i.EffectivePriority != 1 || i.Note != "no writer" {
		t.Errorf("A: %+v", i)
	}
	b.tell("health", vrrp.Health{Adjust: -254, Reason: "deaf"})
	netlab.Eventually(t, "B is unfit, A is better than nothing", func() bool { return a.is("MASTER")() && b.is("FAULT")() })
	b.tell("health", vrrp.Health{})
	netlab.Eventually(t, "B is in good order again", func() bool { return a.is("BACKUP")() && b.is("MASTER")() })
	a.tell("health", vrrp.Health{})
	netlab.Eventually(t, "all is as it was", func() bool { return a.is("MASTER")() && b.is("BACKUP")() })
}

// TestSyncGroupHandsOverTogether: naming one member is naming the group.
func TestSyncGroupHandsOverTogether(t *testing.T) {
	ha, hb, _ := pair(t)
	two := func(priority int) string {
		first := fast(priority, steady)
		second := strings.NewReplacer("VI_1", "VI_2", "router_id 51", "router_id 52", "10.99.0.20", "10.99.0.22").Replace(first)
		return "vrrp_sync_group G1 {\ngroup {\nVI_1\nVI_2\n}\n}\n" + first + second
	}
	a, b := speak(t, ha, "alone patient", two(100)), speak(t, hb, "alone", two(90))
	netlab.Eventually(t, "A has both", func() bool {
		return ha.Has(vip) && ha.Has("10.99.0.22") && a.is("MASTER")() && b.instance().MasterPriority == 100
	})
	o := a.operate("handover VI_2")
	slices.SortFunc(o.Handed, func(x, y vrrp.Handed) int { return strings.Compare(x.Instance, y.Instance) })
	if len(o.Handed) != 2 || !o.Handed[0].Done || !o.Handed[1].Done {
		t.Errorf("hand over: %+v", o)
	}
	netlab.Eventually(t, "B has both", func() bool {
		return hb.Has(vip) && hb.Has("10.99.0.22") && !ha.Has(vip) && !ha.Has("10.99.0.22")
	})
	time.Sleep(3 * second)
	if !b.is("MASTER")() {
		t.Error("A took the addresses back")
	}
	if d := cmp.Diff([]string{"VI_1", "VI_2"}, a.operate("rejoin G1").Names); d != "" {
		t.Error(d)
	}
	netlab.Eventually(t, "A has both again", func() bool { return ha.Has(vip) && ha.Has("10.99.0.22") })
}

func TestHeir(t *testing.T) {
	ip := netip.MustParseAddr
	vips := []netip.Addr{ip("10.0.0.20")}
	who := func(source string, priority uint8, ready bool) vrrp.Participant {
		return vrrp.Participant{VRID: 51, VIPs: vips, Source: ip(source), Priority: priority, Ready: ready}
	}
	told := func(r ...vrrp.Participant) vrrp.Peer { return vrrp.Peer{Known: true, Routers: r} }
	own, from := who("10.0.0.2", 90, true), "10.0.0.1"
	master := told(who("10.0.0.1", 100, true))
	other := who("10.0.0.3", 95, true)
	other.VRID = 52
	far := who("10.0.0.3", 95, true)
	far.VIPs = []netip.Addr{ip("10.0.0.21")}
	for name, c := range map[string]struct {
		unicast []string
		peers   []vrrp.Peer
		want    bool
	}{
		"nothing is known":                       {nil, nil, false},
		"a pair":                                 {nil, []vrrp.Peer{master}, true},
		"the master is no member":                {nil, []vrrp.Peer{told(who("10.0.0.9", 100, true))}, false},
		"a member never told":                    {nil, []vrrp.Peer{master, {}}, false},
		"a third with a lower priority":          {nil, []vrrp.Peer{master, told(who("10.0.0.3", 80, true))}, true},
		"a third with a higher priority":         {nil, []vrrp.Peer{master, told(who("10.0.0.3", 95, true))}, false},
		"a better third in fault":                {nil, []vrrp.Peer{master, told(who("10.0.0.3", 95, false))}, true},
		"an equal third with a higher address":   {nil, []vrrp.Peer{master, told(who("10.0.0.3", 90, true))}, false},
		"an equal third with a lower address":    {nil, []vrrp.Peer{master, told(who("10.0.0.0", 90, true))}, true},
		"a better one of another virtual router": {nil, []vrrp.Peer{master, told(other, far)}, true},
		"a unicast pair needs no cluster":        {[]string{"10.0.0.1"}, nil, true},
		"the only unicast peer is another":       {[]string{"10.0.0.7"}, nil, false},
		"a unicast peer that is no member":       {[]string{"10.0.0.1", "10.0.0.7"}, []vrrp.Peer{master}, false},
		"unicast peers that are all members":     {[]string{"10.0.0.1", "10.0.0.3"}, []vrrp.Peer{master, told(who("10.0.0.3", 80, true))}, true},
	} {
		var unicast []netip.Addr
		for _, u := range c.unicast {
			unicast = append(unicast, ip(u))
		}
		if got := vrrp.Heir(own, ip(from), unicast, c.peers); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestHandOverToKeepalived: a real keepalived waits its skew; we answer until it has taken over.
func TestHandOverToKeepalived(t *testing.T) {
	ha, hb, hc := pair(t)
	keepalived(t, hb, seed("BACKUP", 90, "1234"))
	a := speak(t, ha, "alone patient", seed("MASTER", 100, "1234"))
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	time.Sleep(second)
	netlab.Eventually(t, "A is master alone", func() bool { return ha.Has(vip) && !hb.Has(vip) })
	o := a.operate("handover VI_1")
	if o.Err != "" || len(o.Handed) != 1 || !o.Handed[0].Done {
		t.Fatalf("hand over: %+v", o)
	}
	t.Logf("keepalived came after %v", o.Handed[0].Took)
	if took := o.Handed[0].Took; took > withinSkew {
		t.Errorf("keepalived came after %v, its skew is 648 ms", took)
	}
	if got := hc.Answerer(vip); got != hb.MAC() || ha.Has(vip) {
		t.Errorf("the address is answered by %q, not by keepalived %q", got, hb.MAC())
	}
	if o := a.operate("rejoin"); len(o.Names) != 1 {
		t.Errorf("rejoin: %+v", o)
	}
	netlab.Eventually(t, "A preempts keepalived", func() bool { return ha.Has(vip) && !hb.Has(vip) })
}
