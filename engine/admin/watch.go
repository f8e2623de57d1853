package admin

import (
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watchEvery is how often a running statement looks whether its client is still there.
const watchEvery = 250 * time.Millisecond

// watch looks after the client of a running statement.
type watch struct {
	quit chan struct{}
	done sync.WaitGroup
}

// watchClient calls gone once when the client has hung up. The caller stops the watch.
func watchClient(nc net.Conn, gone func()) *watch {
	w := &watch{quit: make(chan struct{})}
	w.done.Go(func() {
		t := time.NewTicker(watchEvery)
		defer t.Stop()
		for {
			select {
			case <-w.quit:
				return
			case <-t.C:
				if hungUp(nc) {
					gone()
					return
				}
			}
		}
	})
	return w
}

func (w *watch) stop() {
	close(w.quit)
	w.done.Wait()
}

// hungUp tells whether the other end of a socket has closed it, without reading from it. What is no socket counts as open.
func hungUp(nc net.Conn) bool {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		gone = err == nil && n > 0 && fds[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone || err != nil
}
