package proxy_test

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// dialPlain logs a bare client in.
func dialPlain(t testing.TB, n *node, caps wire.Capability) *wire.Conn {
	t.Helper()
	c, _, err := wire.Dial(context.Background(), "tcp", n.tcp(), &wire.Account{User: "app", Password: "app_pass", Database: "d", Capabilities: caps})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill() })
	return c
}

// highWater watches the memory of the process, proxy and test alike, until it is stopped.
func highWater(t *testing.T) (stop func() (grown int64)) {
	t.Helper()
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapInuse + m.StackInuse)
	}
	runtime.GC()
	before := inUse()
	ended, result := make(chan struct{}), make(chan int64)
	go func() {
		most := before
		for {
			select {
			case <-ended:
				result <- most - before
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, inUse())
			}
		}
	}()
	return func() int64 {
		close(ended)
		return <-result
	}
}

// An answer takes a chunk of memory, however large it is and however slowly the client takes it.
func TestLargeAnswersNeedLittleMemory(t *testing.T) {
	n := start(t, "", "")
	const limit = 16 << 20 // chunks, and garbage of whatever else runs
	once := func(name, sql string, caps wire.Capability, wait time.Duration, atLeast uint64) (grown uint64) {
		t.Helper()
		c := dialPlain(t, n, caps)
		stop := highWater(t)
		if err := c.WriteCommand(wire.ComQuery, sql); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait) // by then the socket buffers are full
		var a wire.Answer
		a.Reset(wire.ComQuery, caps)
		for done := false; !done; {
			chunk, err := c.ReadChunk()
			if err == nil {
				_, done, err = a.Feed(chunk)
			}
			if err != nil {
				t.Fatalf("%s: after %d bytes: %v", name, a.Bytes, err)
			}
		}
		grown = uint64(stop())
		if a.Err != nil || a.Bytes < atLeast {
			t.Errorf("%s: %d bytes, error %v", name, a.Bytes, a.Err)
		}
		return grown
	}
	f := func(name, sql string, caps wire.Capability, wait time.Duration, atLeast uint64) {
		t.Helper()
		if got := least(func() uint64 { return once(name, sql, caps, wait, atLeast) }, limit); got > limit {
			t.Errorf("%s: memory grew by %.0f KiB", name, got/1024)
		}
	}
	size := uint64(1 << 30)
	rows := "seq_1_to_1000"
	if testing.Short() {
		size, rows = 100<<20, "seq_1_to_100"
	}
	f("large", "SELECT REPEAT('x', 1100000) FROM "+rows, 0, 0, size)
	f("slow client", "SELECT REPEAT('x', 1000000) FROM seq_1_to_100", 0, 300*time.Millisecond, 100_000_000)
	f("rows above 16 MB", "SELECT REPEAT('x', 40000000) FROM seq_1_to_3", 0, 0, 120_000_000)
}

// A connection that came and went leaves its buffers to the next one.
func TestConnectionsLeaveNoBuffers(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: pools forget at random under the race detector")
	}
	n := start(t, "", "")
	run := func() {
		c, _, err := wire.Dial(context.Background(), "tcp", n.tcp(), &wire.Account{User: "app", Password: "app_pass"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Kill()
		client := statementClient{c: c}
		if err := client.query([]byte("\x03SELECT 1")); err != nil {
			t.Fatal(err)
		}
		if err := c.WriteCommand(wire.ComQuit, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Peek(1); err == nil {
			t.Fatal("the proxy answers a goodbye")
		}
		c.Release()
	}
	for range 20 {
		run()
	}
	const enough = 14 << 10
	got := least(func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const times = 200
		for range times {
			run()
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / times
	}, enough)
	if got > enough {
		t.Errorf("%.0f bytes allocated per connection, client and proxy together: as much as a buffer", got)
	}
}

func BenchmarkConnect(b *testing.B) {
	n := start(b, "", "")
	addr, err := net.ResolveTCPAddr("tcp", n.tcp())
	if err != nil {
		b.Fatal(err)
	}
	acc := &wire.Account{User: "app", Password: "app_pass"}
	b.ReportAllocs()
	for b.Loop() {
		nc, err := net.DialTCP("tcp", nil, addr)
		if err != nil {
			b.Fatal(err)
		}
		c := wire.NewConn(nc)
		if _, err := wire.Connect(c, acc); err != nil {
			b.Fatal(err)
		}
		_ = c.WriteCommand(wire.ComQuit, "") // the connection is closed in any case
		c.Release()
		c.Kill()
	}
}
