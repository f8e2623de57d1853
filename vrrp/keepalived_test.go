package vrrp_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keepsql/keepsql/vrrp/advert"
	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// seed is the configuration of an ordinary pair: VRRPv2, one second, a password.
func seed(state string, priority int, pass string) string {
	return fmt.Sprintf(`
global_defs {
	enable_script_security
	script_user root
}
vrrp_instance VI_1 {
	state %s
	interface eth0
	virtual_router_id 51
	priority %d
	authentication {
		auth_type PASS
		auth_pass %s
	}
	virtual_ipaddress {
		10.99.0.20/24
	}
}
`, state, priority, pass)
}

// withinSkew is less than a backup waits for a silent master with the configuration seed, and leaves room above the 648 ms
// it waits for one that says goodbye.
const withinSkew = 3400 * time.Millisecond

// TestMasterBesideKeepalived: we are preferred, a real keepalived is the backup.
func TestMasterBesideKeepalived(t *testing.T) {
	ha, hb, hc := pair(t)
	_, log := keepalived(t, hb, seed("BACKUP", 90, "1234"))
	a := speak(t, ha, "engine patient", seed("MASTER", 100, "1234"))
	a.engine("on")
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	time.Sleep(second)
	netlab.Eventually(t, "keepalived gives way to us", func() bool { return ha.Has(vip) && !hb.Has(vip) })
	start := time.Now()
	a.engine("off")
	netlab.Within(t, withinSkew, "keepalived takes over within its skew", func() bool { return hb.Has(vip) })
	t.Logf("death of the engine to address on keepalived: %v (skew 648 ms)", time.Since(start))
	if got := hc.Answerer(vip); got != hb.MAC() {
		t.Errorf("the address is answered by %q, not by keepalived %q", got, hb.MAC())
	}
	a.engine("on")
	netlab.Eventually(t, "A preempts keepalived", func() bool { return ha.Has(vip) && !hb.Has(vip) })
	a.stop()
	netlab.Within(t, withinSkew, "keepalived takes over after the stop", func() bool { return hb.Has(vip) })
	if !a.said("(VI_1) 10.99.0.2 has taken over with priority 90") || ha.Has(vip) {
		t.Error("A did not keep the address until keepalived had it")
	}
	netlab.Eventually(t, "keepalived says that it heard priority 0 twice", func() bool {
		return strings.Count(log(), "Backup received priority 0 advertisement") == 2
	})
	for _, bad := range []string{"checksum", "invalid", "mismatch", "unexpected"} {
		if strings.Contains(log(), bad) {
			t.Errorf("keepalived complains about our packets: %s", bad)
		}
	}
}

// TestBackupBesideKeepalived: a real keepalived is preferred, we are the backup.
func TestBackupBesideKeepalived(t *testing.T) {
	ha, hb, _ := pair(t)
	b := speak(t, hb, "alone", seed("BACKUP", 90, "1234"))
	netlab.Eventually(t, "B is master alone", b.is("MASTER"))
	k, _ := keepalived(t, ha, seed("MASTER", 100, "1234"))
	netlab.Eventually(t, "keepalived preempts us", func() bool { return ha.Has(vip) && !hb.Has(vip) })
	if i := b.instance(); i.State != "BACKUP" || i.MasterAddr.String() != "10.99.0.1" || i.MasterPriority != 100 {
		t.Errorf("B is %+v", i)
	}
	time.Sleep(1500 * time.Millisecond)
	start := time.Now()
	_ = k.Process.Signal(syscall.SIGTERM)
	netlab.Within(t, withinSkew, "B takes over within its skew", func() bool { return hb.Has(vip) })
	took := time.Since(start)
	t.Logf("stop of keepalived to address on B: %v (skew 648 ms)", took)
	if took < 600*time.Millisecond {
		t.Errorf("B did not wait for its skew: %v", took)
	}
	if !b.said("Backup received priority 0 advertisement") {
		t.Error("B does not say why")
	}
}

// TestWrongPassword: both are masters, and each says what is wrong with the other.
func TestWrongPassword(t *testing.T) {
	ha, hb, _ := pair(t)
	_, log := keepalived(t, hb, seed("BACKUP", 90, "4321"))
	a := speak(t, ha, "alone", seed("MASTER", 100, "1234"))
	netlab.Eventually(t, "both have the address", func() bool { return ha.Has(vip) && hb.Has(vip) })
	netlab.Eventually(t, "A complains", a.says("(VI_1) received an invalid passwd!"))
	netlab.Eventually(t, "keepalived complains", func() bool { return strings.Contains(log(), "received an invalid passwd!") })
	// A keepalived that hears adverts it does not believe sends few of its own, so that
	// there may be a single one to count.
	time.Sleep(second)
	if n := a.times("invalid passwd"); n != 1 {
		t.Errorf("A complained %d times in a few seconds", n)
	}
	if n := a.instance().Counters[advert.AuthFailure]; n == 0 {
		t.Error("A counts no failure")
	}
}

