package script

import (
	"sync"
	"time"
)

// Queue runs commands one after the other, so that their effects come in the order of the
// changes they follow. keepalived starts them all at once.
type Queue struct {
	Launcher Launcher // nil: Local
	// Limit is how long one command may hold up the next. After that it goes on by itself.
	Limit time.Duration
	// Failed is told about a command that could not be run or did not end with status 0.
	Failed func(Command, error)

	mu      sync.Mutex // guards what follows
	pending []Command
	running bool
	idle    chan struct{} // closed when nothing runs any more; nil before the first Add
}

// Add appends commands. It never waits.
func (q *Queue) Add(commands ...Command) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = append(q.pending, commands...)
	if len(q.pending) > 0 && !q.running {
		q.running, q.idle = true, make(chan struct{})
		go q.drain(q.idle) // ends when nothing is pending; see Wait
	}
}

// Wait waits until everything added has ended, but not longer than limit. It tells whether
// nothing is left. Commands that are left go on by themselves.
func (q *Queue) Wait(limit time.Duration) bool {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return true
	}
	select {
	case <-idle:
		return true
	case <-time.After(limit):
		return false
	}
}

func (q *Queue) drain(idle chan struct{}) {
	defer close(idle)
	for {
		q.mu.Lock()
		if len(q.pending) == 0 {
			q.running = false
			q.mu.Unlock()
			return
		}
		c := q.pending[0]
		q.pending = q.pending[1:]
		q.mu.Unlock()
		q.run(c)
	}
}

// run runs one command until it ends or the limit is over. A command that is left behind
// survives us: what it has begun should be finished.
func (q *Queue) run(c Command) {
	p, err := orLocal(q.Launcher).Launch(c, false)
	if err != nil {
		q.Failed(c, err)
		return
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := p.Wait().failure(); err != nil {
			q.Failed(c, err)
		}
	}()
	select {
	case <-ended:
	case <-time.After(q.Limit):
	}
}
