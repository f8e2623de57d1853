package lab_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a child that does not outlive the test binary, in whatever way that ends.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// startProcess starts cmd. The goroutine that waits for it keeps its thread, to which the kernel ties the death signal.
func startProcess(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %v: %v", cmd.Args, err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process and joins it.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// descendant is a process below another.
type descendant struct {
	pid  int
	name string // as the process table shows it
}

// descendants lists the processes below pid, parents first.
func descendants(pid int) []descendant {
	children := map[int][]descendant{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if name, parent, ok := stat(n); ok {
			children[parent] = append(children[parent], descendant{n, name})
		}
	}
	var all []descendant
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		all = append(all, children[todo[0]]...)
		for _, c := range children[todo[0]] {
			todo = append(todo, c.pid)
		}
	}
	return all
}

// stat reads name and parent of a process that runs.
func stat(pid int) (name string, parent int, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, false
	}
	text := string(b)
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	if slices.Contains([]string{"Z", "X"}, fields[0]) {
		return "", 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return text[open+1 : end], parent, err == nil
}

// patience is how long something may take that only has to happen: far longer than a busy host stalls.
const patience = time.Minute

// within fails the test when f still gives an error at the limit. It returns how long it took.
func within(t *testing.T, limit time.Duration, what string, f func() error) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		err := f()
		took := time.Since(start)
		if err == nil {
			return took
		}
		if took > limit {
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
