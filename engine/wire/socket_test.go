package wire_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// sockets returns the two ends of a connection.
func sockets(t testing.TB, network string) (a, b net.Conn) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestSocket(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "pipe"} {
		t.Run(network, func(t *testing.T) {
			var a, b net.Conn
			if network == "pipe" {
				a, b = net.Pipe()
			} else {
				a, b = sockets(t, network)
			}
			s, peer := wire.NewSocket(a), wire.NewSocket(b)
			// far more than any socket buffer holds, so that the writer parks too
			sent := strings.Repeat("0123456789abcdef", 1<<18)
			werr := make(chan error, 1)
			go func() {
				_, err := s.Write([]byte(sent))
				werr <- errors.Join(err, s.Close())
			}()
			got, err := io.ReadAll(peer)
			if err != nil || string(got) != sent {
				t.Errorf("%d bytes of %d, %v", len(got), len(sent), err)
			}
			if err := <-werr; err != nil {
				t.Error(err)
			}
			if s.RemoteAddr().Network() != b.LocalAddr().Network() || s.LocalAddr() == nil {
				t.Error("addresses")
			}
			if n, err := peer.Read(make([]byte, 10)); n != 0 || err != io.EOF {
				t.Errorf("after the end: %d, %v", n, err)
			}
			if _, err := s.Read(make([]byte, 10)); err == nil || err == io.EOF {
				t.Errorf("read of a closed socket: %v", err)
			}
		})
	}
}

func TestSocketDeadlineAndClose(t *testing.T) {
	a, _ := sockets(t, "tcp")
	s := wire.NewSocket(a)
	s.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("want a timeout, got %v", err)
	}
	s.SetReadDeadline(time.Time{})
	time.AfterFunc(20*time.Millisecond, func() { s.Close() })
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("want closed, got %v", err)
	}
}

func TestSocketQuiet(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		a, b := sockets(t, network)
		s := wire.NewSocket(a)
		if !s.Quiet() {
			t.Error("a fresh connection is not quiet")
		}
		b.Write([]byte("x"))
		eventually(t, "unread bytes to show", func() bool { return !s.Quiet() })
		s.Read(make([]byte, 1))
		if !s.Quiet() {
			t.Error("not quiet after everything was read")
		}
		b.Close()
		eventually(t, "the peer's close to show", func() bool { return !s.Quiet() })
		a.Close()
		if s.Quiet() {
			t.Error("a closed socket is quiet")
		}
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

// TestWriteError checks that a failed write says whether anything left.
func TestWriteError(t *testing.T) {
	reset := func(c net.Conn) { // close with a reset, so that the peer's next write fails
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	t.Run("nothing left", func(t *testing.T) {
		a, b := sockets(t, "tcp")
		c := wire.NewConn(a)
		reset(b)
		eventually(t, "the reset", func() bool { return !c.Quiet() })
		err := c.WriteCommand(wire.ComQuery, "SELECT 1")
		var w *wire.WriteError
		if !wire.Unsent(err) || !errors.As(err, &w) || w.Sent != 0 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a part left", func(t *testing.T) {
		a, b := sockets(t, "tcp")
		c := wire.NewConn(a)
		large := strings.Repeat("x", 15<<20)
		go func() { // reads one byte, and nothing more
			io.ReadFull(b, make([]byte, 1))
			c.SetDeadline(time.Unix(1, 0))
		}()
		err := c.WriteCommand(wire.ComQuery, large)
		var w *wire.WriteError
		if wire.Unsent(err) || !errors.As(err, &w) || w.Sent == 0 || !w.Timeout() {
			t.Errorf("got %v", err)
		}
		b.Close()
	})
	t.Run("an earlier part of the command left", func(t *testing.T) {
		a, b := sockets(t, "tcp")
		c := wire.NewConn(a)
		c.BeginCommand()
		if err := c.WriteRaw([]byte("begun")); err != nil {
			t.Fatal(err)
		}
		io.ReadFull(b, make([]byte, 5))
		reset(b)
		eventually(t, "the reset", func() bool { return !c.Quiet() })
		if err := c.WriteRaw([]byte("more")); err == nil || wire.Unsent(err) {
			t.Errorf("got %v", err)
		}
		c.BeginCommand()
		if err := c.WriteRaw([]byte("next")); !wire.Unsent(err) {
			t.Errorf("next command: %v", err)
		}
	})
	t.Run("TLS", func(t *testing.T) {
		a, b := sockets(t, "tcp")
		c := wire.NewConn(a)
		cert, key := writeCertificate(t)
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			done <- tls.Server(b, &tls.Config{Certificates: []tls.Certificate{pair}, SessionTicketsDisabled: true}).Handshake()
		}()
		if err := errors.Join(c.DialTLS(&tls.Config{InsecureSkipVerify: true}), <-done); err != nil {
			t.Fatal(err)
		}
		reset(b)
		eventually(t, "the reset", func() bool { return !c.Quiet() })
		if err := c.WriteCommand(wire.ComQuery, "SELECT 1"); !wire.Unsent(err) {
			t.Errorf("got %v", err)
		}
	})
	if wire.Unsent(io.EOF) || wire.Unsent(nil) {
		t.Error("no write error, but unsent")
	}
}
