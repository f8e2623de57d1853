package realtime_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/vrrp/realtime"
)

// urgent counts the threads of this process with real-time priority.
func urgent(t *testing.T) (n int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		tid, _ := strconv.Atoi(task.Name())
		if policy(tid) == unix.SCHED_RR {
			n++
		}
	}
	return n
}

func policy(tid int) uint32 {
	a, err := unix.SchedGetAttr(tid, 0)
	if err != nil {
		return unix.SCHED_NORMAL // it has ended
	}
	return a.Policy
}

// TestEnter: one thread is urgent, and neither those it starts nor programs are.
func TestEnter(t *testing.T) {
	runtime.LockOSThread() // never unlocked: the thread ends with the test's goroutine
	err := realtime.Enter(1)
	if errors.Is(err, unix.EPERM) {
		t.Skip("skipped: this host allows no real-time priority")
	}
	if err != nil {
		t.Fatal(err)
	}
	if policy(0) != unix.SCHED_RR {
		t.Error("the thread is an ordinary one")
	}
	var hold, held [8]chan struct{}
	for i := range hold { // each needs a thread of its own
		hold[i], held[i] = make(chan struct{}), make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(held[i])
			<-hold[i]
		}()
		<-held[i]
		defer close(hold[i])
	}
	sleep := exec.Command("sleep", "10")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleep.Process.Kill(); _ = sleep.Wait() }()
	if n := urgent(t); n != 1 {
		t.Errorf("%d threads are urgent, want 1", n)
	}
	if p := policy(sleep.Process.Pid); p != unix.SCHED_NORMAL {
		t.Errorf("a program it started has policy %d", p)
	}
	if err := realtime.Enter(100); err == nil {
		t.Error("there is no priority 100")
	}
}

func TestNice(t *testing.T) {
	runtime.LockOSThread()
	if err := realtime.Nice(5); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil || n != 20-5 { // the system call's own form
		t.Errorf("%d %v", n, err)
	}
}
