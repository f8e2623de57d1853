package proxy

import (
	"context"
	"testing"
	"time"
)

func TestLifetime(t *testing.T) {
	ended := func(ctx context.Context) bool {
		select {
		case <-ctx.Done():
			return ctx.Err() != nil
		case <-time.After(10 * time.Second):
			return false
		}
	}
	type state struct{ before, after, child bool }
	f := func(name string, end func(l *lifetime, parent context.CancelFunc), waitFirst bool) {
		t.Helper()
		parent, cancel := context.WithCancel(context.Background())
		defer cancel()
		l := &lifetime{parent: parent}
		var got state
		got.before = l.Err() != nil
		child := context.Context(l)
		if waitFirst {
			c, stop := context.WithTimeout(l, time.Hour)
			defer stop()
			child = c
		}
		end(l, cancel)
		got.after, got.child = ended(l), ended(child)
		if want := (state{after: true, child: true}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	own := func(l *lifetime, _ context.CancelFunc) { l.end(); l.end() }
	above := func(_ *lifetime, cancel context.CancelFunc) { cancel() }
	f("ended before anybody waits", own, false)
	f("ended while somebody waits", own, true)
	f("parent ended before anybody waits", above, false)
	f("parent ended while somebody waits", above, true)
}

func TestLifetimeAllocatesNothing(t *testing.T) {
	l := &lifetime{parent: t.Context()}
	if n := testing.AllocsPerRun(1000, func() {
		if l.Err() != nil {
			t.Fatal("ended")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
