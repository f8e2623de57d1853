package wire_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/eventloop"
	"github.com/keepsql/keepsql/engine/internal/looptest"
	"github.com/keepsql/keepsql/engine/wire"
)

// adopted is one end of a connection at an event loop, and the other one that is not.
func adopted(t *testing.T, l *eventloop.Loops, network string) (*wire.Conn, net.Conn) {
	t.Helper()
	a, b := sockets(t, network)
	c := wire.NewConn(a)
	if err := c.Adopt(l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill() })
	return c, b
}

// inTask runs f as a Task that reads and writes c, or as a goroutine with a nil c, and waits for its end.
func inTask(l *eventloop.Loops, c *wire.Conn, f func()) {
	done := make(chan struct{})
	if c == nil {
		go func() { defer close(done); f() }()
	} else {
		l.Run(func(task *eventloop.Task) {
			defer close(done)
			c.Bind(task)
			f()
		})
	}
	<-done
}

func TestAdoptedPackets(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		l := looptest.Start(t, 2)
		c, nc := adopted(t, l, network)
		if err := c.Adopt(l); err != nil {
			t.Errorf("adopted again: %v", err)
		}
		if c.Socket().FD() < 0 || c.RemoteAddr().String() != nc.LocalAddr().String() || c.LocalAddr().String() != nc.RemoteAddr().String() {
			t.Error("file descriptor and addresses")
		}
		peer := wire.NewConn(nc)
		large := strings.Repeat("x", 20<<20)
		go func() {
			for _, text := range []string{"one", large, "three"} {
				peer.WritePacket([]byte(text))
				peer.Flush()
			}
		}()
		inTask(l, c, func() {
			for _, want := range []string{"one", large, "three"} {
				if got, err := c.ReadPacket(); err != nil || string(got) != want {
					t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
				}
			}
		})
		received := make(chan int)
		go func() {
			time.Sleep(20 * time.Millisecond) // the writer has to wait for room
			p, _ := peer.ReadPacket()
			received <- len(p)
		}()
		inTask(l, c, func() {
			if err := errors.Join(c.WritePacket([]byte(large)), c.Flush()); err != nil {
				t.Error(err)
			}
		})
		if got := <-received; got != len(large) {
			t.Errorf("%d bytes of %d", got, len(large))
		}
	}
}

// TestAdoptedEnd has the peer close right behind its last words, before or after the loop has seen those.
func TestAdoptedEnd(t *testing.T) {
	l := looptest.Start(t, 2)
	for _, network := range []string{"tcp", "unix"} {
		for i := range 200 {
			c, nc := adopted(t, l, network)
			pause := time.Duration(i%10) * 20 * time.Microsecond
			go func() {
				io.WriteString(nc, "last words")
				time.Sleep(pause)
				nc.Close()
			}()
			inTask(l, c, func() {
				c.SetReadDeadline(time.Now().Add(10 * time.Second))
				var got []byte
				for {
					p, err := c.ReadChunk()
					got = append(got, p...)
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Errorf("after %q: %v", got, err)
						break
					}
				}
				if string(got) != "last words" {
					t.Errorf("got %q", got)
				}
			})
			if !c.Socket().HungUp() || c.Quiet() {
				t.Error("the end does not show")
			}
			c.Kill()
		}
	}
}

func TestAdoptedDeadlineAndClose(t *testing.T) {
	l := looptest.Start(t, 2)
	c, nc := adopted(t, l, "tcp")
	if !c.Quiet() || c.Socket().HungUp() {
		t.Error("a fresh connection is not quiet")
	}
	for _, task := range []*wire.Conn{nil, c} {
		inTask(l, task, func() {
			c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			if _, err := c.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("want a timeout, got %v", err)
			}
			c.SetReadDeadline(time.Time{})
			time.AfterFunc(10*time.Millisecond, func() { io.WriteString(nc, "x") })
			if p, err := c.ReadChunk(); err != nil || string(p) != "x" {
				t.Errorf("got %q, %v", p, err)
			}
		})
		c.Bind(nil)
	}
	time.AfterFunc(10*time.Millisecond, func() { c.Kill() })
	inTask(l, c, func() {
		if _, err := c.Peek(1); !errors.Is(err, net.ErrClosed) {
			t.Errorf("want closed, got %v", err)
		}
	})
	if c.Quiet() || c.Socket().FD() != -1 {
		t.Error("a closed connection is quiet")
	}
	if err := c.WriteCommand(wire.ComPing, ""); !wire.Unsent(err) {
		t.Errorf("write to a closed connection: %v", err)
	}
}

// TestAdoptedTLS adopts a connection below its TLS.
func TestAdoptedTLS(t *testing.T) {
	l := looptest.Start(t, 2)
	a, b := sockets(t, "tcp")
	c, peer := wire.NewConn(a), wire.NewConn(b)
	certificate, err := tls.LoadX509KeyPair(writeCertificate(t))
	if err != nil {
		t.Fatal(err)
	}
	handshake := make(chan error, 1)
	go func() { handshake <- c.ServeTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}) }()
	if err := errors.Join(peer.DialTLS(&tls.Config{InsecureSkipVerify: true}), <-handshake); err != nil {
		t.Fatal(err)
	}
	if err := c.Adopt(l); err != nil {
		t.Fatal(err)
	}
	go func() {
		peer.WritePacket([]byte("question"))
		peer.Flush()
	}()
	inTask(l, c, func() {
		if p, err := c.ReadPacket(); err != nil || string(p) != "question" {
			t.Errorf("got %q, %v", p, err)
		}
		if err := errors.Join(c.WritePacket([]byte("answer")), c.Flush()); err != nil {
			t.Error(err)
		}
	})
	if p, err := peer.ReadPacket(); err != nil || string(p) != "answer" {
		t.Errorf("got %q, %v", p, err)
	}
	c.Kill()
}

// A connection that is no socket stays what it is, and so does any without loops.
func TestNotAdopted(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	c := wire.NewConn(a)
	if err := errors.Join(c.Adopt(looptest.Start(t, 2)), c.Adopt(nil)); err != nil {
		t.Fatal(err)
	}
	c.Bind(nil)
	go c.WriteCommand(wire.ComPing, "")
	if _, err := io.ReadFull(b, make([]byte, 5)); err != nil {
		t.Error(err)
	}
	c.Kill()
}
