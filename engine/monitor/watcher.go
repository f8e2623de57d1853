package monitor

import (
	"context"
	"sync/atomic"
	"time"
)

// watcher looks after one server. Its goroutine ends with the context, or when stop is called.
type watcher struct {
	probe   probe
	stop    context.CancelFunc
	task    atomic.Pointer[task] // what to do from now on
	changed chan struct{}        // capacity 1: task is another
	fresh   atomic.Bool          // the account is another: connect anew
}

// task is what a watcher does. It never changes.
type task struct {
	settings *settings
	readOnly []string // check_types to be asked for
	lag      bool
	missing  bool // the server does not answer: only pings make sense
}

func (w *watcher) assign(t *task) {
	w.task.Store(t)
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// missingPing is how often a server that does not answer is pinged, so that its return is seen soon.
const missingPing = 2 * time.Second

// interval is the pause between two checks of a kind; 0 for no checks.
func (t *task) interval(kind checkKind) time.Duration {
	d := t.settings.checks[kind].interval
	switch {
	case kind == pingCheck && t.missing:
		return min(d, missingPing)
	case kind == pingCheck:
		return d
	case t.missing, kind == readOnlyCheck && len(t.readOnly) == 0, kind == lagCheck && !t.lag:
		return 0
	}
	return d
}

// run makes each check when it is due, one at a time, until ctx ends.
func (w *watcher) run(ctx context.Context, report func(outcome)) {
	defer w.probe.close()
	var last [checkKinds]time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		kind, due := w.next(&last)
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-w.changed:
				continue
			case <-timer.C:
			}
		}
		t := w.task.Load()
		last[kind] = time.Now()
		if w.fresh.Swap(false) {
			w.probe.close()
		}
		checks := []string{""}
		if kind == readOnlyCheck {
			checks = t.readOnly
		}
		for _, check := range checks {
			o := w.probe.run(ctx, kind, check, t.settings)
			if ctx.Err() != nil {
				return
			}
			report(o)
		}
	}
}

// next is the check that is due first. A ping comes before others that are due too: they may make no sense after it.
func (w *watcher) next(last *[checkKinds]time.Time) (kind checkKind, due time.Time) {
	t := w.task.Load()
	kind, due = pingCheck, last[pingCheck].Add(t.interval(pingCheck))
	if !due.After(time.Now()) {
		return kind, due
	}
	for k := range checkKinds {
		if d := t.interval(k); d > 0 && last[k].Add(d).Before(due) {
			kind, due = k, last[k].Add(d)
		}
	}
	return kind, due
}
