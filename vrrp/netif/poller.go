package netif

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Poller is what one thread waits with: for packets, for a moment, and for a call from another
// goroutine. It does not go through the runtime's own poller, whose threads are ordinary ones:
// a thread with real-time priority that waited there would wait for them too.
type Poller struct {
	ep, timer, wake int
	sockets         map[int32]*Socket
	events          [64]unix.EpollEvent
	armed           time.Time // what the timer is set to; zero: it is off
	one, count      [8]byte   // what is written to wake, and read from it
}

// NewPoller makes a poller without sockets.
func NewPoller() (*Poller, error) {
	p := &Poller{ep: -1, timer: -1, wake: -1, sockets: map[int32]*Socket{}, one: [8]byte{1}}
	var err1, err2, err3 error
	p.ep, err1 = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	p.timer, err2 = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	p.wake, err3 = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	err := errors.Join(err1, err2, err3)
	for _, fd := range []int{p.timer, p.wake} {
		if err == nil {
			err = unix.EpollCtl(p.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
		}
	}
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("make a poller: %w", err)
	}
	return p, nil
}

// Close gives the descriptors back, but not those of sockets. Nobody may call Wake any more.
func (p *Poller) Close() {
	for _, fd := range []int{p.ep, p.timer, p.wake} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// Add makes Wait return when the socket has something to read.
func (p *Poller) Add(s *Socket) error {
	if err := unix.EpollCtl(p.ep, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.fd)}); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	p.sockets[int32(s.fd)] = s
	return nil
}

// Remove forgets a socket. It must come before the socket is closed.
func (p *Poller) Remove(s *Socket) {
	delete(p.sockets, int32(s.fd))
	_ = unix.EpollCtl(p.ep, unix.EPOLL_CTL_DEL, s.fd, nil) // closing it would do as well
}

// Wake makes Wait return, now or at its next call. It may be called from any goroutine.
func (p *Poller) Wake() {
	_, _ = unix.Write(p.wake, p.one[:]) // a counter that is full wakes as well
}

// Wait returns at the given moment, after Wake, or when a socket has something to read, which
// its Readable then tells.
func (p *Poller) Wait(until time.Time) error {
	if err := p.arm(until); err != nil {
		return err
	}
	n, err := unix.EpollWait(p.ep, p.events[:], -1)
	if errors.Is(err, unix.EINTR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for packets: %w", err)
	}
	for _, e := range p.events[:n] {
		switch int(e.Fd) {
		case p.timer:
			p.armed = time.Time{} // it must be set again, which also makes it unreadable
		case p.wake:
			_, _ = unix.Read(p.wake, p.count[:])
		default:
			if s := p.sockets[e.Fd]; s != nil {
				s.readable = true
			}
		}
	}
	return nil
}

// arm sets the timer, unless it is set to that moment.
func (p *Poller) arm(until time.Time) error {
	if until.Equal(p.armed) {
		return nil
	}
	in := max(time.Until(until), 1) // 0 would switch it off
	if err := unix.TimerfdSettime(p.timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(in))}, nil); err != nil {
		return fmt.Errorf("set the timer: %w", err)
	}
	p.armed = until
	return nil
}
