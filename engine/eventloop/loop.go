package eventloop

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop is one epoll instance and whoever runs it. It has one driver at a time; the patrol appoints another where one is stuck.
type loop struct {
	set  *Loops
	epfd int
	bell int // an eventfd that ends a wait

	turn atomic.Uint64 // number of the driver, of the Task it runs, and whether it runs one; see below

	// What follows is the driver's.
	events [128]unix.EpollEvent
	at, n  int  // events not handled yet
	rang   bool // a goroutine was woken, which can run where the loop does
}

// parts of loop.turn.
const (
	busy       = uint64(1)
	nextTask   = uint64(2)
	nextDriver = uint64(1) << 40
	turns      = nextDriver - nextTask
)

func newLoop(set *Loops) (*loop, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epfd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	l := &loop{set: set, epfd: epfd, bell: bell}
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(bell)}
	if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, bell, &ev); err != nil {
		unix.Close(epfd)
		unix.Close(bell)
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return l, nil
}

// interrupt ends a wait for events, for good.
func (l *loop) interrupt() {
	one := [8]byte{1}
	_, _ = unix.Write(l.bell, one[:]) // it cannot be full
}

// drive handles events until the Loops are closed, or another driver has taken over.
func (l *loop) drive(driver uint64) {
	idle := 0
	for !l.set.stopping() {
		for l.at < l.n {
			ev := l.events[l.at]
			l.at++
			if !l.handle(driver, &ev) {
				return
			}
		}
		if l.rang {
			l.rang = false
			runtime.Gosched() // others are slow to take from a processor what it is about to run itself
		}
		l.at, l.n = 0, l.poll(idle)
		if idle++; l.n > 0 {
			idle = 0
		}
	}
}

// handle wakes whom an event is for. It is false where another driver has taken over meanwhile.
func (l *loop) handle(driver uint64, ev *unix.EpollEvent) bool {
	d := l.set.table.get(ev.Fd, ev.Pad)
	if d == nil {
		return true
	}
	if ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		d.gone.Store(true)
	}
	mine := ev.Events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) == 0 || l.wake(driver, d.read.take())
	switch {
	case ev.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) == 0:
	case mine:
		return l.wake(driver, d.write.take())
	default:
		d.write.take().wakeElsewhere()
	}
	return mine
}

// wake wakes a waiter and runs it if it is a Task.
func (l *loop) wake(driver uint64, w *waiter) bool {
	switch {
	case w == nil:
		return true
	case w.ch != nil:
		w.ch <- struct{}{}
		l.rang = true
		return true
	case !w.task.wake():
		return true
	}
	turn := l.turn.Load() + nextTask&turns | busy
	if turn/nextDriver != driver { // the count of Tasks has run over
		turn -= nextDriver
	}
	l.turn.Store(turn)
	if w.task.resume() == leaves {
		w.task.elsewhere()
	}
	return l.turn.CompareAndSwap(turn, turn&^busy)
}

// How a loop waits: for up to rawWait at a time it keeps its processor, and after rawWaits times without an event it gives it
// back. Waiting without giving it back costs ten wakings of the runtime's monitor in a second; giving it back costs as much as
// some hundred of them every time the loop is busy again.
const (
	rawWait  = 10 // ms
	rawWaits = 10
)

// poll waits for events.
func (l *loop) poll(idle int) int {
	var n int
	var e syscall.Errno
	if idle < rawWaits {
		n, e = rawEpollWait(l.epfd, l.events[:], rawWait)
	} else {
		l.set.doze()
		n, e = epollWait(l.epfd, l.events[:], -1)
		l.set.rouse()
	}
	if e != 0 { // EINTR: the runtime wants the processor for a moment
		return 0
	}
	return n
}

func rawEpollWait(epfd int, events []unix.EpollEvent, timeout int) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
		uintptr(len(events)), uintptr(timeout), 0, 0)
	return int(n), e
}

func epollWait(epfd int, events []unix.EpollEvent, timeout int) (int, syscall.Errno) {
	n, _, e := syscall.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
		uintptr(len(events)), uintptr(timeout), 0, 0)
	return int(n), e
}
