package lab_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// node is a host that runs keepsql.
type node struct {
	*network
	host string
	dir  string // its files: conf/keepsql.cnf, log, data/, etc/
	bin  string
	proc *process
}

// The script of a node's first process. It stays when keepsql has ended, so that what keepsql left behind can be seen.
const nodeScript = `
set -e
mount -t tmpfs none /run
mount -t tmpfs none /tmp
mount -t tmpfs none /var/lib
mkdir /var/lib/proxysql
mount --bind "$1/data" /var/lib/proxysql
mount --bind "$1/etc" /etc/keepalived
set +e
"$2" run -c "$1/conf/keepsql.cnf"
echo "keepsql ended: $?"
exec sleep 600
`

// checkScript is what people have as their check: the proxy is in the process table.
const checkScript = "#!/bin/sh\npidof proxysql >/dev/null\n"

// newNode prepares a host with the given configuration. program is copied, since nodes hide /tmp.
func newNode(t *testing.T, n *network, host, program, config string) *node {
	t.Helper()
	if _, err := os.Stat("/etc/keepalived"); err != nil {
		t.Skip("skipped, needs the directory /etc/keepalived to lay the node's own over (apt install keepalived)")
	}
	nd := &node{network: n, host: host, dir: filepath.Join(n.dir, host)}
	nd.bin = filepath.Join(nd.dir, "keepsql")
	for _, d := range []string{"conf", "data", "etc"} {
		if err := os.MkdirAll(filepath.Join(nd.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	nd.write(t, "keepsql", string(b))
	nd.write(t, "etc/check_service.sh", checkScript)
	nd.configure(t, config)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of %s ends with:\n%s", host, tail(nd.log(t), 6000))
		}
	})
	return nd
}

// write puts a file of the node in place at once, as editors and Ansible do.
func (n *node) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(n.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// configure replaces the configuration file.
func (n *node) configure(t *testing.T, text string) {
	t.Helper()
	n.write(t, "conf/keepsql.cnf", text)
}

// start runs keepsql and waits until its admin interface answers.
func (n *node) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	args := append(n.inside(n.host), "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
		"sh", "-c", nodeScript, "sh", n.dir, n.bin)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	n.proc = startProcess(t, cmd)
	within(t, patience, n.host+" answers on its admin port", func() error {
		_, err := n.tryAdmin("SELECT 1")
		return err
	})
}

// processes lists what runs of keepsql: the guardian, proxysql and keepalived, check scripts not counted.
func (n *node) processes() []descendant {
	bin, err := os.Stat(n.bin)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(descendants(n.proc.cmd.Process.Pid), func(d descendant) bool {
		exe, err := os.Stat(fmt.Sprintf("/proc/%d/exe", d.pid)) // its path is another in another mount namespace
		return err != nil || !os.SameFile(exe, bin)
	})
}

// pid gives the process of a name: "keepsql" for the guardian, "proxysql" for the engine, "keepalived".
func (n *node) pid(t *testing.T, name string) int {
	t.Helper()
	all := n.processes()
	i := slices.IndexFunc(all, func(d descendant) bool { return d.name == name })
	if i < 0 {
		t.Fatalf("%s runs no %s: %v", n.host, name, all)
	}
	return all[i].pid
}

// kill9 ends all processes of keepsql as a crash of the host would. They are frozen first: one that outlived another by a
// moment might still say goodbye.
func (n *node) kill9(t *testing.T) {
	t.Helper()
	all := n.processes()
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
		for _, d := range all {
			if err := syscall.Kill(d.pid, sig); err != nil {
				t.Errorf("kill %s (%d): %v", d.name, d.pid, err)
			}
		}
	}
}

// stop asks keepsql to end and waits until all of it has.
func (n *node) stop(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(n.pid(t, "keepsql"), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "stop of "+n.host, func() error {
		if all := n.processes(); len(all) > 0 {
			return fmt.Errorf("still there: %v", all)
		}
		return nil
	})
}

// off removes what is left of a node's processes, as switching the host off would; start switches it on.
func (n *node) off() { n.proc.kill() }

func (n *node) log(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(n.dir, "log"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// logged waits for a text in the node's log.
func (n *node) logged(t *testing.T, limit time.Duration, text string) {
	t.Helper()
	within(t, limit, fmt.Sprintf("log line %q on %s", text, n.host), func() error {
		if !strings.Contains(n.log(t), text) {
			return fmt.Errorf("not there")
		}
		return nil
	})
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
