package lab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/binary"
)

// TestMixedPair is TestSwitch for a pair whose other host runs a real keepalived beside its proxy: that waits its skew of
// 648 ms, as with its own kind. It runs where repeatVariable says how often.
func TestMixedPair(t *testing.T) {
	repeat, err := strconv.Atoi(os.Getenv(repeatVariable))
	if err != nil {
		t.Skipf("skipped: set %s to a number to measure a pair with keepalived", repeatVariable)
	}
	if _, err := exec.LookPath("keepalived"); err != nil {
		t.Skip("skipped: keepalived is not installed")
	}
	n := newNetwork(t, "node1", "node2", "db1", "db2", "db3", "client")
	program := binary.Path(t)
	dbs := startDatabases(t, n)
	proxy, virtual, _ := strings.Cut(seed(t, "node2.cnf"), "vrrp_script")
	node1 := newNode(t, n, "node1", program, seed(t, "node1.cnf"))
	node2 := newNode(t, n, "node2", program, proxy)
	s := &scenario{network: n, node1: node1, node2: node2, dbs: dbs}
	node2.start(t)
	_, virtual, _ = strings.Cut("vrrp_script"+virtual, "vrrp_instance") // without the check: its pidof would see all hosts
	virtual = "vrrp_instance" + strings.Replace(virtual, "track_script {\n        chk_service\n    }", "", 1)
	file := func(name string) string { return filepath.Join(node2.dir, "conf", name) }
	if err := os.WriteFile(file("keepalived.conf"), []byte(virtual), 0o644); err != nil { // it ignores one that is executable
		t.Fatal(err)
	}
	args := append(n.inside("node2"), "keepalived", "-n", "-l", "-D", "-f", file("keepalived.conf"),
		"-p", file("p"), "-r", file("r"), "-c", file("c"), "-b", file("b"))
	startProcess(t, exec.Command(args[0], args[1:]...))
	node1.start(t)
	within(t, 15*time.Second, "node1 takes the virtual IP", func() error { return s.owner("node1") })
	s.probe = startProbe(t, s.network, vip+":6033")
	s.probe.settled(t, "node1", 15*time.Second)
	for range repeat {
		s.event(t, "keepsql failover to keepalived", "node2", func() { s.node1.keepsql(t, "failover", "VI_1") })
		s.event(t, "keepsql failover --release", "node1", func() { s.node1.keepsql(t, "failover", "--release") })
	}
	for range repeat {
		s.event(t, "kill -9 of the engine, keepalived follows", "node2", func() { s.kill(t, "proxysql") })
		s.back(t, "the engine is back: node1 preempts keepalived")
	}
	for range repeat {
		s.event(t, "SIGTERM, keepalived follows", "node2", func() { s.node1.stop(t) })
		s.restart(t)
	}
	t.Log(report(s.outages))
	t.Log(summary(s.outages))
	s.limit(t, "keepsql failover to keepalived", 400*time.Millisecond)
	s.limit(t, "SIGTERM, keepalived follows", 400*time.Millisecond)
	s.limit(t, "kill -9 of the engine, keepalived follows", 1200*time.Millisecond)
}
