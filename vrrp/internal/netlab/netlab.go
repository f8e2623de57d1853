// Package netlab builds small networks for tests: hosts, each a network namespace with one
// interface eth0, on a common bridge.
//
//  1. New makes the namespace of the bridge, Host one more namespace and a cable to it;
//  2. Command runs a program on a host;
//  3. everything is removed when the test ends.
//
// It needs root and iproute2, and skips the test where they are missing, saying so. It
// refuses to know VRRP.
package netlab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Lab is one bridge and its hosts.
type Lab struct {
	t  testing.TB
	sw string // namespace of the bridge
	id string
}

// Host is one host.
type Host struct {
	lab  *Lab
	ns   string
	port string // its cable's end at the bridge
}

var serial atomic.Int32

// New makes an empty network.
func New(t testing.TB) *Lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped: network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("skipped: iproute2 is not installed")
	}
	l := &Lab{t: t, id: fmt.Sprintf("kv%d-%d", os.Getpid(), serial.Add(1))}
	l.sw = l.namespace("sw")
	l.ip("-n", l.sw, "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
	l.ip("-n", l.sw, "link", "set", "br0", "up")
	return l
}

// Host makes a host with an address such as "10.99.0.1/24" on eth0.
func (l *Lab) Host(name, cidr string) *Host {
	l.t.Helper()
	h := &Host{lab: l, ns: l.namespace(name), port: "p" + name}
	l.ip("-n", l.sw, "link", "add", h.port, "type", "veth", "peer", "name", "eth0", "netns", h.ns)
	l.ip("-n", l.sw, "link", "set", h.port, "master", "br0", "up")
	l.ip("-n", h.ns, "addr", "add", cidr, "dev", "eth0")
	l.ip("-n", h.ns, "link", "set", "lo", "up")
	l.ip("-n", h.ns, "link", "set", "eth0", "up")
	return h
}

func (l *Lab) namespace(name string) string {
	ns := l.id + name
	l.ip("netns", "add", ns)
	l.t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
	return ns
}

func (l *Lab) ip(args ...string) string {
	l.t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Command prepares a program that will run on the host.
func (h *Host) Command(argv ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.ns}, argv...)...)
}

// IP runs the ip command on the host and returns what it says.
func (h *Host) IP(args ...string) string {
	h.lab.t.Helper()
	return h.lab.ip(append([]string{"-n", h.ns}, args...)...)
}

// Has tells whether eth0 has an address.
func (h *Host) Has(addr string) bool {
	h.lab.t.Helper()
	return strings.Contains(h.IP("-o", "addr", "show", "dev", "eth0"), " "+addr+"/")
}

// Cable plugs or pulls the host's cable.
func (h *Host) Cable(plugged bool) {
	h.lab.t.Helper()
	state := "down"
	if plugged {
		state = "up"
	}
	h.lab.ip("-n", h.lab.sw, "link", "set", h.port, state)
}

// MAC is the hardware address of eth0.
func (h *Host) MAC() string {
	h.lab.t.Helper()
	f := strings.Fields(h.IP("-o", "link", "show", "dev", "eth0"))
	for i := range f {
		if f[i] == "link/ether" {
			return f[i+1]
		}
	}
	return ""
}

// Answerer is the hardware address that answers for an address, empty if none does.
func (h *Host) Answerer(addr string) string {
	h.lab.t.Helper()
	for range 3 { // the first question may get lost on a busy host
		h.IP("neigh", "flush", "dev", "eth0")
		_ = h.Command("ping", "-n", "-c", "1", "-W", "2", addr).Run()
		f := strings.Fields(h.IP("neigh", "show", addr))
		for i := range f {
			if f[i] == "lladdr" {
				return f[i+1]
			}
		}
	}
	return ""
}

// patience is how long something may take that only has to happen: far longer than a busy host stalls.
const patience = 30 * time.Second

// Eventually waits until cond holds and fails the test if it never does. It returns how long it took.
func Eventually(t testing.TB, what string, cond func() bool) time.Duration {
	t.Helper()
	return Within(t, patience, what, cond)
}

// Within is Eventually where the limit is what the test is about. It has to leave room for a busy host.
func Within(t testing.TB, limit time.Duration, what string, cond func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !cond() {
		if time.Since(start) > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(start)
}
