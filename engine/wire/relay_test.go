package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

// relay is a statement's way through a proxy: client → proxy → server and back, all four ends in one goroutine.
type relay struct {
	client, front, back, server *wire.Conn
	answer                      wire.Answer
	request, reply              []byte
}

func newRelay(t testing.TB) *relay {
	r := &relay{request: []byte(packet(0, "\x03SELECT a FROM t WHERE id=1"))}
	_, r.reply = answerOf(t, "point select")
	r.client, r.front = conns(t, "tcp")
	r.back, r.server = conns(t, "tcp")
	return r
}

func (r *relay) run(t testing.TB) {
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(r.client.WriteRaw(r.request))
	q, err := r.front.ReadRaw()
	check(err)
	r.back.BeginCommand()
	check(r.back.WriteRaw(q))
	_, err = r.server.ReadRaw()
	check(err)
	check(r.server.WriteRaw(r.reply))
	r.answer.Reset(wire.Command(q.Payload()[0]), 0)
	for done := false; !done; {
		chunk, err := r.back.ReadChunk()
		check(err)
		var n int
		n, done, err = r.answer.Feed(chunk)
		check(err)
		check(r.front.WriteRaw(chunk[:n]))
	}
	r.back.Release()
	got, err := r.client.ReadChunk()
	check(err)
	if len(got) != len(r.reply) || r.answer.Rows != 1 {
		t.Fatalf("%d bytes of %d, %d rows", len(got), len(r.reply), r.answer.Rows)
	}
}

func TestRelayAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools forget at random under the race detector")
	}
	r := newRelay(t)
	if n := testing.AllocsPerRun(1000, func() { r.run(t) }); n != 0 {
		t.Errorf("%v allocations per statement", n)
	}
}

func BenchmarkRelay(b *testing.B) {
	r := newRelay(b)
	b.ReportAllocs()
	for b.Loop() {
		r.run(b)
	}
}

// A packet that came in pieces can be handed on as a whole, whatever the pieces.
func TestReadBehind(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	c := wire.NewConn(b)
	defer c.Close()
	var sent bytes.Buffer
	for i := range 40_000 {
		fmt.Fprintf(&sent, "%d,", i)
	}
	go func() {
		p := sent.Bytes()
		for n := 1; len(p) > 0; n = n*7%15_013 + 1 {
			k := min(n, len(p))
			a.Write(p[:k])
			p = p[k:]
		}
		a.Close()
	}()
	var got []byte
	held := 0
	for {
		chunk, err := c.ReadBehind(held)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held = len(chunk) - 1 - bytes.LastIndexByte(chunk, ',')
		got = append(got, chunk[:len(chunk)-held]...)
	}
	if held != 0 || !bytes.Equal(got, sent.Bytes()) {
		t.Errorf("got %d bytes of %d, %d held back", len(got), sent.Len(), held)
	}
}
