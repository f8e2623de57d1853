package script

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
	"time"
)

// Runner runs one check until its context ends.
type Runner struct {
	Command  Command
	Interval time.Duration // from start to start
	Timeout  time.Duration
	// KillAfter is how long a run that was told to end may take before it is killed.
	KillAfter time.Duration
	// Report receives every result, from the goroutine of Run.
	Report func(Result)
	// Skipped is told that a run was due while the last one is still there; ending says that
	// it has been told to end.
	Skipped func(ending bool)
}

// Run starts the first check at once and returns when ctx has ended and no process is left.
func (r *Runner) Run(ctx context.Context) {
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	done := make(chan Result, 1)
	p := r.start(done)
	for {
		select {
		case <-ctx.Done():
			if p != nil {
				p.kill(syscall.SIGKILL)
				select { // a process in an uninterruptible call must not hold us up
				case <-done:
				case <-time.After(r.KillAfter):
				}
			}
			return
		case <-tick.C:
			if p != nil {
				r.Skipped(p.timedOut)
				continue
			}
			p = r.start(done)
		case res := <-done:
			p.timer.Stop()
			if !p.timedOut {
				r.Report(res)
			}
			p = nil
		case <-p.expired():
			r.expire(p)
		}
	}
}

// process is one run.
type process struct {
	cmd      *exec.Cmd
	timer    *time.Timer // first the timeout, then KillAfter
	timedOut bool
}

// expired is nil, and so never ready, while nothing runs.
func (p *process) expired() <-chan time.Time {
	if p == nil {
		return nil
	}
	return p.timer.C
}

// kill signals the whole process group; a script may have children.
func (p *process) kill(sig syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, sig) }

// start starts a run; nil if it could not, which is reported.
func (r *Runner) start(done chan<- Result) *process {
	cmd, err := r.Command.start(func(c *exec.Cmd) { c.SysProcAttr.Pdeathsig = syscall.SIGTERM })
	if err != nil {
		r.Report(Result{Kind: NotRun, Err: err})
		return nil
	}
	go func() { // joined by the receive from done
		err := cmd.Wait()
		if cmd.ProcessState == nil {
			done <- Result{Kind: NotRun, Err: errors.Join(errors.New("wait for it"), err)}
			return
		}
		done <- resultOf(cmd.ProcessState)
	}()
	return &process{cmd: cmd, timer: time.NewTimer(r.Timeout)}
}

// expire ends a run that took too long: first politely, then for good.
func (r *Runner) expire(p *process) {
	if p.timedOut {
		p.kill(syscall.SIGKILL)
		return
	}
	p.timedOut = true
	p.kill(syscall.SIGTERM)
	p.timer.Reset(r.KillAfter)
	r.Report(Result{Kind: TimedOut})
}
