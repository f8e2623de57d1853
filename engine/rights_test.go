package engine_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// procStatus is what /proc says of a process's user and capabilities.
func procStatus(t *testing.T, pid int) map[string]string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "Uid", "CapPrm", "CapEff", "CapAmb":
			out[name] = strings.Fields(value)[0]
		}
	}
	return out
}

func contents(name string) string {
	b, _ := os.ReadFile(name)
	return string(b)
}

// guarded is a tree whose data directory its user can reach, with a virtual router that uses
// everything the vrrp process may not do itself.
func guarded(t *testing.T, user string) *tree {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped: it takes root to give rights up")
	}
	tr := seedling(t)
	tr.netns = true
	if err := os.Chmod(filepath.Dir(tr.dir), 0o755); err != nil {
		t.Fatal(err)
	}
	private := filepath.Join(tr.dir, "private")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", private)
	for name, text := range map[string]string{
		"check.sh": "#!/bin/sh\nid -u > " + private + "/checked\n", "notify.sh": "#!/bin/sh\necho \"$@\" >> " + private + "/notified\n",
		"number": "7\n",
	} {
		if err := os.WriteFile(filepath.Join(private, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tr.edit(tr.config(user + `
execute_on_exit_failure="echo failed >> ` + private + `/failures"
mysql_users=( { username="app" password="p" } )
global_defs {
	script_user root
	startup_script "` + private + `/notify.sh startup"
	shutdown_script "` + private + `/notify.sh shutdown"
	vrrp_notify_fifo ` + private + `/fifo
}
vrrp_script chk {
	script ` + private + `/check.sh
	interval 1
	weight 5
}
track_file number {
	file ` + private + `/number
}
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	version 3
	advert_int 0.1
	priority 100
	track_script {
		chk
	}
	track_file {
		number
	}
	notify ` + private + `/notify.sh
	virtual_ipaddress {
		10.99.0.20/24
	}
}
`))
	t.Cleanup(func() { tr.stop() })
	tr.run()
	return tr
}

// TestRights: the engine runs as its user, the vrrp process with two capabilities; what they need
// of the guardian's rights they have done by it.
func TestRights(t *testing.T) {
	tr := guarded(t, `user="nobody"`)
	private := filepath.Join(tr.dir, "private")
	var pid int
	tr.wait("the vrrp process", func() bool { pid = tr.status().Children["vrrp"].PID; return tr.status().Children["vrrp"].Ready })
	want := map[string]string{"Uid": "65534", "CapPrm": "0000000000003000", "CapEff": "0000000000003000", "CapAmb": "0000000000003000"}
	if diff := cmp.Diff(want, procStatus(t, pid)); diff != "" {
		t.Errorf("the vrrp process (-want +got):\n%s", diff)
	}
	engine := tr.status().Children["engine"].PID
	want = map[string]string{"Uid": "65534", "CapPrm": "0000000000000400", "CapEff": "0000000000000400", "CapAmb": "0000000000000400"}
	if diff := cmp.Diff(want, procStatus(t, engine)); diff != "" {
		t.Errorf("the engine (-want +got):\n%s", diff)
	}

	tr.wait("the virtual router to be master", func() bool {
		return strings.Contains(contents(filepath.Join(private, "notified")), "INSTANCE VI_1 MASTER 112") // 100 + 5 + 7
	})
	tr.wait("the check to run as root", func() bool { return contents(filepath.Join(private, "checked")) == "0\n" }) // now and then it is being written
	if info, err := os.Stat(filepath.Join(private, "fifo")); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("no pipe: %v", err)
	}
	fifo, err := os.OpenFile(filepath.Join(private, "fifo"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	var piped strings.Builder
	tr.wait("the pipe to tell of the master", func() bool {
		b := make([]byte, 4096)
		n, _ := fifo.Read(b)
		piped.Write(b[:max(n, 0)])
		return strings.Contains(piped.String(), `INSTANCE "VI_1" MASTER 112`)
	})
	_ = syscall.Kill(pid, syscall.SIGUSR1)
	tr.wait("a dump", func() bool {
		return strings.Contains(contents(filepath.Join(private, "keepalived.data")), "VRRP Instance = VI_1")
	})

	// One thread of it comes before all others, without any capability for that.
	if n := urgentThreads(t, pid); n != 1 && urgentAllowed() {
		t.Errorf("%d threads of the vrrp process have real-time priority, want 1", n)
	}

	// The config file is root's alone, as before; the engine has it read.
	if got := tr.query("LOAD MYSQL USERS FROM CONFIG"); strings.Contains(got, "error") {
		t.Errorf("LOAD … FROM CONFIG: %s", got)
	}
	if got := tr.query("SELECT username FROM mysql_users"); !strings.Contains(got, "app") {
		t.Errorf("users from the config file: %q", got)
	}
	if err := syscall.Kill(engine, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tr.wait("another engine", func() bool { e := tr.status().Children["engine"]; return e.Ready && e.PID != engine })
	if got := procStatus(t, tr.status().Children["engine"].PID)["Uid"]; got != "65534" {
		t.Errorf("the next engine runs as user %s", got)
	}
	tr.wait("execute_on_exit_failure", func() bool { return contents(filepath.Join(private, "failures")) == "failed\n" })
	began := time.Now()
	tr.stop()
	took := time.Since(began)
	notified := func() string { return contents(filepath.Join(private, "notified")) }
	tr.wait("the notifications of the stop", func() bool {
		return strings.Contains(notified(), "INSTANCE VI_1 STOP 112\n") && strings.Contains(notified(), "shutdown\n")
	})
	// Notify commands that take longer than a second go on by themselves, while the shutdown script is run.
	if got := notified(); !strings.HasPrefix(got, "startup\n") || took < time.Second && !strings.HasSuffix(got, "INSTANCE VI_1 STOP 112\nshutdown\n") {
		t.Errorf("notified, while the stop took %v:\n%s", took, got)
	}
	if _, err := os.Stat(filepath.Join(private, "fifo")); err == nil {
		t.Error("the pipe is left behind")
	}
}

// TestRightsOfRoot: where root is asked for, or nobody else can be, the engine stays what it was;
// the vrrp process does not.
func TestRightsOfRoot(t *testing.T) {
	tr := guarded(t, `user="no-such-user"`)
	tr.wait("the vrrp process", func() bool { return tr.status().Children["vrrp"].Ready })
	if got := procStatus(t, tr.status().Children["engine"].PID)["Uid"]; got != "0" {
		t.Errorf("the engine runs as user %s", got)
	}
	if got := procStatus(t, tr.status().Children["vrrp"].PID)["CapEff"]; got != "0000000000003000" {
		t.Errorf("the vrrp process has capabilities %s", got)
	}
}

// urgentThreads counts the threads of a process with real-time priority.
func urgentThreads(t *testing.T, pid int) (n int) {
	t.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		tid, _ := strconv.Atoi(task.Name())
		if a, err := unix.SchedGetAttr(tid, 0); err == nil && a.Policy == unix.SCHED_RR {
			n++
		}
	}
	return n
}

// urgentAllowed tells whether this host lets anybody have real-time priority.
func urgentAllowed() bool {
	sleep := exec.Command("sleep", "10")
	if sleep.Start() != nil {
		return false
	}
	defer func() { _ = sleep.Process.Kill(); _ = sleep.Wait() }()
	return unix.SchedSetAttr(sleep.Process.Pid, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}, 0) == nil
}
