package gtid_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/gtid"
)

// follow runs a Follower of a reader in the test; conns are its connections.
func follow(t *testing.T) (f *gtid.Follower, conns <-chan net.Conn, changed <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted, news := make(chan net.Conn, 10), make(chan struct{}, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	f = &gtid.Follower{
		Addr: l.Addr().String(), Log: zerolog.Nop(), Retry: func() time.Duration { return 10 * time.Millisecond },
		Changed: func() { news <- struct{}{} },
	}
	ended, closed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(closed)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	go func() { f.Run(ctx); close(ended) }()
	t.Cleanup(func() {
		cancel()
		l.Close()
		for _, ch := range []chan struct{}{ended, closed} {
			select {
			case <-ch:
			case <-time.After(30 * time.Second):
				t.Error("does not end")
			}
		}
	})
	return f, accepted, news
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func next[T any](t *testing.T, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(30 * time.Second):
		t.Fatal("waited in vain")
	}
	return v
}

func TestFollower(t *testing.T) {
	t.Parallel()
	f, conns, changed := follow(t)
	c := next(t, conns)
	if f.Known() {
		t.Error("known before anything was said")
	}
	say(t, c, "ST="+a+":1-10\n")
	next(t, changed)
	say(t, c, "I1="+strings.ReplaceAll(a, "-", "")+":11\r\nI2=12\nI2=1")
	next(t, changed)
	if s, n := f.Read(); s.String() != a+":1-12" || n != 3 {
		t.Errorf("executed: %s by %d lines", s, n)
	}
	say(t, c, "3\n") // the rest of a line
	next(t, changed)
	id, _ := gtid.ParseID([]byte(a + ":13"))
	if !f.Has(&id) {
		t.Error("a line that came in pieces is not read")
	}
	c.Close()
	c = next(t, conns) // it comes again
	if f.Known() || f.Has(&id) {
		t.Error("known without a connection")
	}
	say(t, c, "ST="+a+":1-5\n")
	next(t, changed)
	if f.Has(&id) {
		t.Error("what was heard before counts")
	}
	say(t, c, "nonsense\n")
	c = next(t, conns)
	say(t, c, "ST="+strings.Repeat(a+":1,", 20_000)+b+":1\n")
	next(t, changed)
	if s, _ := f.Read(); s.String() != a+":1,"+b+":1" {
		t.Errorf("long line: %s", s)
	}
	go func() { _, _ = c.Write([]byte(strings.Repeat("x", gtid.MaxLine+5000))) }() // may fail: it is hung up on
	next(t, conns)
}
