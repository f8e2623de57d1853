package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/keepsql/keepsql/engine/wire"
)

// conns returns the two ends of a packet connection.
func conns(t testing.TB, network string) (a, b *wire.Conn) {
	if network == "pipe" {
		x, y := net.Pipe()
		t.Cleanup(func() { x.Close(); y.Close() })
		return wire.NewConn(x), wire.NewConn(y)
	}
	if network == "compressed" {
		a, b = conns(t, "tcp")
		a.StartCompression()
		b.StartCompression()
		return a, b
	}
	x, y := sockets(t, network)
	return wire.NewConn(x), wire.NewConn(y)
}

// TestPackets sends messages of all interesting sizes through every transport and reads them back in both ways.
func TestPackets(t *testing.T) {
	const full = 1<<24 - 1
	sizes := []int{0, 1, 2, 3, 100, 8191, 8192, 8193, 16379, 16380, 16381, 16384, 40000, 1 << 20, full - 1, full, full + 1, 2 * full, 2*full + 5}
	for _, network := range []string{"tcp", "unix", "pipe", "compressed"} {
		t.Run(network, func(t *testing.T) {
			sizes := sizes
			if network != "tcp" {
				sizes = sizes[:14] // what is continued in a second packet is tested once
			}
			a, b := conns(t, network)
			errs := make(chan error, 1)
			go func() {
				var err error
				for round := range 2 {
					a.BeginCommand()
					for _, n := range sizes {
						p := bytes.Repeat([]byte{byte(n)}, n)
						if round == 0 {
							err = errors.Join(err, a.WritePacket(p))
						} else {
							err = errors.Join(err, a.EndPacket(append(a.StartPacket(), p...)))
						}
					}
					err = errors.Join(err, a.Flush())
				}
				errs <- err
			}()
			for _, n := range sizes {
				p, err := b.ReadPacket()
				if err != nil || len(p) != n || bytes.Count(p, []byte{byte(n)}) != n {
					t.Fatalf("assembled: %d bytes of %d, %v", len(p), n, err)
				}
			}
			seq := byte(0)
			for _, n := range sizes {
				got := 0
				for more := true; more; seq++ {
					p, err := b.ReadRaw()
					if err != nil || p.Seq() != seq || b.Seq() != seq+1 && !b.Compressed() { // frames have numbers of their own
						t.Fatalf("raw: number %d, want %d, %v", p.Seq(), seq, err)
					}
					got += len(p.Payload())
					more = p.Continued()
				}
				if got != n {
					t.Errorf("raw: %d bytes of %d", got, n)
				}
			}
			if err := <-errs; err != nil {
				t.Error(err)
			}
			if a.BytesOut() != b.BytesIn() || a.BytesOut() == 0 {
				t.Errorf("%d bytes out, %d in", a.BytesOut(), b.BytesIn())
			}
		})
	}
}

func TestReadLimits(t *testing.T) {
	a, b := conns(t, "tcp")
	b.SetLimit(1000)
	errs := make(chan error, 1)
	go func() {
		errs <- errors.Join(a.WritePacket(make([]byte, 1000)), a.WritePacket(make([]byte, 1001)), a.Flush())
	}()
	if p, err := b.ReadPacket(); err != nil || len(p) != 1000 {
		t.Errorf("%d bytes, %v", len(p), err)
	}
	if _, err := b.ReadPacket(); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if err := <-errs; err != nil {
		t.Error(err)
	}

	a, b = conns(t, "tcp")
	b.SetLimit(1<<24 + 10)
	go func() { errs <- errors.Join(a.WritePacket(make([]byte, 1<<24+11)), a.Flush()) }()
	if _, err := b.ReadPacket(); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("assembled: got %v", err)
	}
	b.Close()
	<-errs
}

