package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// logName is the node's log, in the directory of the demonstration.
const logName = "keepsql.log"

// stopPatience is how long the node may take to stop before it is killed.
const stopPatience = 10 * time.Second

// node is the child process. done is closed when it has ended; exit is set before that.
type node struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	exit error
}

// startNode runs exe in a process group of its own, so that Ctrl-C reaches it only through us; it does not outlive us
// either way. The goroutine that waits for it keeps its thread, to which the kernel ties the death signal.
func startNode(exe, dir string, args ...string) (*node, error) {
	n := &node{cmd: exec.Command(exe, args...), log: filepath.Join(dir, logName), done: make(chan struct{})}
	log, err := os.Create(n.log)
	if err != nil {
		return nil, fmt.Errorf("create log: %w", err)
	}
	defer log.Close()
	n.cmd.Dir, n.cmd.Stdout, n.cmd.Stderr = dir, log, log
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(n.done)
		err := n.cmd.Start()
		started <- err
		if err == nil {
			n.exit = n.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", exe, err)
	}
	return n, nil
}

func (n *node) pid() int { return n.cmd.Process.Pid }

// wait returns when ctx ends, or with an error when the node does.
func (n *node) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.done:
		return fmt.Errorf("the node ended by itself: %v; its log ends with:\n%s", n.exit, n.logTail())
	}
}

// stop ends the node and joins it.
func (n *node) stop() error {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-n.done:
		return nil
	case <-time.After(stopPatience):
	}
	_ = n.cmd.Process.Kill()
	<-n.done
	return fmt.Errorf("the node did not stop within %v and was killed", stopPatience)
}

// logTail is the last part of the node's log.
func (n *node) logTail() string {
	b, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}
