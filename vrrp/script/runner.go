package script

import (
	"context"
	"syscall"
	"time"
)

// Runner runs one check until its context ends.
type Runner struct {
	Launcher Launcher // nil: Local
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
				p.Signal(syscall.SIGKILL)
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
	Process
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

// start starts a run; nil if it could not, which is reported.
func (r *Runner) start(done chan<- Result) *process {
	p, err := orLocal(r.Launcher).Launch(r.Command, true)
	if err != nil {
		r.Report(Result{Kind: NotRun, Err: err})
		return nil
	}
	go func() { done <- p.Wait() }() // joined by the receive from done
	return &process{Process: p, timer: time.NewTimer(r.Timeout)}
}

// expire ends a run that took too long: first politely, then for good.
func (r *Runner) expire(p *process) {
	if p.timedOut {
		p.Signal(syscall.SIGKILL)
		return
	}
	p.timedOut = true
	p.Signal(syscall.SIGTERM)
	p.timer.Reset(r.KillAfter)
	r.Report(Result{Kind: TimedOut})
}
