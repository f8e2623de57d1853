package wire

import (
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/engine/eventloop"
)

// looped is a socket that waits at an event loop.
type looped struct {
	d       *eventloop.Descriptor
	drained bool            // the last read took all there was
	reader  *eventloop.Task // in which it is read; nil for a goroutine
	writer  *eventloop.Task
}

// Adopt moves the connection to an event loop, where waiting for the peer costs least: between its login and its first command.
// Nobody may be reading or writing, and a deadline is forgotten. A connection that is no kernel socket stays what it is, and so
// does any with nil Loops.
func (c *Conn) Adopt(l *eventloop.Loops) error {
	s := c.sock
	if l == nil || s.loop.Load() != nil {
		return nil
	}
	switch s.nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil
	}
	// The runtime's poller must not know the descriptor any more, or it would wake threads for every event on it. It forgets one
	// only on closing it.
	fd := -1
	var dupErr error
	if err := s.control(func(old int) { fd, dupErr = unix.FcntlInt(uintptr(old), unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return err
	}
	if dupErr != nil {
		return os.NewSyscallError("fcntl", dupErr)
	}
	d, err := l.Open(fd)
	if err != nil {
		_ = unix.Close(fd)
		return err
	}
	s.loop.Store(&looped{d: d})
	return s.nc.Close()
}

// Bind says in which Task the connection is read and written from now on; nil for none. It has an effect once the connection is
// adopted. Nobody may be reading or writing.
func (c *Conn) Bind(t *eventloop.Task) { c.BindRead(t); c.BindWrite(t) }

// BindRead is Bind for reading.
func (c *Conn) BindRead(t *eventloop.Task) {
	if l := c.sock.loop.Load(); l != nil {
		l.reader = t
	}
}

// BindWrite is Bind for writing.
func (c *Conn) BindWrite(t *eventloop.Task) {
	if l := c.sock.loop.Load(); l != nil {
		l.writer = t
	}
}

func (l *looped) read(p []byte) (int, error) {
	fd, err := l.d.BeginRead()
	if err != nil {
		return 0, err
	}
	defer l.d.End()
	if len(p) == 0 {
		return 0, nil
	}
	for tried := false; ; tried = true {
		if err := l.await(tried); err != nil {
			return 0, err
		}
		if n, e := l.receive(fd, p); e != syscall.EAGAIN {
			return received(n, e)
		}
	}
}

// readPooled reads into a buffer that is held only while there is something in it.
func (l *looped) readPooled() (*buffer, int, error) {
	fd, err := l.d.BeginRead()
	if err != nil {
		return nil, 0, err
	}
	defer l.d.End()
	for tried := false; ; tried = true {
		if err := l.await(tried); err != nil {
			return nil, 0, err
		}
		buf := getBuffer()
		n, e := l.receive(fd, buf[:])
		if e == 0 && n > 0 {
			return buf, n, nil
		}
		putBuffer(buf)
		if e != syscall.EAGAIN {
			_, err := received(n, e)
			return nil, 0, err
		}
	}
}

// await waits until there may be something to read, where this read has tried, or the last one has taken all there was: a try
// would be in vain mostly.
func (l *looped) await(tried bool) error {
	if !tried && (!l.drained || l.d.HungUp()) {
		return nil
	}
	return l.d.WaitRead(l.reader)
}

func (l *looped) receive(fd int, p []byte) (int, syscall.Errno) {
	n, e := receive(fd, p)
	l.drained = e == syscall.EAGAIN || e == 0 && n < len(p)
	return n, e
}

func received(n int, e syscall.Errno) (int, error) {
	switch {
	case e != 0:
		return 0, os.NewSyscallError("recvfrom", e)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (l *looped) write(p []byte) (sent int, err error) {
	fd, err := l.d.BeginWrite()
	if err != nil {
		return 0, err
	}
	defer l.d.End()
	for {
		n, e := send(fd, p[sent:])
		switch {
		case e == syscall.EAGAIN:
			if err := l.d.WaitWrite(l.writer); err != nil {
				return sent, err
			}
			continue
		case e != 0:
			return sent, os.NewSyscallError("sendto", e)
		}
		if sent += n; sent == len(p) {
			return sent, nil
		}
	}
}

func (l *looped) control(f func(fd int)) error {
	fd, err := l.d.Begin()
	if err != nil {
		return err
	}
	defer l.d.End()
	f(fd)
	return nil
}
