package eventloop

import (
	"iter"
	"sync/atomic"
)

// Task is a coroutine. Its methods are for the code that runs in it; a nil Task is a goroutine that is none.
type Task struct {
	loops   *Loops
	next    func() (struct{}, bool)
	yield   func(struct{}) bool
	state   atomic.Uint32
	leaving bool // gave way to leave its loop, not to wait
	self    waiter
}

// states of a Task.
const (
	running uint32 = iota
	waiting        // its wait was entered, and whoever wakes it runs it
	woken          // what it is about to wait for has come
)

// outcome is why a Task stopped running.
type outcome byte

const (
	waits outcome = iota
	leaves
	ended
)

// Run begins f as a Task and returns when f has ended or waits for the first time. With nil Loops it is f(nil). Where f panics,
// so does whoever runs the Task: the process ends, as with a goroutine.
func (l *Loops) Run(f func(t *Task)) {
	if l == nil {
		f(nil)
		return
	}
	t := &Task{loops: l}
	t.self.task = t
	l.tasks.Add(1)
	t.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		f(t)
	})
	t.run()
}

// Leave takes the Task off its loop until it next waits at a Descriptor. It is called before anything that may block.
func (t *Task) Leave() {
	if t == nil {
		return
	}
	t.leaving = true
	t.yield(struct{}{})
}

// run runs a Task on a goroutine that is no loop.
func (t *Task) run() {
	for t.resume() == leaves { // it has left already
	}
}

// elsewhere runs a Task on a goroutine of its own.
func (t *Task) elsewhere() { go t.run() }

// resume runs a Task until it waits, leaves or ends. The caller has found it able to run.
func (t *Task) resume() outcome {
	for {
		if _, more := t.next(); !more {
			t.loops.tasks.Done()
			return ended
		}
		if t.leaving {
			t.leaving = false
			return leaves
		}
		if t.state.CompareAndSwap(running, waiting) {
			return waits
		}
		t.state.Store(running) // woken before it had stopped
	}
}

// wake ends the wait of a Task. It reports whether the caller has to run it; otherwise whoever runs it now goes on.
func (t *Task) wake() bool {
	for {
		if t.state.CompareAndSwap(waiting, running) {
			return true
		}
		if t.state.CompareAndSwap(running, woken) {
			return false
		}
	}
}

// waiter is who waits at a Descriptor: a Task, or a goroutine that receives from ch.
type waiter struct {
	task *Task
	ch   chan struct{}
}

// wakeElsewhere wakes a waiter from a goroutine that is no loop.
func (w *waiter) wakeElsewhere() {
	switch {
	case w == nil:
	case w.ch != nil:
		w.ch <- struct{}{}
	case w.task.wake():
		w.task.elsewhere()
	}
}

// wait stops until somebody wakes the waiter, which happens once.
func (w *waiter) wait() {
	if w.ch != nil {
		<-w.ch
		return
	}
	w.task.yield(struct{}{})
}