// TestReadEnd checks what the end of the stream looks like in all places.
func TestReadEnd(t *testing.T) {
	cases := []struct {
		name string
		sent string
		want error
	}{
		{"between packets", "", io.EOF},
		{"in the header", "\x05\x00", io.ErrUnexpectedEOF},
		{"behind the header", "\x05\x00\x00\x00", io.ErrUnexpectedEOF},
		{"in the payload", "\x05\x00\x00\x00abc", io.ErrUnexpectedEOF},
		{"in a large payload", "\x00\x00\x02\x00" + strings.Repeat("x", 70000), io.ErrUnexpectedEOF},
		{"before a continuation", "\xff\xff\xff\x00" + strings.Repeat("x", 1<<24-1), io.ErrUnexpectedEOF},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, b := sockets(t, "tcp")
			go func() { a.Write([]byte(c.sent)); a.Close() }()
			if _, err := wire.NewConn(b).ReadPacket(); err != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestReadBelievesNoHeader checks that an announced length costs no memory before the bytes arrive.
func TestReadBelievesNoHeader(t *testing.T) {
	a, b := sockets(t, "tcp")
	a.Write([]byte("\xfe\xff\xff\x00abc"))
	c := wire.NewConn(b)
	c.SetDeadline(time.Now().Add(50 * time.Millisecond))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := c.ReadPacket(); err == nil {
		t.Fatal("read a packet that was not sent")
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 { // what was announced is 16 MB
		t.Errorf("%d bytes allocated", n)
	}
}

func TestChunks(t *testing.T) {
	a, b := conns(t, "tcp")
	a.QueueRaw([]byte("first"))
	a.QueueRaw([]byte("second"))
	if err := a.WriteRaw([]byte("third")); err != nil {
		t.Fatal(err)
	}
	p, err := b.ReadChunk()
	if err != nil || string(p) != "firstsecondthird" {
		t.Fatalf("%q, %v", p, err)
	}
	b.Unread(5)
	if b.Buffered() != 5 || b.Quiet() {
		t.Error("nothing was put back")
	}
	if p, err := b.Peek(2); err != nil || string(p) != "th" {
		t.Errorf("%q, %v", p, err)
	}
	b.Discard(1)
	if p, err := b.ReadChunk(); err != nil || string(p) != "hird" {
		t.Errorf("%q, %v", p, err)
	}
	if _, err := b.Peek(1 << 20); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("peek: %v", err)
	}
	if !b.Quiet() {
		t.Error("not quiet")
	}
}

// TestFewWrites checks that a small answer leaves with one write.
func TestFewWrites(t *testing.T) {
	w := &countingConn{}
	c := wire.NewConn(w)
	c.SetSeq(1)
	r := wire.NewResultWriter(c, 0)
	err := errors.Join(r.Columns(2, wire.TextColumn("a"), wire.TextColumn("b")), r.Row(wire.Text("x"), wire.Value{Null: true}), r.End(2, 1))
	if err != nil || w.writes != 1 {
		t.Errorf("%d writes, %v", w.writes, err)
	}
	want := packet(1, "\x02") +
		packet(2, "\x03def\x00\x00\x00\x01a\x00\x0c\x21\x00\x0f\x00\x00\x00\xfd\x01\x00\x1f\x00\x00") +
		packet(3, "\x03def\x00\x00\x00\x01b\x00\x0c\x21\x00\x0f\x00\x00\x00\xfd\x01\x00\x1f\x00\x00") +
		packet(4, "\xfe\x00\x00\x02\x00") + packet(5, "\x01x\xfb") + packet(6, "\xfe\x01\x00\x02\x00")
	if d := cmp.Diff(want, w.String()); d != "" {
		t.Error(d)
	}
	w.Reset()
	c.SetSeq(1)
	r = wire.NewResultWriter(c, wire.CapDeprecateEOF)
	err = errors.Join(r.Columns(2, wire.TextColumn("a")), r.End(2|wire.StatusMoreResults, 1), r.Error(wire.Errorf(1064, "42000", "bad %d", 7)))
	if err != nil || w.writes != 2 {
		t.Errorf("%d writes, %v", w.writes, err)
	}
	want = packet(1, "\x01") + packet(2, "\x03def\x00\x00\x00\x01a\x00\x0c\x21\x00\x0f\x00\x00\x00\xfd\x01\x00\x1f\x00\x00") +
		packet(3, "\xfe\x00\x00\x0a\x00\x01\x00") + packet(4, "\xff\x28\x04#42000bad 7")
	if d := cmp.Diff(want, w.String()); d != "" {
		t.Error(d)
	}
}

// countingConn keeps what is written.
type countingConn struct {
	net.Conn
	bytes.Buffer
	writes int
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes++
	return c.Buffer.Write(p)
}
func (c *countingConn) Read(p []byte) (int, error) { return c.Buffer.Read(p) }

// TestIdleMemory checks that connections waiting for their peer hold no buffers.
func TestIdleMemory(t *testing.T) {
	const n = 200
	var waiting []*wire.Conn
	done := make(chan struct{}, n)
	for range n {
		a, b := conns(t, "tcp")
		a.WriteCommand(wire.ComPing, "")
		if _, err := b.ReadPacket(); err != nil { // so that a buffer was in use
			t.Fatal(err)
		}
		waiting = append(waiting, a)
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	idle := heap()
	for _, c := range waiting {
		go func() { c.ReadPacket(); done <- struct{}{} }()
	}
	time.Sleep(50 * time.Millisecond)
	eventually(t, "waiting connections to need little memory", func() bool { // once every reader has parked
		used := int64(heap()) - int64(idle)
		t.Logf("%d bytes per waiting connection", used/n)
		return used <= n*6<<10
	})
	for _, c := range waiting {
		c.Close()
		<-done
	}
}