// TestVersion3BesideKeepalived: the interval is adopted and the checksums agree.
func TestVersion3BesideKeepalived(t *testing.T) {
	ha, hb, _ := pair(t)
	_, log := keepalived(t, hb, fast(90, steady))
	a := speak(t, ha, "alone", fast(100, steady))
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	time.Sleep(3 * second)
	if hb.Has(vip) || strings.Contains(log(), "checksum") {
		t.Errorf("keepalived does not understand us")
	}
	a.apply(fast(80, steady))
	netlab.Eventually(t, "keepalived is preferred now", func() bool { return hb.Has(vip) && !ha.Has(vip) })
	netlab.Eventually(t, "A is backup", a.is("BACKUP"))
}

// TestUnicastBesideKeepalived: the same without multicast.
func TestUnicastBesideKeepalived(t *testing.T) {
	ha, hb, _ := pair(t)
	conf := func(priority int, self, peer string) string {
		return fast(priority, steady, "unicast_src_ip "+self, "unicast_peer {\n"+peer+"\n}")
	}
	_, log := keepalived(t, hb, conf(90, "10.99.0.2", "10.99.0.1"))
	a := speak(t, ha, "alone", conf(100, "10.99.0.1", "10.99.0.2"))
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	time.Sleep(3 * second)
	if hb.Has(vip) || !ha.Has(vip) {
		t.Errorf("keepalived does not hear us:\n%s", log())
	}
	a.apply(conf(80, "10.99.0.1", "10.99.0.2"))
	netlab.Eventually(t, "keepalived takes over", func() bool { return hb.Has(vip) && a.is("BACKUP")() })
}

// TestIPv6BesideKeepalived: VRRPv3 over IPv6, both ways.
func TestIPv6BesideKeepalived(t *testing.T) {
	ha, hb, _ := pair(t)
	conf := func(priority int) string {
		return strings.Replace(fast(priority, steady), "10.99.0.20/24", "fe80::99:20/64\nfd99::20/64", 1)
	}
	_, log := keepalived(t, hb, conf(90))
	a := speak(t, ha, "alone", conf(100))
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	netlab.Eventually(t, "A alone has the addresses", func() bool {
		return ha.Has("fe80::99:20") && ha.Has("fd99::20") && !hb.Has("fd99::20")
	})
	time.Sleep(3 * second)
	if strings.Contains(log(), "checksum") || strings.Contains(log(), "invalid") || hb.Has("fd99::20") {
		t.Error("keepalived does not understand us")
	}
	a.apply(conf(80))
	netlab.Eventually(t, "keepalived is preferred now", func() bool { return hb.Has("fd99::20") && !ha.Has("fd99::20") })
	netlab.Eventually(t, "A is backup", a.is("BACKUP"))
	if m := a.instance().MasterAddr; !m.IsLinkLocalUnicast() {
		t.Errorf("A hears %v", m)
	}
	a.apply(conf(100))
	netlab.Eventually(t, "A is preferred again", func() bool { return ha.Has("fd99::20") && !hb.Has("fd99::20") })
	a.stop()
	netlab.Eventually(t, "keepalived takes over", func() bool { return hb.Has("fd99::20") })
}

// TestAHBesideKeepalived: both sides accept each other's check values.
func TestAHBesideKeepalived(t *testing.T) {
	ha, hb, _ := pair(t)
	conf := func(priority int) string {
		return strings.Replace(seed("BACKUP", priority, "secret12"), "auth_type PASS", "auth_type AH", 1)
	}
	a := speak(t, ha, "alone", conf(100))
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	_, log := keepalived(t, hb, conf(90))
	netlab.Eventually(t, "keepalived listens", func() bool { return strings.Contains(log(), "Entering BACKUP STATE") })
	time.Sleep(5 * second) // it waits for 3.6 seconds
	if hb.Has(vip) || strings.Contains(log(), "Entering MASTER") {
		t.Errorf("keepalived does not believe us:\n%s", log())
	}
	a.apply(conf(80))
	netlab.Eventually(t, "we believe keepalived", func() bool { return a.is("BACKUP")() && hb.Has(vip) && !ha.Has(vip) })
}
