package vrrp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// TestReload: an instance that stays notices nothing, a changed one keeps its state, a
// removed one says priority 0 and lets go.
func TestReload(t *testing.T) {
	ha, hb, _ := pair(t)
	second := func(name string, vrid int, ip string) string {
		c := strings.ReplaceAll(fast(100, steady), "VI_1", name)
		return strings.NewReplacer("router_id 51", fmt.Sprint("router_id ", vrid), "10.99.0.20/24", ip+"/24").Replace(c)
	}
	two, three := second("VI_2", 52, "10.99.0.22"), second("VI_3", 53, "10.99.0.23")
	b := speak(t, hb, "alone", fast(90, steady)+strings.Replace(two, "priority 100", "priority 90", 1))
	a := speak(t, ha, "alone patient", fast(100, steady)+two)
	netlab.Eventually(t, "A has both addresses", func() bool { return ha.Has(vip) && ha.Has("10.99.0.22") })
	netlab.Eventually(t, "B has none", func() bool { return !hb.Has(vip) && !hb.Has("10.99.0.22") })
	before := a.instance()

	got := a.apply(fast(100, steady) + two + three)
	if diff := cmp.Diff(vrrp.Report{Added: []string{"VI_3"}, Unchanged: []string{"VI_1", "VI_2"}}, got); diff != "" {
		t.Errorf("one more (-want +got):\n%s", diff)
	}
	more := strings.Replace(fast(99, steady), "10.99.0.20/24", "10.99.0.20/24\n10.99.0.21/24 label eth0:1", 1)
	got = a.apply(more + three)
	if diff := cmp.Diff(vrrp.Report{Removed: []string{"VI_2"}, Changed: []string{"VI_1"}, Unchanged: []string{"VI_3"}}, got); diff != "" {
		t.Errorf("one less (-want +got):\n%s", diff)
	}
	netlab.Eventually(t, "the new address is there", func() bool { return ha.Has("10.99.0.21") })
	netlab.Eventually(t, "B takes over what A no longer has", func() bool { return !ha.Has("10.99.0.22") && hb.Has("10.99.0.22") })
	if !a.said("(VI_2) 10.99.0.2 has taken over with priority 90") {
		t.Error("A did not keep the address of a removed instance until B had it")
	}
	if i := a.instance(); i.State != "MASTER" || !i.LastTransition.Equal(before.LastTransition) || i.Priority != 99 {
		t.Errorf("A changed its state: %+v", i)
	}
	if n := a.times("(VI_1) Entering MASTER STATE"); n != 1 {
		t.Errorf("A entered MASTER %d times", n)
	}
	if !b.said("received an unexpected ip number count 2, expected 1!") {
		t.Error("B does not complain about the other list")
	}
	netlab.Eventually(t, "VI_3 is served", func() bool { return ha.Has("10.99.0.23") })
	// The kernel does not change the label of an address; it has to be set anew.
	a.apply(strings.Replace(more, "eth0:1", "eth0:2", 1) + three)
	netlab.Eventually(t, "the label changed", func() bool { return strings.Contains(ha.IP("addr", "show", "dev", "eth0"), "eth0:2") })
	got = a.apply(strings.Replace(more, "router_id 51", "router_id 61", 1) + three)
	if diff := cmp.Diff(vrrp.Report{Restarted: []string{"VI_1"}, Unchanged: []string{"VI_3"}}, got); diff != "" {
		t.Errorf("another VRID (-want +got):\n%s", diff)
	}
	netlab.Eventually(t, "A serves the new router", func() bool { return a.instance().VRID == 61 && a.is("MASTER")() })
}

