package lab_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// member is one host of a pair: a daemon that speaks VRRP, and a service on port 6033 that greets with the host's name.
type member interface {
	name() string
	ours() bool
	// up starts what does not run.
	up(t *testing.T)
	// serviceDies kills the service only; the daemon finds out. Where it comes back by itself revive does nothing.
	serviceDies(t *testing.T)
	revive(t *testing.T)
	// terminate asks for a clean end of daemon (and service, where they are one) and waits for it.
	terminate(t *testing.T)
	// crash kills all of it in one moment.
	crash(t *testing.T)
	// pids are the processes of the daemon.
	pids() []int
	// reload gives the daemon an edited configuration: another gratuitous ARP count, which changes nothing else.
	reload(t *testing.T, garps int)
}

// settings is what a pair agrees on.
type settings struct {
	v3        bool // version 3, adverts every 0.1 s; else version 2, every second
	nopreempt bool
}

// advert is the distance of adverts, master the time after which a silent master is replaced by a host of priority 90.
func (s settings) advert() time.Duration {
	if s.v3 {
		return 100 * time.Millisecond
	}
	return time.Second
}

func (s settings) skew() time.Duration { return (256 - 90) * s.advert() / 256 }

func (s settings) masterDown() time.Duration { return 3*s.advert() + s.skew() }

// vrrp is the part of the configuration that both kinds of hosts understand.
func (s settings) vrrp(host, script string, garps int) string {
	state, priority := "MASTER", 100
	if host == "node2" {
		state, priority = "BACKUP", 90
	}
	var more strings.Builder
	if s.nopreempt {
		state = "BACKUP"
		more.WriteString("    nopreempt\n")
	}
	if s.v3 {
		more.WriteString("    version 3\n    advert_int 0.1\n")
	} else {
		more.WriteString("    authentication {\n        auth_type PASS\n        auth_pass 1234\n    }\n")
	}
	return fmt.Sprintf(`vrrp_script chk_service {
    script "%s"
    interval 2
    weight -20
    fall 2
}

vrrp_instance VI_1 {
    state %s
    interface eth0
    virtual_router_id 51
    priority %d
    garp_master_repeat %d
%s    virtual_ipaddress {
        %s/24
    }
    track_script {
        chk_service
    }
}
`, script, state, priority, garps, more.String(), vip)
}

// keepsqlMember is a node of ours with a proxy that needs no database for its greeting.
type keepsqlMember struct {
	*node
	settings settings
	peers    bool // the other is ours too
}

const memberConfig = `datadir="/var/lib/proxysql"
admin_variables=
{
	admin_credentials="admin:admin;cluster_user:cluster_pass"
	mysql_ifaces="0.0.0.0:6032"
	cluster_username="cluster_user"
	cluster_password="cluster_pass"
}
mysql_variables=
{
	threads=2
	interfaces="0.0.0.0:6033"
	server_version="%s"
	monitor_enabled=false
}
%s
%s`

func newKeepsqlMember(t *testing.T, n *network, host, program string, s settings, peers bool) *keepsqlMember {
	m := &keepsqlMember{settings: s, peers: peers}
	m.node = newNode(t, n, host, program, "")
	m.reload(t, 5)
	return m
}

func (m *keepsqlMember) name() string { return m.host }
func (m *keepsqlMember) ours() bool   { return true }

func (m *keepsqlMember) reload(t *testing.T, garps int) {
	t.Helper()
	cluster := ""
	if m.peers {
		cluster = `proxysql_servers: ( { hostname="10.99.0.1"; port=6032 }, { hostname="10.99.0.2"; port=6032 } )`
	}
	m.configure(t, fmt.Sprintf(memberConfig, versionPrefix+m.host, cluster, m.settings.vrrp(m.host, "/etc/keepalived/check_service.sh", garps)))
}

func (m *keepsqlMember) up(t *testing.T) {
	t.Helper()
	if m.proc != nil {
		if len(m.processes()) > 0 {
			return
		}
		m.off()
	}
	m.start(t)
}

