package netif_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/vrrp/netif"
)

// namespace gives the calling test a network namespace of its own with a pair of Ethernet
// interfaces, v0 (10.0.0.1/24) and v1. Its thread is thrown away with it.
func namespace(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped: network namespaces need root")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test's goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("skipped: no network namespace:", err)
	}
	ip(t, "link", "add", "v0", "type", "veth", "peer", "name", "v1")
	ip(t, "addr", "add", "10.0.0.1/24", "dev", "v0")
	ip(t, "link", "set", "v0", "up")
	ip(t, "link", "set", "v1", "up")
}

// ip runs the ip command; a child inherits the namespace of the thread that starts it.
func ip(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func lookup(t *testing.T, name string) netif.Interface {
	t.Helper()
	i, err := netif.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// patience is how long something may take that only has to happen: far longer than a busy host stalls.
const patience = 30 * time.Second

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func TestLookup(t *testing.T) {
	namespace(t)
	eventually(t, "v0 is up", func() bool { return lookup(t, "v0").Up })
	i := lookup(t, "v0")
	if len(i.HW) != 6 || i.Index == 0 || !slices.Contains(i.Addrs, netip.MustParsePrefix("10.0.0.1/24")) {
		t.Errorf("v0 is %+v", i)
	}
	ip(t, "link", "set", "v1", "down")
	eventually(t, "v0 has no carrier", func() bool { return !lookup(t, "v0").Up })
	if _, err := netif.Lookup("v9"); !errors.Is(err, netif.ErrNoInterface) {
		t.Errorf("v9: %v", err)
	}
}

// TestAddresses: an address vanishes by itself when it is not renewed, and stays when it is.
func TestAddresses(t *testing.T) {
	namespace(t)
	a, err := netif.NewAddresses(time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	index := lookup(t, "v0").Index
	has := func(p string) bool { return slices.Contains(lookup(t, "v0").Addrs, netip.MustParsePrefix(p)) }
	set := func(p string) {
		t.Helper()
		if err := a.Set(index, netif.Address{Prefix: netip.MustParsePrefix(p), Label: "v0:vip"}); err != nil {
			t.Fatal(err)
		}
	}
	set("10.0.0.20/24")
	set("10.0.0.21/24")
	set("fd00::20/64")
	renewed := time.Now()
	for range 9 { // 1.8 s
		time.Sleep(200 * time.Millisecond)
		gone := !has("10.0.0.20/24")
		if held := time.Since(renewed); gone && held < 600*time.Millisecond { // the host may have held us up for longer
			t.Errorf("an address renewed %v ago is gone", held)
		}
		renewed = time.Now()
		set("10.0.0.20/24")
	}
	eventually(t, "addresses that are not renewed vanish", func() bool {
		set("10.0.0.20/24")
		return !has("10.0.0.21/24") && !has("fd00::20/64")
	})
	for range 2 {
		if err := a.Remove(index, netip.MustParsePrefix("10.0.0.20/24")); err != nil {
			t.Errorf("removing: %v", err)
		}
	}
	if has("10.0.0.20/24") || !has("10.0.0.1/24") {
		t.Error("removed the wrong address")
	}
	if err := a.Remove(4711, netip.MustParsePrefix("10.0.0.20/24")); err != nil {
		t.Errorf("removing from an interface that is gone: %v", err)
	}
	if err := a.Set(4711, netif.Address{Prefix: netip.MustParsePrefix("10.0.0.20/24")}); err == nil {
		t.Error("set an address on an interface that is gone")
	}
}

// TestSocket: what one end sends to the group the other receives, and a sender does not
// hear itself. The poller sees it without reading.
func TestSocket(t *testing.T) {
	namespace(t)
	ip(t, "addr", "add", "10.0.0.2/24", "dev", "v1")
	group := netip.MustParseAddr("224.0.0.18")
	open := func(name string) *netif.Socket {
		s, err := netif.Open(lookup(t, name), 112)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if err := errors.Join(s.Join(group), s.Join(group)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s0, s1 := open("v0"), open("v1")
	buf := make([]byte, 2048)
	if _, ok, err := s1.Receive(buf); ok || err != nil {
		t.Errorf("received something from nobody: %v", err)
	}
	packet := append([]byte{0x45, 0xc0, 0, 24, 0, 1, 0, 0, 255, 112, 0, 0, 10, 0, 0, 99, 224, 0, 0, 18}, "text"...)
	if err := s0.Send(packet, group); err != nil {
		t.Fatal(err)
	}
	poll, err := netif.NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer poll.Close()
	if err := poll.Add(s1); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); !s1.Readable() && time.Now().Before(end); {
		if err := poll.Wait(end); err != nil {
			t.Fatal(err)
		}
	}
	p, ok, err := s1.Receive(buf)
	if b := p.Data; err != nil || !ok || string(b[20:]) != "text" || b[8] != 255 || b[1] != 0xc0 {
		t.Errorf("received %x %v %v", b, ok, err)
	}
	if _, ok, _ := s0.Receive(buf); ok {
		t.Error("the sender heard itself")
	}
	if _, ok, _ := s1.Receive(buf); ok || s1.Readable() {
		t.Error("an empty socket is readable")
	}
	poll.Remove(s1)
	s1.Close()
	if _, _, err := s1.Receive(buf); err == nil {
		t.Error("a closed socket receives")
	}
}

func TestOpenFails(t *testing.T) {
	namespace(t)
	if _, err := netif.Open(netif.Interface{Name: "v9", Index: 99}, 112); err == nil {
		t.Error("opened a socket on an interface that does not exist")
	}
}

// TestWatch reports what others do to links and addresses, and ends with its context.
func TestWatch(t *testing.T) {
	namespace(t)
	index := lookup(t, "v0").Index
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	var seen []netif.Change
	saw := func(f func(netif.Change) bool) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.ContainsFunc(seen, f)
		}
	}
	// Watch must subscribe in this thread's namespace, so the events come from another one
	// of the same namespace: the ip commands below run in a goroutine that enters it.
	ns, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ns)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		runtime.LockOSThread()
		if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
			t.Error(err)
			return
		}
		wait := func(what string, f func(netif.Change) bool) {
			for end := time.Now().Add(patience); !saw(f)(); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Error("not reported:", what)
					return
				}
			}
		}
		p := netip.MustParsePrefix("10.0.0.20/24")
		wait("resync", func(c netif.Change) bool { return c.Resync })
		_ = exec.Command("ip", "addr", "add", p.String(), "dev", "v0").Run()
		wait("added", func(c netif.Change) bool { return c.Index == index && c.Added == p })
		_ = exec.Command("ip", "addr", "del", p.String(), "dev", "v0").Run()
		wait("lost", func(c netif.Change) bool { return c.Index == index && c.Lost == p })
		_ = exec.Command("ip", "link", "set", "v1", "down").Run()
		wait("link", func(c netif.Change) bool { return c.Name == "v0" })
	})
	netif.Watch(ctx, time.Second, func(c netif.Change) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, c)
	}, func(err error) { t.Error(err) })
	wg.Wait()
}

