package proxy_test

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// saboteur is a wire between proxy and server that breaks in different ways.
type saboteur struct {
	port   int
	server string
	wg     sync.WaitGroup

	mu    sync.Mutex // guards what follows
	pairs map[*wirePair]bool
	mode  cutMode
	left  int    // how often mode is still to be applied
	only  []byte // what must be among the bytes
}

// wirePair is one connection, both halves of it.
type wirePair struct{ proxy, server *net.TCPConn }

type cutMode int

const (
	cutNothing cutMode = iota
	cutSent            // the server gets the bytes, and its answer is lost
	cutUnsent          // the server does not get them
	cutAnswer          // the first half of the answer arrives
)

func newSaboteur(t *testing.T, server string) *saboteur {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &saboteur{port: l.Addr().(*net.TCPAddr).Port, server: server, pairs: map[*wirePair]bool{}}
	w.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.wg.Go(func() { w.serve(c.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() { l.Close(); w.resetAll(); w.wg.Wait() })
	return w
}

func (w *saboteur) serve(c *net.TCPConn) {
	s, err := net.DialTimeout("tcp", w.server, patience)
	if err != nil { // as if there were no wire
		reset(c)
		return
	}
	p := &wirePair{c, s.(*net.TCPConn)}
	w.mu.Lock()
	w.pairs[p] = true
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { w.pump(p, true) })
	w.pump(p, false)
	both.Wait()
	w.mu.Lock()
	delete(w.pairs, p)
	w.mu.Unlock()
}

// pump carries bytes in one direction until something breaks.
func (w *saboteur) pump(p *wirePair, toServer bool) {
	from, to := p.server, p.proxy
	if toServer {
		from, to = p.proxy, p.server
	}
	defer from.CloseRead()
	defer to.CloseWrite()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		mode := w.take(toServer, buf[:n])
		switch mode {
		case cutUnsent:
			p.reset()
			return
		case cutAnswer:
			to.Write(buf[:n/2])
			p.reset()
			return
		case cutSent:
			reset(p.proxy) // at once, or a quick answer gets through
		}
		if _, err := to.Write(buf[:n]); err != nil || mode == cutSent {
			p.reset()
			return
		}
	}
}

// take tells how to treat some bytes.
func (w *saboteur) take(toServer bool, data []byte) cutMode {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 || toServer == (w.mode == cutAnswer) || len(data) < 12 || !bytes.Contains(data, w.only) {
		return cutNothing
	}
	w.left--
	return w.mode
}

// cut has the next few connections that carry something cut.
func (w *saboteur) cut(mode cutMode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode, w.left, w.only = mode, 3, nil
}

// lose has connections cut behind the next n statements with a text in them; left tells how many of them are still to come.
func (w *saboteur) lose(text string, n int) (left func() int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode, w.left, w.only = cutSent, n, []byte(text)
	return func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.left
	}
}

// behave ends what cut began.
func (w *saboteur) behave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = 0
}

func (w *saboteur) resetAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.pairs {
		p.reset()
	}
}

func (p *wirePair) reset() {
	reset(p.proxy)
	p.server.Close()
}

// reset closes a connection so that the peer sees it reset.
func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}
