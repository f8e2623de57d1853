package eventloop

import (
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptor is a non-blocking socket whose readiness a loop watches. One goroutine or Task may read while another writes; any
// may close it or set deadlines.
type Descriptor struct {
	fd   int
	gen  int32 // tells it from others that had the same number
	loop *loop
	uses atomic.Int32 // operations under way, and closedBit
	gone atomic.Bool  // the peer has closed its side, or the connection is broken

	read, write half
}

// closedBit marks a Descriptor that is closed; its file is closed with the last operation.
const closedBit = 1 << 30

// half is what concerns one direction.
type half struct {
	slot    atomic.Pointer[waiter] // who waits; &ready: nobody, and something has come
	expired atomic.Bool            // the deadline has passed

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	set   uint32 // times the deadline was set
}

// ready stands in a slot for an event that came when nobody waited.
var ready waiter

// Open takes over a non-blocking socket of which no other epoll instance knows, for one of the loops. Close closes it.
func (l *Loops) Open(fd int) (*Descriptor, error) {
	lp := l.loops[l.turn.Add(1)%uint32(len(l.loops))]
	d := &Descriptor{fd: fd, loop: lp, gen: int32(l.generation.Add(1))}
	if !l.table.put(fd, d) {
		return nil, fmt.Errorf("watch socket: file descriptor %d is too high", fd)
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(fd), Pad: d.gen}
	if err := unix.EpollCtl(lp.epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		l.table.remove(fd)
		return nil, fmt.Errorf("watch socket: %w", os.NewSyscallError("epoll_ctl", err))
	}
	return d, nil
}

// BeginRead starts an operation that reads: the descriptor's number stays valid until End. The error is net.ErrClosed or
// os.ErrDeadlineExceeded, and then there is nothing to end.
func (d *Descriptor) BeginRead() (fd int, err error) { return d.begin(&d.read) }

// BeginWrite is BeginRead for an operation that writes.
func (d *Descriptor) BeginWrite() (fd int, err error) { return d.begin(&d.write) }

// Begin is BeginRead for an operation that does neither.
func (d *Descriptor) Begin() (fd int, err error) {
	for {
		n := d.uses.Load()
		if n&closedBit != 0 {
			return 0, net.ErrClosed
		}
		if d.uses.CompareAndSwap(n, n+1) {
			return d.fd, nil
		}
	}
}

func (d *Descriptor) begin(h *half) (int, error) {
	fd, err := d.Begin()
	if err == nil && h.expired.Load() {
		d.End()
		return 0, os.ErrDeadlineExceeded
	}
	return fd, err
}

// HungUp reports whether the peer has closed its side, or the connection is broken, as far as the loop has seen. No event need
// come after that: a read finds out.
func (d *Descriptor) HungUp() bool { return d.gone.Load() }

// End ends an operation.
func (d *Descriptor) End() {
	if d.uses.Add(-1) == closedBit {
		d.destroy()
	}
}

// WaitRead waits, within an operation, until there may be something to read: after a read that had found nothing, or less than it
// had room for and the peer has not hung up. t is the Task it is called in, nil for none. Errors are net.ErrClosed and
// os.ErrDeadlineExceeded.
func (d *Descriptor) WaitRead(t *Task) error { return d.wait(&d.read, t) }

// WaitWrite is WaitRead for room to write.
func (d *Descriptor) WaitWrite(t *Task) error { return d.wait(&d.write, t) }

func (d *Descriptor) wait(h *half, t *Task) error {
	if err := d.mayWait(h); err != nil {
		return err
	}
	w := waiterOf(t)
	for !h.slot.CompareAndSwap(nil, w) {
		if h.slot.CompareAndSwap(&ready, nil) {
			return nil
		}
	}
	// whoever closes it, or lets the deadline pass, says so before looking for somebody to wake
	if err := d.mayWait(h); err != nil && h.slot.CompareAndSwap(w, nil) {
		return err
	}
	w.wait()
	return d.mayWait(h)
}

func waiterOf(t *Task) *waiter {
	if t != nil {
		return &t.self
	}
	return &waiter{ch: make(chan struct{}, 1)}
}

func (d *Descriptor) mayWait(h *half) error {
	switch {
	case d.uses.Load()&closedBit != 0:
		return net.ErrClosed
	case h.expired.Load():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// take takes whoever waits out of the slot. Where nobody does, the event is kept for whoever waits next.
func (h *half) take() *waiter {
	for {
		w := h.slot.Load()
		switch {
		case w == &ready:
			return nil
		case w == nil:
			if h.slot.CompareAndSwap(nil, &ready) {
				return nil
			}
		case h.slot.CompareAndSwap(w, nil):
			return w
		}
	}
}

// SetReadDeadline bounds reading; the zero time takes the bound away. A time in the past ends a wait under way.
func (d *Descriptor) SetReadDeadline(t time.Time) { d.read.setDeadline(t) }

// SetWriteDeadline is SetReadDeadline for writing.
func (d *Descriptor) SetWriteDeadline(t time.Time) { d.write.setDeadline(t) }

func (h *half) setDeadline(t time.Time) {
	h.mu.Lock()
	h.set++
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
	left := time.Until(t)
	past := !t.IsZero() && left <= 0
	h.expired.Store(past)
	if left > 0 {
		set := h.set
		h.timer = time.AfterFunc(left, func() { h.expire(set) })
	}
	h.mu.Unlock()
	if past {
		h.take().wakeElsewhere()
	}
}

func (h *half) expire(set uint32) {
	h.mu.Lock()
	current := h.set == set
	if current {
		h.expired.Store(true)
	}
	h.mu.Unlock()
	if current {
		h.take().wakeElsewhere()
	}
}

// Close closes the socket; waits at it end with net.ErrClosed. It may be called more than once.
func (d *Descriptor) Close() error {
	for {
		n := d.uses.Load()
		if n&closedBit != 0 {
			return net.ErrClosed
		}
		if d.uses.CompareAndSwap(n, n|closedBit+1) { // and one use more, this one
			break
		}
	}
	for _, h := range []*half{&d.read, &d.write} {
		h.setDeadline(time.Time{})
		h.take().wakeElsewhere()
	}
	d.End()
	return nil
}

func (d *Descriptor) destroy() {
	d.loop.set.table.remove(d.fd)
	unix.Close(d.fd)
}
