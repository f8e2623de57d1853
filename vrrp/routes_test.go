package vrrp_test

import (
	"strings"
	"testing"

	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

const routed = `
virtual_routes {
	10.50.0.0/24 via 10.99.0.9 dev eth0
	10.51.0.0/24 dev eth0 src 10.99.0.20 table 100
}
virtual_rules {
	from 10.99.0.20 table 100 priority 500
}`

// ipSays tells whether the ip command on a host shows a text.
func ipSays(h *netlab.Host, text string, args ...string) func() bool {
	return func() bool {
		out, _ := h.Command(append([]string{"ip"}, args...)...).CombinedOutput() // a table that was never used is an error
		return strings.Contains(string(out), text)
	}
}

// TestRoutes: routes and rules come and go with the addresses, come back when somebody removes
// them, change with a reload, and those of a killed speaker go when the next begins.
func TestRoutes(t *testing.T) {
	ha, _, _ := pair(t)
	one := ipSays(ha, "10.50.0.0/24 via 10.99.0.9", "route", "show")
	two := ipSays(ha, "10.51.0.0/24 dev eth0 proto 112 scope link src 10.99.0.20", "route", "show", "table", "100")
	rule := ipSays(ha, "from 10.99.0.20 lookup 100", "rule", "show")
	all := func() bool { return one() && two() && rule() }
	none := func() bool { return !one() && !two() && !rule() }

	a := speak(t, ha, "engine", fast(100, routed))
	a.engine("on")
	netlab.Eventually(t, "A is master with its routes and rules", func() bool { return a.is("MASTER")() && all() })
	ha.IP("route", "del", "10.50.0.0/24")
	netlab.Eventually(t, "the route is back", one)
	ha.IP("rule", "del", "pref", "500")
	netlab.Eventually(t, "the rule is back", rule)
	ha.IP("addr", "del", vip+"/24", "dev", "eth0") // takes the route from it along
	netlab.Eventually(t, "the route from the address is back", two)
	a.engine("off")
	netlab.Eventually(t, "A has no routes while its engine is dead", none)
	a.engine("on")
	netlab.Eventually(t, "they are back with the addresses", all)

	a.apply(fast(100, strings.Replace(routed, "10.50.0.0/24", "10.52.0.0/24", 1)))
	netlab.Eventually(t, "the route was exchanged", func() bool {
		return !one() && ipSays(ha, "10.52.0.0/24 via 10.99.0.9", "route", "show")() && two() && rule()
	})
	if n := a.times("Entering MASTER STATE"); n != 2 {
		t.Errorf("A entered MASTER %d times", n)
	}
	a.kill()
	if !ipSays(ha, "10.52.0.0/24", "route", "show")() || !rule() {
		t.Error("routes and rules of a killed speaker went by themselves")
	}
	a = speak(t, ha, "engine", fast(100))
	netlab.Eventually(t, "the next speaker removes what was left", func() bool {
		return none() && !ipSays(ha, "10.52.0.0/24", "route", "show")()
	})
	a.apply(fast(100, routed))
	a.engine("on")
	netlab.Eventually(t, "A is master with its routes and rules", all)
	a.stop()
	if !none() {
		t.Error("routes or rules are left after the stop")
	}
}

// TestStatic: static entries are there whatever the state, come back when somebody removes them,
// and go with the stop. An instance of their track group is in fault while one is lost.
func TestStatic(t *testing.T) {
	ha, _, _ := pair(t)
	conf := func(more string) string {
		return `
static_ipaddress {
	10.98.0.5/24 dev eth0
}
static_routes {
	10.60.0.0/24 via 10.98.0.9 dev eth0 track_group TG
}
static_rules {
	from 10.60.0.0/24 table 60 priority 600
}
track_group TG {
	group {
		VI_1
	}
}
` + more
	}
	route := ipSays(ha, "10.60.0.0/24 via 10.98.0.9", "route", "show")
	rule := ipSays(ha, "from 10.60.0.0/24 lookup 60", "rule", "show")
	all := func() bool { return ha.Has("10.98.0.5") && route() && rule() }
	a := speak(t, ha, "engine", conf(fast(100)))
	netlab.Eventually(t, "static entries are set", all)
	if s := a.instance().State; s != "FAULT" {
		t.Errorf("A is %s, not in FAULT for want of an engine", s)
	}
	if strings.Contains(ha.IP("addr", "show", "dev", "eth0"), "valid_lft 3sec") {
		t.Error("a static address has a lifetime")
	}
	a.engine("on")
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	ha.IP("addr", "del", "10.98.0.5/24", "dev", "eth0") // takes the route along
	ha.IP("rule", "del", "pref", "600")
	netlab.Eventually(t, "they are back", all)
	if !a.is("MASTER")() {
		t.Error("A left MASTER for what could be set again")
	}
	bad := strings.Replace(conf(fast(100)), "via 10.98.0.9 dev eth0", "via 10.97.0.9 dev eth0", 1)
	a.apply(bad)
	netlab.Eventually(t, "A is in fault", a.is("FAULT"))
	for _, line := range []string{"set route 10.60.0.0/24 via 10.97.0.9 dev eth0 track_group TG: network is unreachable", "(VI_1) Entering FAULT STATE"} {
		if !a.said(line) {
			t.Errorf("A does not say %q", line)
		}
	}
	ha.IP("addr", "add", "10.97.0.1/24", "dev", "eth0")
	netlab.Eventually(t, "A is master again", a.is("MASTER"))
	a.apply(fast(100))
	netlab.Eventually(t, "static entries are gone with their configuration", func() bool { return !ha.Has("10.98.0.5") && !rule() })
	a.apply(conf(fast(100)))
	netlab.Eventually(t, "and back", all)
	a.stop()
	if ha.Has("10.98.0.5") || route() || rule() {
		t.Error("static entries are left after the stop")
	}
}
