package wire_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

// TestCompressionAgainstMariaDB runs a client with compression, over plain TCP and over TLS.
func TestCompressionAgainstMariaDB(t *testing.T) {
	cert, key := writeCertificate(t)
	s := mariadbtest.Start(t, mariadbtest.Opts{
		Args: []string{"--ssl-cert=" + cert, "--ssl-key=" + key, "--max-allowed-packet=64M"},
		SQL:  []string{"CREATE USER app IDENTIFIED BY 'app'", "GRANT ALL ON *.* TO app"},
	})
	for name, acc := range map[string]wire.Account{
		"tcp": {}, "tls": {TLS: insecureTLS, RequireTLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			acc.User, acc.Password, acc.Capabilities = "app", "app", wire.CapCompress|wire.CapDeprecateEOF
			cl, err := wire.Open(t.Context(), "tcp", s.Addr, &acc, 30*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			if !cl.Conn().Compressed() {
				t.Fatal("the connection is not compressed")
			}
			for _, n := range []int{0, 1, 100, 100000, 1 << 20, 1<<24 - 1, 1<<24 + 100} {
				before := cl.Conn().BytesOut()
				if got := query(t, cl, "SELECT LENGTH('"+strings.Repeat("q", n)+"')"); got != itoa(uint32(n)) {
					t.Errorf("%d bytes sent: server has %s", n, got)
				}
				if out := cl.Conn().BytesOut() - before; out < uint64(n) {
					t.Errorf("%d bytes counted of a statement of %d", out, n)
				}
				if got := query(t, cl, "SELECT REPEAT('z', "+itoa(uint32(n))+")"); len(got) != n || strings.Trim(got, "z") != "" {
					t.Errorf("%d bytes received of %d", len(got), n)
				}
			}
			if got := query(t, cl, "SELECT variable_value FROM information_schema.session_status WHERE variable_name='Compression'"); got != "ON" {
				t.Errorf("server says that compression is %s", got)
			}
			if err := wire.SendChangeUser(cl.Conn(), cl.Server(), &acc); err != nil {
				t.Error(err)
			}
			if got := query(t, cl, "SELECT 1"); got != "1" {
				t.Errorf("after COM_CHANGE_USER: %s", got)
			}
		})
	}
}

