package lab_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// Hosts of the lab and their addresses.
var addresses = map[string]string{
	"node1": "10.99.0.1", "node2": "10.99.0.2", "client": "10.99.0.9",
	"db1": "10.99.0.11", "db2": "10.99.0.12", "db3": "10.99.0.13",
}

const vip = "10.99.0.20"

// network is a bridge and the hosts on it. Several may exist side by side.
type network struct {
	prefix string // of namespace names
	dir    string // for the files of the hosts; not below /tmp, which nodes hide
}

// networks counts those of this process.
var networks atomic.Int32

// namePrefix starts the names of all namespaces of all labs; the process id follows.
const namePrefix = "keepsql-lab-"

// newNetwork makes the bridge and the namespaces of the named hosts, for the length of the test.
func newNetwork(t *testing.T, hosts ...string) *network {
	t.Helper()
	needRoot(t)
	removeLeftovers(t)
	n := &network{prefix: fmt.Sprintf("%s%d-%d-", namePrefix, os.Getpid(), networks.Add(1))}
	var err error
	if n.dir, err = os.MkdirTemp("/var/tmp", "keepsql-lab-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, h := range append([]string{"switch"}, hosts...) {
			if out, err := exec.Command("ip", "netns", "delete", n.ns(h)).CombinedOutput(); err != nil && !t.Failed() {
				t.Errorf("delete namespace %s: %v: %s", h, err, out)
			}
		}
		if err := os.RemoveAll(n.dir); err != nil {
			t.Errorf("remove directory of the lab: %v", err)
		}
	})
	ip(t, "netns", "add", n.ns("switch"))
	ip(t, "-n", n.ns("switch"), "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0")
	ip(t, "-n", n.ns("switch"), "link", "set", "br0", "up")
	for _, h := range hosts {
		n.connect(t, h)
	}
	return n
}

// connect adds a host.
func (n *network) connect(t *testing.T, host string) {
	t.Helper()
	ns, sw := n.ns(host), n.ns("switch")
	ip(t, "netns", "add", ns)
	ip(t, "-n", ns, "link", "add", "eth0", "type", "veth", "peer", "name", host, "netns", sw)
	ip(t, "-n", sw, "link", "set", host, "master", "br0", "up")
	ip(t, "-n", ns, "link", "set", "lo", "up")
	ip(t, "-n", ns, "addr", "add", addresses[host]+"/24", "dev", "eth0")
	ip(t, "-n", ns, "link", "set", "eth0", "up")
}

// ns is the name of a host's namespace.
func (n *network) ns(host string) string { return n.prefix + host }

// inside is the beginning of a command that runs on a host.
func (n *network) inside(host string) []string { return []string{"ip", "netns", "exec", n.ns(host)} }

// hasVIP tells whether a host holds the virtual IP.
func (n *network) hasVIP(host string) bool {
	out, err := exec.Command("ip", "-n", n.ns(host), "-4", "-o", "addr", "show", "dev", "eth0").Output()
	return err == nil && strings.Contains(string(out), " "+vip+"/")
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped, needs root: network namespaces for two hosts, three databases and a client")
	}
	for program, pkg := range map[string]string{"ip": "iproute2", "unshare": "util-linux", "mysql": "mariadb-client"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("skipped, needs the program %s (apt install %s)", program, pkg)
		}
	}
}

// removeLeftovers deletes the namespaces of runs that were killed before they could.
func removeLeftovers(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob("/run/netns/" + namePrefix + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		name = filepath.Base(name)
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, namePrefix), "-")
		if n, err := strconv.Atoi(pid); err != nil || alive(n) {
			continue
		}
		if out, err := exec.Command("ip", "netns", "delete", name).CombinedOutput(); err != nil {
			t.Logf("delete namespace %s of an earlier run: %v: %s", name, err, out)
		}
	}
}

func alive(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err == nil
}
