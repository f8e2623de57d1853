package iproute_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
	"github.com/keepsql/keepsql/vrrp/iproute"
)

// namespace gives the calling test a network namespace of its own with an interface v0
// (10.0.0.1/24). Its thread is thrown away with it.
func namespace(t *testing.T) *iproute.Table {
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
	ip(t, "addr", "add", "fd00::1/64", "dev", "v0", "nodad")
	ip(t, "link", "set", "lo", "up")
	ip(t, "link", "set", "v1", "up")
	ip(t, "link", "set", "v0", "up")
	table, err := iproute.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(table.Close)
	return table
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

// parse reads the lines of virtual_routes and virtual_rules.
func parse(t *testing.T, routes, rules string) ([]vrrpconf.Route, []vrrpconf.PolicyRule) {
	t.Helper()
	text := "vrrp_instance V {\ninterface v0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.20\n}\nvirtual_routes {\n" + routes + "\n}\nvirtual_rules {\n" + rules + "\n}\n}\n"
	tree, _ := confparse.Parse(confparse.MapLoader{"k.conf": []byte(text)}, "k.conf")
	cfg, diags := vrrpconf.Build(tree)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg.Instances[0].Routes, cfg.Instances[0].Rules
}

// words is what ip shows, without the spaces it puts at the end of lines.
func words(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(out, "\n")
}

// TestRoutes: each line of a configuration gives what `ip route` then shows, twice over, and
// nothing when it has been removed, twice over.
func TestRoutes(t *testing.T) {
	table := namespace(t)
	for _, c := range []struct{ line, show, want string }{
		{"10.1.0.0/24 via 10.0.0.254 dev v0", "10.1.0.0/24", "10.1.0.0/24 via 10.0.0.254 dev v0 proto 112"},
		{"src 10.0.0.1 to 10.2.0.0/24 via 10.0.0.254 dev v0 metric 7 mtu 1400", "10.2.0.0/24", "10.2.0.0/24 via 10.0.0.254 dev v0 proto 112 src 10.0.0.1 metric 7 mtu 1400"},
		{"10.3.0.0/24 dev v0 protocol static", "10.3.0.0/24", "10.3.0.0/24 dev v0 proto static scope link"},
		{"default via 10.0.0.2 dev v0 table 77", "table 77", "default via 10.0.0.2 dev v0 proto 112"},
		{"blackhole 10.4.0.0/16 no_track", "10.4.0.0/16", "blackhole 10.4.0.0/16 proto 112"},
		{"10.5.0.0/24 via 192.168.1.1 dev v0 onlink", "10.5.0.0/24", "10.5.0.0/24 via 192.168.1.1 dev v0 proto 112 onlink"},
		{"10.6.0.0/24 via 10.0.0.2 or 10.0.0.3 dev v0", "10.6.0.0/24", "10.6.0.0/24 proto 112\nnexthop via 10.0.0.2 dev v0 weight 1\nnexthop via 10.0.0.3 dev v0 weight 1"},
		{"fd01::/64 via fd00::2 dev v0", "-6 fd01::/64", "fd01::/64 via fd00::2 dev v0 proto 112 metric 1024 pref medium"},
	} {
		func() { // no subtest: it would run in another thread, which is in another namespace
			var family []string
			show, six := strings.CutPrefix(c.show, "-6 ")
			if six {
				family = []string{"-6"}
			}
			args := slices.Concat(family, []string{"route", "show"}, strings.Fields(show))
			routes, _ := parse(t, c.line, "")
			if len(routes) != 1 {
				t.Fatal("the line was not understood")
			}
			for range 2 {
				if err := table.SetRoute(&routes[0]); err != nil {
					t.Fatal(err)
				}
			}
			if got := words(ip(t, args...)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			for range 2 {
				if err := table.RemoveRoute(&routes[0]); err != nil {
					t.Error(err)
				}
			}
			if out, _ := exec.Command("ip", args...).Output(); len(out) > 0 {
				t.Errorf("left behind: %s", out)
			}
		}()
	}
	routes, _ := parse(t, "10.1.0.0/24 dev v9\n10.1.0.0/24 dev v0 table nonsense", "")
	for _, r := range routes {
		if err := table.SetRoute(&r); err == nil {
			t.Errorf("set %s", r.Text)
		}
	}
	if err := table.RemoveRoute(&routes[0]); err != nil {
		t.Errorf("remove from an interface that is gone: %v", err)
	}
}

// TestRules is TestRoutes for rules.
func TestRules(t *testing.T) {
	table := namespace(t)
	for _, c := range []struct{ line, want string }{
		{"from 10.0.0.20 table 100 priority 500", "500: from 10.0.0.20 lookup 100 proto 112"},
		{"not to 10.1.0.0/24 iif v0 fwmark 0x10/0xff tos 16 lookup 100 pref 501", "501: not from all to 10.1.0.0/24 tos 0x10 fwmark 0x10/0xff iif v0 lookup 100 proto 112"},
		{"ipproto tcp dport 6000-6100 prohibit pref 502", "502: from all ipproto tcp dport 6000-6100 prohibit proto 112"},
		{"from fd00::/64 table 100 pref 503", "503: from fd00::/64 lookup 100 proto 112"},
		{"from 10.0.0.0/24 goto 32766 pref 504", "504: from 10.0.0.0/24 goto 32766 proto 112"},
		{"from 10.0.0.9 lookup main suppress_prefixlength 0 pref 505", "505: from 10.0.0.9 lookup main suppress_prefixlength 0 proto 112"},
		{"from 10.0.0.9 uidrange 0-99 table 300 pref 506 protocol boot", "506: from 10.0.0.9 uidrange 0-99 lookup 300 proto boot"},
	} {
		func() { // no subtest: it would run in another thread, which is in another namespace
			_, rules := parse(t, "", c.line)
			if len(rules) != 1 {
				t.Fatal("the line was not understood")
			}
			family := "-4"
			if rules[0].V6 {
				family = "-6"
			}
			show := func() string {
				for line := range strings.Lines(ip(t, "-d", family, "rule", "show")) {
					line = words(line)
					if strings.HasPrefix(line, "50") {
						return line
					}
				}
				return ""
			}
			for range 2 {
				if err := table.SetRule(&rules[0]); err != nil {
					t.Fatal(err)
				}
			}
			if got := show(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			for range 2 {
				if err := table.RemoveRule(&rules[0]); err != nil {
					t.Error(err)
				}
			}
			if got := show(); got != "" {
				t.Errorf("left behind: %s", got)
			}
		}()
	}
}

// TestSweep removes what is ours and nothing else.
func TestSweep(t *testing.T) {
	table := namespace(t)
	routes, rules := parse(t, "10.1.0.0/24 dev v0\n10.2.0.0/24 dev v0 table 200\nfd01::/64 dev v0\nblackhole 10.3.0.0/24\n10.4.0.0/24 dev v0 protocol static",
		"from 10.0.0.20 table 100 pref 500\nfrom fd00::/64 prohibit pref 501\nfrom 10.0.0.20 table 100 pref 502 protocol static")
	for i := range routes {
		if err := table.SetRoute(&routes[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rules {
		if err := table.SetRule(&rules[i]); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := table.Sweep(); n != 6 || err != nil {
		t.Errorf("swept %d, want 6: %v", n, err)
	}
	if n, err := table.Sweep(); n != 0 || err != nil {
		t.Errorf("swept %d more: %v", n, err)
	}
	if !strings.Contains(ip(t, "route", "show"), "10.4.0.0/24") || !strings.Contains(ip(t, "rule", "show"), "502:") {
		t.Error("removed what somebody else has set")
	}
}

// TestWatch reports what others remove.
func TestWatch(t *testing.T) {
	namespace(t)
	ns, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ns)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	var seen []string
	saw := func(what string) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(seen, what)
	}
	var wg sync.WaitGroup
	wg.Go(func() { // somebody else, in the same namespace
		defer cancel()
		runtime.LockOSThread()
		if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
			t.Error(err)
			return
		}
		for _, c := range []struct{ add, del, want string }{
			{"route add 10.1.0.0/24 dev v0", "route del 10.1.0.0/24", "10.1.0.0/24"},
			{"-6 route add default dev v0", "-6 route del default dev v0", "::/0"},
			{"rule add from 10.0.0.9 table 9 pref 9", "rule del pref 9", "rule"},
		} {
			for !saw(c.want) && ctx.Err() == nil { // the subscription may not be there yet
				_ = exec.Command("ip", strings.Fields(c.add)...).Run()
				_ = exec.Command("ip", strings.Fields(c.del)...).Run()
				time.Sleep(10 * time.Millisecond)
			}
			if !saw(c.want) {
				t.Errorf("not reported: %s", c.want)
			}
		}
	})
	iproute.Watch(ctx, time.Second, func(l iproute.Loss) {
		mu.Lock()
		defer mu.Unlock()
		if l.Rule {
			seen = append(seen, "rule")
		} else {
			seen = append(seen, l.Dst.String())
		}
	}, func(err error) { t.Error(err) })
	wg.Wait()
}