func query(t *testing.T, cl *wire.Client, q string) string {
	t.Helper()
	r, err := cl.Query(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r.Rows[0][0].Text
}

// TestCompressedFrames pins the frames: short contents are stored, numbers go on through a conversation in both directions.
func TestCompressedFrames(t *testing.T) {
	x, y := sockets(t, "tcp")
	a := wire.NewConn(x)
	a.StartCompression()
	read := func(n int) string {
		p := make([]byte, n)
		if _, err := io.ReadFull(y, p); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(p)
	}
	if err := a.WriteCommand(wire.ComPing, ""); err != nil {
		t.Fatal(err)
	}
	if got, want := read(12), "05000000000000"+"010000000e"; got != want {
		t.Errorf("ping: %s, want %s", got, want)
	}
	y.Write([]byte("\x05\x00\x00\x07\x00\x00\x00" + "\x01\x00\x00\x01\x00"))
	if p, err := a.ReadPacket(); err != nil || len(p) != 1 {
		t.Fatal(p, err)
	}
	if err := errors.Join(a.WritePacket(bytes.Repeat([]byte{'x'}, 2000)), a.Flush()); err != nil {
		t.Fatal(err)
	}
	h := read(7)
	if h[6:8] != "08" || h[8:] != "d40700" || h[:6] == "d40700" {
		t.Errorf("header of a deflated frame: %s", h)
	}
}

// TestCompressedGarbage wants an error for every frame that is not what its header says.
func TestCompressedGarbage(t *testing.T) {
	deflated := func(content string) string { // one frame as written
		x, y := sockets(t, "tcp")
		c := wire.NewConn(x)
		c.StartCompression()
		if err := c.WriteRaw([]byte(content)); err != nil {
			t.Fatal(err)
		}
		x.Close()
		b, err := io.ReadAll(y)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	good := deflated("\xf0\x00\x00\x00" + strings.Repeat("a", 240))
	patch := func(at int, to byte) string { return good[:at] + string(to) + good[at+1:] }
	for name, tt := range map[string]struct {
		raw string
		ok  bool
	}{
		"good":               {good, true},
		"stored":             {"\x05\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a", true},
		"no content":         {"\x00\x00\x00\x00\x05\x00\x00", false},
		"nothing at all":     {"\x00\x00\x00\x00\x00\x00\x00", false},
		"not zlib":           {"\x05\x00\x00\x00\x05\x00\x00\x01\x00\x00\x00a", false},
		"longer than said":   {patch(4, good[4]-1), false},
		"shorter than said":  {patch(4, good[4]+1), false},
		"wrong sum":          {patch(len(good)-1, ^good[len(good)-1]), false},
		"trailing byte":      {patch(0, good[0]+1) + "x", false},
		"cut in the header":  {good[:5], false},
		"cut in the content": {good[:len(good)-6], false},
	} {
		x, y := sockets(t, "tcp")
		c := wire.NewConn(x)
		c.StartCompression()
		y.Write([]byte(tt.raw))
		y.(*net.TCPConn).CloseWrite()
		_, err := c.ReadPacket()
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !errors.Is(err, wire.ErrMalformed) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: error of another kind: %v", name, err)
		}
	}
}

// TestStopCompression takes the layer off between two packets, as a relay of frames does.
func TestStopCompression(t *testing.T) {
	x, y := sockets(t, "tcp")
	a, b := wire.NewConn(x), wire.NewConn(y)
	a.StartCompression()
	b.StartCompression()
	if err := a.WriteCommand(wire.ComQuery, "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Peek(1); err != nil {
		t.Fatal(err)
	}
	if b.StopCompression() == nil {
		t.Error("stopped amid a packet")
	}
	if _, err := b.ReadPacket(); err != nil {
		t.Fatal(err)
	}
	b.Release()
	if err := b.StopCompression(); err != nil || b.Compressed() {
		t.Errorf("not stopped: %v", err)
	}
	if err := a.WriteCommand(wire.ComPing, ""); err != nil {
		t.Fatal(err)
	}
	if p, err := b.ReadChunk(); err != nil || string(p) != "\x05\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0e" {
		t.Errorf("the frame as it is: %x, %v", p, err)
	}
}

// FuzzFrames reads frames of all kinds, whole and in pieces: what comes out must be the same, and nothing may be read that
// is not there.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x05\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a"), byte(1))
	f.Add([]byte("\x0d\x00\x00\x00\x05\x00\x00\x78\x9c\x63\x64\x60\x60\x48\x04\x00\x00\xcb\x00\x63"), byte(4))
	f.Add([]byte("\x01\x00\x00\x00\xff\xff\xff\x78"), byte(2))
	f.Fuzz(func(t *testing.T, raw []byte, size byte) {
		whole, werr := inflated(raw, len(raw))
		pieces, perr := inflated(raw, int(size)+1)
		if !bytes.Equal(whole, pieces) || (werr == nil) != (perr == nil) {
			t.Fatalf("whole: %x, %v; in pieces: %x, %v", whole, werr, pieces, perr)
		}
	})
}

// inflated reads the content of frames that arrive in pieces of a size.
func inflated(raw []byte, size int) ([]byte, error) {
	c := wire.NewConn(&pieces{b: raw, size: size})
	c.StartCompression()
	var out []byte
	for {
		p, err := c.ReadChunk()
		out = append(out, p...)
		if err == io.EOF {
			return out, nil
		}
		if err != nil || len(out) > 1<<20 {
			return out, err
		}
	}
}

// pieces is a connection from which a few bytes at a time can be read.
type pieces struct {
	net.Conn
	b    []byte
	size int
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(to, p.b[:min(p.size, len(p.b))])
	p.b = p.b[n:]
	return n, nil
}

// FuzzFramesWritten writes contents and reads them back.
func FuzzFramesWritten(f *testing.F) {
	f.Add([]byte("short"), []byte(strings.Repeat("long ", 30)))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		to := &taken{}
		c := wire.NewConn(to)
		c.StartCompression()
		if err := errors.Join(c.WriteRaw(one), c.WriteRaw(two)); err != nil {
			t.Fatal(err)
		}
		got, err := inflated(to.b, 7)
		if want := append(bytes.Clone(one), two...); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x, %v", got, want, err)
		}
	})
}

// taken is a connection that keeps what is written.
type taken struct {
	net.Conn
	b []byte
}

func (w *taken) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func BenchmarkCompressedAnswer(b *testing.B) {
	row := make([]byte, 12<<10)
	for i := range row {
		row[i] = "abcdefgh"[rand.IntN(8)]
	}
	c := wire.NewConn(discard{})
	c.StartCompression()
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		c.BeginCommand()
		if err := c.WriteRaw(row); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{ net.Conn }

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestCompressionDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: the race detector allocates")
	}
	c := wire.NewConn(discard{})
	c.StartCompression()
	row := bytes.Repeat([]byte("value "), 2000)
	if n := testing.AllocsPerRun(200, func() { c.WriteRaw(row) }); n > 0.5 {
		t.Errorf("%v allocations per write", n)
	}
}
