package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// role names one of the children.
type role string

const (
	roleEngine role = "engine"
	roleVRRP   role = "vrrp"
)

// processName is what the process table shows: check scripts and people look for these.
var processName = map[role]string{roleEngine: "proxysql", roleVRRP: "keepalived"}

// child is one run of a child process.
type child struct {
	role    role
	cmd     *exec.Cmd
	link    *Link
	started time.Time
	ready   bool
	exit    error // of the process; set before exited is closed
	exited  chan struct{}
}

// childEvent is what the guardian's loop hears of a child.
type childEvent struct {
	child   *child
	message *Message // nil: the link was closed, the process is gone or as good as gone
}

// startChild runs the program again in a role, named by the first of args. Its messages go to events, the last of which
// is the death notice; done is closed when the guardian stops listening. dress gives it its rights.
func startChild(exe string, r role, args []string, events chan<- childEvent, done <-chan struct{}, s *servant, theirServant *os.File, dress func(*exec.Cmd)) (*child, error) {
	defer theirServant.Close()
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, errors.Join(err, s.conn.Close())
	}
	defer theirs.Close()
	cmd := exec.Command(exe, args...)
	cmd.Args[0] = processName[r]
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{theirs, theirServant}
	// A process group of its own: Ctrl-C is for the guardian, which stops the children in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dress(cmd)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", r, err), ours.Close(), s.conn.Close())
	}
	s.pid.Store(int64(cmd.Process.Pid))
	go s.serve() // ends with the process
	c := &child{role: r, cmd: cmd, link: ours, started: time.Now(), exited: make(chan struct{})}
	go func() {
		defer close(c.exited)
		c.exit = cmd.Wait()
	}()
	go c.listen(events, done)
	return c, nil
}

// listen forwards messages until the link ends.
func (c *child) listen(events chan<- childEvent, done <-chan struct{}) {
	for {
		m, err := c.link.Receive()
		e := childEvent{child: c}
		if err == nil {
			e.message = &m
		}
		select {
		case events <- e:
		case <-done:
			return
		}
		if err != nil {
			return
		}
	}
}

// stop ends the process: closing the link asks it to stop cleanly, and if it has not within
// the patience it is killed. It returns when the process is gone.
func (c *child) stop(patience time.Duration) {
	_ = c.link.Close() // it may be closed already
	select {
	case <-c.exited:
		return
	case <-time.After(patience):
	}
	_ = c.cmd.Process.Kill() // it may have ended just now
	<-c.exited
}

// backoff is how long to wait before a child is started again.
type backoff struct{ next time.Duration }

// Limits of the waiting time; a run that lasted forgives what was before.
const (
	backoffMin  = 50 * time.Millisecond
	backoffMax  = 10 * time.Second
	backoffGood = 10 * time.Second
)

// after gives the waiting time after a run of the given length.
func (b *backoff) after(run time.Duration) time.Duration {
	if run >= backoffGood {
		b.next = 0
	}
	d := max(b.next, backoffMin)
	b.next = min(2*d, backoffMax)
	return d
}