// TestScriptsAndNotify: a failing check lowers the priority, B takes over; the notify
// commands get keepalived's arguments in order.
func TestScriptsAndNotify(t *testing.T) {
	ha, hb, _ := pair(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	notify := filepath.Join(dir, "notify.sh")
	if err := os.WriteFile(notify, []byte("#!/bin/sh\nsleep 0.02\necho \"$@\" >>"+out+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	script := "vrrp_script chk {\nscript \"/usr/bin/test ! -e " + dir + "/bad\"\ninterval 0.1\ntimeout 10\nfall 2\nweight -20\n}\n"
	a := speak(t, ha, "alone", script+fast(100, steady, "track_script {\nchk\n}",
		"notify_master \""+notify+" m one\"", "notify_backup \""+notify+" b\"", "notify_stop \""+notify+" s\"",
		"notify \""+notify+" gen 'two words'\""))
	b := speak(t, hb, "alone", fast(90, steady))
	netlab.Eventually(t, "A is master", func() bool { return a.is("MASTER")() && b.is("BACKUP")() })
	if err := os.WriteFile(dir+"/bad", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, "B is master", func() bool { return b.is("MASTER")() && a.is("BACKUP")() })
	if i := a.instance(); i.EffectivePriority != 80 || i.Priority != 100 {
		t.Errorf("A has priority %d of %d", i.EffectivePriority, i.Priority)
	}
	for _, line := range []string{"Script `chk` now returning 1", "VRRP_Script(chk) failed (exited with status 1)",
		"(VI_1) Changing effective priority from 100 to 80", "(VI_1) Master received advert from 10.99.0.2 with higher priority 90, ours 80"} {
		if !a.said(line) {
			t.Errorf("A does not say %q", line)
		}
	}
	if err := os.Remove(dir + "/bad"); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, "A is master again", a.is("MASTER"))
	a.stop()
	want := `b
gen two words INSTANCE VI_1 BACKUP 100
m one
gen two words INSTANCE VI_1 MASTER 100
b
gen two words INSTANCE VI_1 BACKUP 80
m one
gen two words INSTANCE VI_1 MASTER 100
s
gen two words INSTANCE VI_1 STOP 100
`
	got, _ := os.ReadFile(out)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("notify commands (-want +got):\n%s", diff)
	}
}

// TestBrokenScript: a check that cannot be run has failed, and the log says what is wrong.
func TestBrokenScript(t *testing.T) {
	ha, _, _ := pair(t)
	a := speak(t, ha, "alone", "vrrp_script chk {\nscript /no/such/check.sh\n}\n"+fast(100, "track_script {\nchk\n}"))
	netlab.Eventually(t, "A says what is wrong", a.says("VRRP_Script(chk) failed (cannot be run: /no: does not exist)"))
	time.Sleep(second)
	if s := a.instance().State; s != "FAULT" {
		t.Errorf("A is %s with a check that cannot be run", s)
	}
}

// TestFrozenMaster: while the master is frozen the kernel takes its address away and the
// backup takes over; on waking the master listens before it claims anything.
func TestFrozenMaster(t *testing.T) {
	ha, hb, _ := pair(t)
	master := speak(t, ha, "alone wary", fast(100, "nopreempt", steady))
	netlab.Eventually(t, "one is master", master.is("MASTER"))
	backup := speak(t, hb, "alone", fast(90, "nopreempt", steady))
	netlab.Eventually(t, "the other hears it", func() bool { return backup.instance().MasterPriority == 100 && master.is("MASTER")() })
	_ = master.cmd.Process.Signal(syscall.SIGSTOP)
	netlab.Eventually(t, "the other takes over", func() bool { return hb.Has(vip) })
	netlab.Eventually(t, "the frozen one loses its address", func() bool { return !ha.Has(vip) })
	_ = master.cmd.Process.Signal(syscall.SIGCONT)
	for range 40 {
		if ha.Has(vip) {
			t.Fatal("the frozen one claims the address on waking")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !master.is("BACKUP")() || !backup.is("MASTER")() {
		t.Error("the roles did not change")
	}
	if !master.said("listening before claiming") {
		t.Error("the frozen one does not say what happened")
	}
}

// TestFrozenBackup: adverts wait in the socket while the backup is frozen; it reads them
// before it believes its timer.
func TestFrozenBackup(t *testing.T) {
	ha, hb, _ := pair(t)
	a, b := speak(t, ha, "alone", fast(100, steady)), speak(t, hb, "alone", fast(90, steady))
	netlab.Eventually(t, "A is master and B hears it", func() bool { return a.is("MASTER")() && b.is("BACKUP")() && b.instance().MasterPriority == 100 })
	before := b.times("Entering MASTER STATE")
	for range 2 {
		_ = b.cmd.Process.Signal(syscall.SIGSTOP)
		time.Sleep(2500 * time.Millisecond) // its timer ends after two seconds
		_ = b.cmd.Process.Signal(syscall.SIGCONT)
		time.Sleep(100 * time.Millisecond)
	}
	if n := b.times("Entering MASTER STATE"); n != before {
		t.Errorf("B claimed the address %d times", n-before)
	}
}

// TestInterfaceAppears: an instance waits quietly for its interface and its address.
func TestInterfaceAppears(t *testing.T) {
	ha, _, _ := pair(t)
	a := speak(t, ha, "alone", strings.Replace(fast(100), "interface eth0", "interface dummy7", 1))
	netlab.Eventually(t, "A is in fault", a.is("FAULT"))
	ha.IP("link", "add", "dummy7", "type", "veth", "peer", "name", "other7")
	ha.IP("link", "set", "other7", "up")
	ha.IP("link", "set", "dummy7", "up")
	time.Sleep(200 * time.Millisecond)
	if s := a.instance().State; s != "FAULT" {
		t.Errorf("A is %s without an address", s)
	}
	ha.IP("addr", "add", "10.99.0.77/24", "dev", "dummy7")
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	ha.IP("link", "del", "dummy7")
	netlab.Eventually(t, "A is in fault again", a.is("FAULT"))
	ha.IP("link", "add", "dummy7", "type", "veth", "peer", "name", "other8")
	ha.IP("link", "set", "other8", "up")
	ha.IP("addr", "add", "10.99.0.77/24", "dev", "dummy7")
	ha.IP("link", "set", "dummy7", "up")
	netlab.Eventually(t, "A is master on the new interface", a.is("MASTER"))
	netlab.Eventually(t, "with its address", func() bool { return strings.Contains(ha.IP("addr", "show", "dev", "dummy7"), vip) })
}
