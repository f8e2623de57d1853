package vrrp_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// TestVirtualMAC: the address answers with the virtual MAC, whoever is master; the interface is up
// on the master only, comes back when somebody removes it, and goes with the speaker.
func TestVirtualMAC(t *testing.T) {
	const mac = "00:00:5e:00:01:33"
	ha, hb, hc := pair(t)
	a, b := speak(t, ha, "engine", fast(100, "use_vmac")), speak(t, hb, "alone", fast(90, "use_vmac vrrp.51 "+mac))
	has := func(h *netlab.Host) func() bool { return ipSays(h, " "+vip+"/", "addr", "show", "dev", "vrrp.51") }
	netlab.Eventually(t, "B is master", func() bool { return b.is("MASTER")() && has(hb)() })
	if got := hc.Answerer(vip); got != mac {
		t.Errorf("the address is answered by %q, want the virtual MAC %q", got, mac)
	}
	if ipSays(ha, "state UP", "link", "show", "vrrp.51")() || !ipSays(ha, mac, "link", "show", "vrrp.51")() {
		t.Errorf("the interface of the backup:\n%s", ha.IP("link", "show", "vrrp.51"))
	}
	capture := hc.Command("timeout", "15", "tcpdump", "-e", "-n", "-i", "eth0", "-c", "1", "vrrp")
	if out, err := capture.CombinedOutput(); !strings.Contains(string(out), mac) {
		t.Errorf("adverts do not come from the virtual MAC: %v\n%s", err, out)
	}
	a.engine("on")
	netlab.Eventually(t, "A preempts", func() bool { return a.is("MASTER")() && has(ha)() && !has(hb)() })
	if got := hc.Answerer(vip); got != mac {
		t.Errorf("after the change the address is answered by %q", got)
	}
	if ha.Has(vip) {
		t.Error("the address is on eth0 too")
	}
	ha.IP("link", "del", "vrrp.51")
	netlab.Eventually(t, "the interface is back, with the address", has(ha))
	if got := hc.Answerer(vip); got != mac {
		t.Errorf("on the new interface the address is answered by %q", got)
	}
	if got := ha.Command("cat", "/proc/sys/net/ipv4/conf/eth0/arp_ignore"); output(got) != "1" {
		t.Error("eth0 answers for addresses of others")
	}
	a.kill()
	netlab.Eventually(t, "B takes over", has(hb))
	a = speak(t, ha, "engine", fast(100))
	netlab.Eventually(t, "the next speaker removes what was left", func() bool { return !ipSays(ha, "vrrp.51", "link", "show")() })
	b.stop()
	if ipSays(hb, "vrrp.51", "link", "show")() {
		t.Error("the interface is left behind")
	}
	if got := output(hb.Command("cat", "/proc/sys/net/ipv4/conf/eth0/arp_ignore")); got != "0" {
		t.Errorf("arp_ignore is %q, not what it was", got)
	}
}

// TestVirtualMACBesideKeepalived: a real keepalived with use_vmac and ours understand each other.
func TestVirtualMACBesideKeepalived(t *testing.T) {
	ha, hb, hc := pair(t)
	_, log := keepalived(t, hb, fast(90, "use_vmac", steady))
	a := speak(t, ha, "alone", fast(100, "use_vmac", steady))
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	netlab.Eventually(t, "keepalived gives way", func() bool { return !ipSays(hb, " "+vip+"/", "addr")() })
	if got := hc.Answerer(vip); got != "00:00:5e:00:01:33" {
		t.Errorf("the address is answered by %q", got)
	}
	for _, bad := range []string{"checksum", "invalid", "mismatch", "unexpected"} {
		if strings.Contains(log(), bad) {
			t.Errorf("keepalived complains about our packets: %s", bad)
		}
	}
	a.apply(fast(80, "use_vmac", steady))
	netlab.Eventually(t, "keepalived is preferred now", func() bool { return a.is("BACKUP")() && ipSays(hb, " "+vip+"/", "addr")() })
}

// TestVirtualMACIPv6: the same over IPv6, from the address of the interface below.
func TestVirtualMACIPv6(t *testing.T) {
	ha, hb, _ := pair(t)
	conf := func(priority int) string {
		return strings.Replace(fast(priority, "use_vmac"), "10.99.0.20/24", "fe80::99:20/64\nfd99::20/64", 1)
	}
	a, b := speak(t, ha, "alone", conf(100)), speak(t, hb, "alone", conf(90))
	netlab.Eventually(t, "A is master, B hears it", func() bool {
		i := b.instance()
		return a.is("MASTER")() && i.State == "BACKUP" && i.MasterPriority == 100
	})
	netlab.Eventually(t, "A has the address", ipSays(ha, "fd99::20/64", "addr", "show", "dev", "vrrp6.51"))
	a.stop()
	netlab.Eventually(t, "B has it", ipSays(hb, "fd99::20/64", "addr", "show", "dev", "vrrp6.51"))
}

// output is what a program says, without the line end.
func output(c *exec.Cmd) string {
	b, _ := c.Output()
	return strings.TrimSpace(string(b))
}
