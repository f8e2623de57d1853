package monitor

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// watcher looks after one server. Its goroutine ends with the context, or when stop is called.
type watcher struct {
	probe   probe
	stop    context.CancelFunc
	task    atomic.Pointer[task] // what to do from now on
	changed chan struct{}        // capacity 1: task is another
	fresh   atomic.Bool          // the account is another: connect anew
	hurried [checkKinds]atomic.Bool

	suspected time.Time // when clients last found it not to accept connections; of the goroutine that owns the watcher
}

// task is what a watcher does. It never changes.
type task struct {
	settings *settings
	readOnly []string // check_types to be asked for
	lag      bool
	galera   bool
	group    bool
	aurora   []verdict.Cluster // to be asked about
	missing  bool              // the server does not answer: only pings make sense
}

func (w *watcher) assign(t *task) {
	w.task.Store(t)
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// hurry makes a check due at once.
func (w *watcher) hurry(kind checkKind) {
	w.hurried[kind].Store(true)
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
	case t.missing, kind == readOnlyCheck && len(t.readOnly) == 0, kind == lagCheck && !t.lag,
		kind == galeraCheck && !t.galera, kind == groupCheck && !t.group, kind == auroraCheck && len(t.aurora) == 0:
		return 0
	case kind == auroraCheck:
		return t.aurora[0].Aurora.Interval
	}
	return d
}

// timeout is how long a check may take.
func (t *task) timeout(kind checkKind, check string) time.Duration {
	if kind != auroraCheck {
		return t.settings.checks[kind].timeout
	}
	for _, c := range t.aurora {
		if strconv.Itoa(c.Writer) == check {
			return c.Aurora.Timeout
		}
	}
	return t.aurora[0].Aurora.Timeout
}

// checks are what is asked for when a kind is due.
func (t *task) checks(kind checkKind) (out []string) {
	switch kind {
	case readOnlyCheck:
		return t.readOnly
	case auroraCheck:
		for _, c := range t.aurora {
			out = append(out, strconv.Itoa(c.Writer))
		}
		return out
	}
	return []string{""}
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
		for _, check := range t.checks(kind) {
			o := w.probe.run(ctx, kind, check, t)
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
		if w.hurried[k].Swap(false) {
			last[k] = time.Time{}
		}
		if d := t.interval(k); d > 0 && last[k].Add(d).Before(due) {
			kind, due = k, last[k].Add(d)
		}
	}
	return kind, due
}
