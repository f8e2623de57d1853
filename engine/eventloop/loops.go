package eventloop

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Loops are epoll loops that share their Tasks.
type Loops struct {
	loops      []*loop
	table      table
	turn       atomic.Uint32
	generation atomic.Uint32
	tasks      sync.WaitGroup
	drivers    sync.WaitGroup // goroutines that run loops, and the patrol
	stop       chan struct{}  // closed in the end
	stalls     atomic.Uint64
	awake      atomic.Int32  // loops that the patrol has to look at
	alarm      chan struct{} // that there are such again
}

// New starts n loops, at least one.
func New(n int) (*Loops, error) {
	l := &Loops{stop: make(chan struct{}), alarm: make(chan struct{}, 1)}
	for range max(n, 1) {
		lp, err := newLoop(l)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start event loop: %w", err), l.closeFiles())
		}
		l.loops = append(l.loops, lp)
	}
	addProcessors(len(l.loops))
	l.awake.Store(int32(len(l.loops)))
	for _, lp := range l.loops {
		l.drivers.Go(func() { lp.drive(0) })
	}
	l.drivers.Go(l.patrol)
	return l, nil
}

// Close waits for the Tasks to end and ends the loops. Descriptors that are still open are of no use afterwards but to be closed.
func (l *Loops) Close() error {
	if l == nil {
		return nil
	}
	l.tasks.Wait()
	close(l.stop)
	for _, lp := range l.loops {
		lp.interrupt()
	}
	l.drivers.Wait()
	addProcessors(-len(l.loops))
	return l.closeFiles()
}

func (l *Loops) closeFiles() error {
	var errs []error
	for _, lp := range l.loops {
		errs = append(errs, os.NewSyscallError("close", unix.Close(lp.epfd)), os.NewSyscallError("close", unix.Close(lp.bell)))
	}
	return errors.Join(errs...)
}

func (l *Loops) stopping() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// Stalls is how often a Task has kept its loop for too long, and the loop went on without it.
func (l *Loops) Stalls() uint64 {
	if l == nil {
		return 0
	}
	return l.stalls.Load()
}

// stall is how long a Task may run before its loop goes on without it; it takes up to twice as long to be noticed.
const stall = 20 * time.Millisecond

// doze and rouse tell the patrol that a loop begins and ends a wait which may be long.
func (l *Loops) doze() { l.awake.Add(-1) }

func (l *Loops) rouse() {
	if l.awake.Add(1) > 1 {
		return
	}
	select {
	case l.alarm <- struct{}{}:
	default: // the patrol has not seen the last one
	}
}

// patrol looks for loops whose Task does not come to an end. While all of them doze, so does it.
func (l *Loops) patrol() {
	t := time.NewTicker(stall)
	defer t.Stop()
	seen := make([]uint64, len(l.loops))
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
		}
		if l.awake.Load() == 0 {
			t.Stop()
			select {
			case <-l.stop:
				return
			case <-l.alarm:
			}
			t.Reset(stall)
			continue
		}
		for i, lp := range l.loops {
			now := lp.turn.Load()
			if now&busy != 0 && now == seen[i] && lp.turn.CompareAndSwap(now, now&^(turns|busy)+nextDriver) {
				l.stalls.Add(1)
				l.drivers.Go(func() { lp.drive(now/nextDriver + 1) })
			}
			seen[i] = now
		}
	}
}

// processors guards the number of processors, which is the whole process's.
var processors sync.Mutex

// addProcessors adds to what goroutines can run on at a time: a loop that waits keeps one.
func addProcessors(n int) {
	processors.Lock()
	defer processors.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
