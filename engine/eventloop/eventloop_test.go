package eventloop_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/engine/eventloop"
	"github.com/keepsql/keepsql/engine/internal/looptest"
	"github.com/keepsql/keepsql/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// end is one end of a connection, as something that reads and writes.
type end struct {
	t    testing.TB
	d    *eventloop.Descriptor
	task *eventloop.Task
}

// pair makes the two ends of a connection. They are closed before the loops are.
func pair(t testing.TB, l *eventloop.Loops) (a, b *end) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ends := [2]*end{}
	for i, fd := range fds {
		d, err := l.Open(fd)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		ends[i] = &end{t: t, d: d}
	}
	return ends[0], ends[1]
}

func (e *end) Read(p []byte) (int, error) {
	fd, err := e.d.BeginRead()
	if err != nil {
		return 0, err
	}
	defer e.d.End()
	for {
		switch n, err := unix.Read(fd, p); {
		case err == unix.EAGAIN:
			if err := e.d.WaitRead(e.task); err != nil {
				return 0, err
			}
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (e *end) Write(p []byte) (sent int, err error) {
	fd, err := e.d.BeginWrite()
	if err != nil {
		return 0, err
	}
	defer e.d.End()
	for sent < len(p) {
		switch n, err := unix.Write(fd, p[sent:]); {
		case err == unix.EAGAIN:
			if err := e.d.WaitWrite(e.task); err != nil {
				return sent, err
			}
		case err != nil:
			return sent, err
		default:
			sent += n
		}
	}
	return sent, nil
}

// echo sends back what comes until the other side closes.
func (e *end) echo(task *eventloop.Task) {
	e.task = task
	defer e.d.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := e.Read(buf)
		if err != nil {
			return
		}
		if _, err := e.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (e *end) ask(text string) string {
	e.t.Helper()
	if _, err := io.WriteString(e, text); err != nil {
		e.t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(e, got); err != nil {
		e.t.Fatal(err)
	}
	return string(got)
}

func TestTasksAndGoroutines(t *testing.T) {
	l := looptest.Start(t, 2)
	var wg sync.WaitGroup
	for i := range 20 {
		a, b := pair(t, l)
		l.Run(b.echo)
		wg.Go(func() {
			defer a.d.Close()
			for j := range 200 {
				text := fmt.Sprint(i, " ", j)
				if got := a.ask(text); got != text {
					t.Errorf("got %q, want %q", got, text)
				}
			}
		})
	}
	wg.Wait()
	if n := l.Stalls(); n > 0 {
		t.Logf("%d stalls: a busy machine", n)
	}
}

// TestNoRoomToWrite sends more than a socket takes while nobody reads.
func TestNoRoomToWrite(t *testing.T) {
	l := looptest.Start(t, 1)
	a, b := pair(t, l)
	text := strings.Repeat("0123456789abcdef", 1<<16)
	sent := make(chan error, 1)
	l.Run(func(task *eventloop.Task) {
		a.task = task
		_, err := io.WriteString(a, text)
		sent <- errors.Join(err, a.d.Close())
	})
	select {
	case <-sent:
		t.Fatal("a socket took everything")
	case <-time.After(20 * time.Millisecond):
	}
	got, err := io.ReadAll(b)
	if err != nil || string(got) != text {
		t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if !b.d.HungUp() {
		t.Error("the end of the other side was not seen")
	}
}

// TestRelays sends bytes through chains of Tasks, whose ends lie on different loops, so that Tasks are woken by loops other than
// those they ran on last, and while they are about to wait.
func TestRelays(t *testing.T) {
	l := looptest.Start(t, 4)
	var wg sync.WaitGroup
	for range 8 {
		first, next := pair(t, l)
		for range 6 {
			in, out, after := next, (*end)(nil), (*end)(nil)
			out, after = pair(t, l)
			l.Run(func(task *eventloop.Task) {
				in.task, out.task = task, task
				defer in.d.Close()
				defer out.d.Close()
				buf := make([]byte, 100)
				for {
					n, err := in.Read(buf)
					if err != nil {
						return
					}
					if _, err := out.Write(buf[:n]); err != nil {
						return
					}
					if _, err := io.ReadFull(out, buf[:n]); err != nil {
						return
					}
					if _, err := in.Write(buf[:n]); err != nil {
						return
					}
				}
			})
			next = after
		}
		l.Run(next.echo)
		wg.Go(func() {
			defer first.d.Close()
			for i := range 300 {
				text := fmt.Sprint("statement ", i)
				if got := first.ask(text); got != text {
					t.Errorf("got %q, want %q", got, text)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestLeave(t *testing.T) {
	l := looptest.Start(t, 1)
	a, b := pair(t, l)
	other, echo := pair(t, l)
	l.Run(echo.echo)
	block := make(chan struct{})
	var rounds atomic.Int32
	l.Run(func(task *eventloop.Task) {
		b.task = task
		buf := make([]byte, 1)
		for {
			if _, err := b.Read(buf); err != nil {
				return
			}
			task.Leave()
			task.Leave() // where it is no more
			<-block
			rounds.Add(1)
			if _, err := b.Write(buf); err != nil {
				return
			}
		}
	})
	calm := false // a busy machine has stalls of its own, but not in every round
	for i := 0; i < 3 || !calm && i < 100; i++ {
		before := l.Stalls()
		io.WriteString(a, "x")
		for range 3 {
			other.ask("others go on")
		}
		if n := rounds.Load(); n != int32(i) {
			t.Fatalf("%d rounds, want %d", n, i)
		}
		block <- struct{}{}
		if _, err := a.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		calm = calm || l.Stalls() == before
	}
	a.d.Close()
	other.d.Close()
	if !calm {
		t.Errorf("stalls in every round, %d in all", l.Stalls())
	}
}

// TestStall has Tasks block on their only loop without leaving it. The others go on, and so do the Tasks themselves in the end.
func TestStall(t *testing.T) {
	l := looptest.Start(t, 1)
	other, echo := pair(t, l)
	l.Run(echo.echo)
	for i := range 3 {
		if i == 2 {
			time.Sleep(300 * time.Millisecond) // the patrol sleeps like the loop, and has to be woken
		}
		a, b := pair(t, l)
		block := make(chan struct{})
		l.Run(func(task *eventloop.Task) {
			b.task = task
			defer b.d.Close()
			b.Read(make([]byte, 1))
			<-block
			b.Write([]byte("y"))
			b.Read(make([]byte, 1))
		})
		before := l.Stalls()
		io.WriteString(a, "x")
		for range 10 {
			other.ask("others go on")
			time.Sleep(time.Millisecond)
		}
		for end := time.Now().Add(30 * time.Second); l.Stalls() == before && time.Now().Before(end); { // on a slow machine it is not stuck yet
			time.Sleep(time.Millisecond)
		}
		other.ask("others go on")
		if l.Stalls() <= before {
			t.Error("no stall was seen")
		}
		close(block)
		if got := make([]byte, 1); true {
			if _, err := a.Read(got); err != nil || got[0] != 'y' {
				t.Errorf("got %q, %v", got, err)
			}
		}
		a.d.Close()
	}
	other.d.Close()
}

func TestDeadlines(t *testing.T) {
	l := looptest.Start(t, 2)
	for _, inTask := range []bool{false, true} {
		t.Run(fmt.Sprint("task: ", inTask), func(t *testing.T) {
			a, b := pair(t, l)
			run := func(f func()) {
				done := make(chan struct{})
				if inTask {
					l.Run(func(task *eventloop.Task) { a.task = task; f(); close(done) })
				} else {
					go func() { f(); close(done) }()
				}
				<-done
			}
			expired := func(what string) {
				t.Helper()
				run(func() {
					if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			a.d.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			expired("while it waits")
			expired("before")
			a.d.SetReadDeadline(time.Time{})
			time.AfterFunc(10*time.Millisecond, func() { a.d.SetReadDeadline(time.Unix(1, 0)) })
			expired("set while it waits")
			a.d.SetReadDeadline(time.Now().Add(time.Millisecond))
			a.d.SetReadDeadline(time.Time{})
			time.AfterFunc(10*time.Millisecond, func() { b.Write([]byte("x")) })
			run(func() {
				if _, err := a.Read(make([]byte, 1)); err != nil {
					t.Errorf("after the deadline was taken away: %v", err)
				}
			})
			a.d.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
			run(func() {
				if _, err := a.Write(make([]byte, 10<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("write: %v", err)
				}
			})
		})
	}
}

func TestClose(t *testing.T) {
	l := looptest.Start(t, 2)
	a, _ := pair(t, l)
	var wg sync.WaitGroup
	wg.Add(1)
	l.Run(func(task *eventloop.Task) {
		defer wg.Done()
		a.task = task
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read in a Task: %v", err)
		}
	})
	writer := &end{t: t, d: a.d}
	wg.Go(func() {
		if _, err := writer.Write(make([]byte, 10<<20)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write in a goroutine: %v", err)
		}
	})
	time.Sleep(10 * time.Millisecond)
	if err := a.d.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := a.d.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed again: %v", err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after it: %v", err)
	}
	if _, err := a.d.Begin(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("use after it: %v", err)
	}
}

// TestHarshEnds opens, uses and closes descriptors from all sides at once, whose numbers are used again and again.
func TestHarshEnds(t *testing.T) {
	l := looptest.Start(t, 3)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for i := range 100 {
				a, b := pair(t, l)
				l.Run(b.echo)
				a.ask("hello")
				var ends sync.WaitGroup
				ends.Go(func() { a.Read(make([]byte, 1)) })
				switch i % 3 {
				case 0:
					ends.Go(func() { a.d.Close() })
				case 1:
					ends.Go(func() { b.d.Close() })
				case 2:
					ends.Go(func() { b.d.SetReadDeadline(time.Unix(1, 0)) })
				}
				ends.Wait()
				a.d.Close()
			}
		})
	}
	wg.Wait()
}

// TestAfterIdleness wakes loops that have given their processors back.
func TestAfterIdleness(t *testing.T) {
	l := looptest.Start(t, 2)
	a, b := pair(t, l)
	l.Run(b.echo)
	for range 2 {
		time.Sleep(300 * time.Millisecond)
		a.ask("anybody there?")
	}
	a.d.Close()
}

func TestWithoutLoops(t *testing.T) {
	var l *eventloop.Loops
	ran := false
	l.Run(func(task *eventloop.Task) {
		task.Leave()
		ran = task == nil
	})
	if !ran || l.Stalls() != 0 || l.Close() != nil {
		t.Error("no loops are no obstacle")
	}
}

// BenchmarkEcho is one question and answer between a goroutine and a Task.
func BenchmarkEcho(b *testing.B) {
	l := looptest.Start(b, 1)
	client, server := pair(b, l)
	l.Run(server.echo)
	buf := []byte("x")
	b.ReportAllocs()
	for b.Loop() {
		client.Write(buf)
		if _, err := client.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
	client.d.Close()
}