func (m *keepsqlMember) serviceDies(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(m.pid(t, "proxysql"), syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func (m *keepsqlMember) revive(*testing.T)      {}
func (m *keepsqlMember) terminate(t *testing.T) { m.stop(t) }
func (m *keepsqlMember) crash(t *testing.T)     { m.kill9(t) }

func (m *keepsqlMember) pids() (out []int) {
	for _, d := range m.processes() {
		out = append(out, d.pid)
	}
	return out
}

// command runs keepsql against the node.
func (m *keepsqlMember) command(args ...string) error {
	out, err := exec.Command(m.bin, append(args, "-D", m.dir+"/data")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("keepsql %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// keepalivedMember is a host with keepalived and a service of its own, which a check script looks after.
type keepalivedMember struct {
	*network
	host     string
	dir      string
	settings settings
	service  *process
	daemon   *process
}

func newKeepalivedMember(t *testing.T, n *network, host string, s settings) *keepalivedMember {
	t.Helper()
	if _, err := exec.LookPath("keepalived"); err != nil {
		t.Skip("skipped, needs the program keepalived (apt install keepalived)")
	}
	m := &keepalivedMember{network: n, host: host, dir: n.dir + "/" + host, settings: s}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m.write(t, "check.sh", fmt.Sprintf("#!/bin/sh\nkill -0 $(cat %s/service.pid) 2>/dev/null\n", m.dir))
	m.reload(t, 5)
	t.Cleanup(func() {
		if t.Failed() {
			b, _ := os.ReadFile(m.dir + "/log")
			t.Logf("log of %s ends with:\n%s", host, tail(string(b), 6000))
		}
	})
	return m
}

func (m *keepalivedMember) name() string { return m.host }
func (m *keepalivedMember) ours() bool   { return false }

func (m *keepalivedMember) write(t *testing.T, name, text string) {
	t.Helper()
	mode := os.FileMode(0o644) // keepalived reads no executable configuration
	if strings.HasSuffix(name, ".sh") {
		mode = 0o755
	}
	if err := os.WriteFile(m.dir+"/"+name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (m *keepalivedMember) up(t *testing.T) {
	t.Helper()
	m.revive(t)
	if len(m.pids()) > 0 {
		return
	}
	log, err := os.OpenFile(m.dir+"/log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	args := append(m.inside(m.host), "unshare", "--mount", "sh", "-c",
		"mount -t tmpfs none /run && mount -t tmpfs none /tmp && exec keepalived -n -l -D -f "+m.dir+"/keepalived.conf")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	m.daemon = startProcess(t, cmd)
}

func (m *keepalivedMember) serviceDies(*testing.T) {
	m.service.kill()
	m.service = nil
}

func (m *keepalivedMember) revive(t *testing.T) {
	t.Helper()
	if m.service != nil {
		return
	}
	args := append(m.inside(m.host), os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), labRole+"=serve", labArgument+"="+versionPrefix+m.host)
	cmd.Stderr = os.Stderr
	m.service = startProcess(t, cmd)
	m.write(t, "service.pid", fmt.Sprint(cmd.Process.Pid))
}

func (m *keepalivedMember) pids() (out []int) {
	if m.daemon == nil {
		return nil
	}
	main := m.daemon.cmd.Process.Pid
	for _, d := range append([]descendant{{pid: main}}, descendants(main)...) {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", d.pid)); err == nil && strings.HasSuffix(exe, "/keepalived") {
			out = append(out, d.pid)
		}
	}
	return out
}

func (m *keepalivedMember) terminate(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(m.daemon.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "stop of keepalived on "+m.host, func() error {
		if all := m.pids(); len(all) > 0 {
			return fmt.Errorf("still there: %v", all)
		}
		return nil
	})
}

// crash leaves the address behind, as keepalived does.
func (m *keepalivedMember) crash(t *testing.T) {
	all := m.pids()
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
		for _, pid := range all {
			if err := syscall.Kill(pid, sig); err != nil {
				t.Error(err)
			}
		}
	}
	m.serviceDies(t)
}

func (m *keepalivedMember) reload(t *testing.T, garps int) {
	t.Helper()
	m.write(t, "keepalived.conf", fmt.Sprintf("global_defs {\n    script_user root\n    router_id %s\n}\n", m.host)+
		m.settings.vrrp(m.host, m.dir+"/check.sh", garps))
	if m.daemon != nil && len(m.pids()) > 0 {
		if err := syscall.Kill(m.daemon.cmd.Process.Pid, syscall.SIGHUP); err != nil {
			t.Error(err)
		}
	}
}

// pair is two hosts that share the virtual IP, and a client that watches.
type pair struct {
	*network
	settings settings
	a, b     member // a has the higher priority
	probe    *probe
	arp      *observer
}

// kinds of pairs, by who is on node1 and who on node2.
var kinds = []string{"ours-ours", "ours-keepalived", "keepalived-ours"}

// newPair starts a pair of a kind and waits until node1 serves the client.
func newPair(t *testing.T, kind, program string, s settings) *pair {
	t.Helper()
	n := newNetwork(t, "node1", "node2", "client")
	p := &pair{network: n, settings: s}
	first, second, _ := strings.Cut(kind, "-")
	make1 := func(what, host string) member {
		if what == "ours" {
			return newKeepsqlMember(t, n, host, program, s, kind == "ours-ours")
		}
		return newKeepalivedMember(t, n, host, s)
	}
	p.a, p.b = make1(first, "node1"), make1(second, "node2")
	p.a.up(t)
	within(t, patience, "node1 takes the virtual IP", func() error {
		if !n.hasVIP("node1") {
			return fmt.Errorf("not there")
		}
		return nil
	})
	p.b.up(t)
	p.probe = &probe{}
	p.probe.process = onClient(t, n, p.probe.add, labRole+"=greet", labArgument+"="+vip+":6033")
	p.arp = startObserver(t, n, "node1", "node2")
	p.probe.settled(t, "node1", patience)
	return p
}

// link connects a host to the switch, or disconnects it.
func (n *network) link(t *testing.T, host, state string) {
	t.Helper()
	ip(t, "-n", n.ns("switch"), "link", "set", host, state)
}

// signal sends a signal to all processes of a daemon.
func signal(t *testing.T, pids []int, sig syscall.Signal) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil {
			t.Errorf("send %v to %d: %v", sig, pid, err)
		}
	}
}

// commandOutput runs a command on a host.
func commandOutput(inside []string, args ...string) (string, error) {
	all := append(inside, args...)
	out, err := exec.Command(all[0], all[1:]...).Output()
	return string(out), err
}