// TestPoller: it wakes at the moment it is told, and when somebody wakes it.
func TestPoller(t *testing.T) {
	p, err := netif.NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, wait := range []time.Duration{20 * time.Millisecond, 3 * time.Millisecond, 0, -time.Second} {
		best := time.Hour
		for range 5 { // a busy host may be slow; the best of some tries counts
			start := time.Now()
			until := start.Add(wait)
			for time.Now().Before(until) {
				if err := p.Wait(until); err != nil {
					t.Fatal(err)
				}
			}
			if best = min(best, time.Since(start)); best <= max(wait, 0)+500*time.Millisecond {
				break
			}
		}
		if best > max(wait, 0)+500*time.Millisecond {
			t.Errorf("woke %v after the start, told %v", best, wait)
		}
	}
	p.Wake()
	p.Wake()
	start := time.Now()
	if err := p.Wait(start.Add(2 * patience)); err != nil || time.Since(start) > patience {
		t.Errorf("Wake did not end Wait: %v %v", err, time.Since(start))
	}
	var wg sync.WaitGroup
	start = time.Now()
	wg.Go(func() { time.Sleep(30 * time.Millisecond); p.Wake() })
	if err := p.Wait(start.Add(2 * patience)); err != nil || time.Since(start) < 20*time.Millisecond {
		t.Errorf("two calls of Wake ended two calls of Wait: %v %v", err, time.Since(start))
	}
	wg.Wait()
	end := time.Now().Add(2 * patience)
	if n := testing.AllocsPerRun(100, func() { p.Wake(); _ = p.Wait(end) }); n != 0 {
		t.Errorf("%v allocations for a turn", n)
	}
}
