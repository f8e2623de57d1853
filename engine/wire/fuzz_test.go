package wire_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/keepsql/keepsql/engine/wire"
)

// message is what every decoder's fuzz target checks: a packet that can be read can be written and read again to the same.
type message[T any] interface {
	*T
	Decode([]byte) error
	Append([]byte) []byte
}

func fuzzMessage[T any, M message[T]](f *testing.F, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		m, back := M(new(T)), M(new(T))
		if m.Decode(p) != nil {
			return
		}
		if err := back.Decode(m.Append(nil)); err != nil {
			t.Fatalf("%+v cannot be read back: %v", m, err)
		}
		if d := cmp.Diff(m, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzSSLRequest(f *testing.F)   { fuzzMessage[wire.SSLRequest](f, string(make([]byte, 32))) }
func FuzzAuthSwitch(f *testing.F)   { fuzzMessage[wire.AuthSwitch](f, "\xfep\x00abc\x00") }
func FuzzAuthMoreData(f *testing.F) { fuzzMessage[wire.AuthMoreData](f, "\x01\x03") }
func FuzzEOF(f *testing.F)          { fuzzMessage[wire.EOF](f, "\xfe\x00\x00\x02\x00") }
func FuzzError(f *testing.F)        { fuzzMessage[wire.Error](f, "\xff\x15\x04#28000no", "\xff\x15\x04no") }

func FuzzGreeting(f *testing.F) {
	g := wire.Greeting{Version: "8", Capabilities: 0x818ffa2f, Scramble: testScramble, Plugin: wire.PluginSHA2}
	fuzzMessage[wire.Greeting](f, string(g.Append(nil)), "\xff\x10\x04no")
}

func FuzzColumn(f *testing.F) {
	c := wire.TextColumn("name")
	fuzzMessage[wire.Column](f, string(c.Append(nil)))
}

func FuzzHandshakeResponse(f *testing.F) {
	r := wire.HandshakeResponse{
		SSLRequest: wire.SSLRequest{Capabilities: 0xffffffff, Charset: 45}, User: "u", Auth: []byte("abc"), Database: "d",
		Plugin: wire.PluginNative, Attributes: []wire.Attribute{{"a", "b"}},
	}
	all := string(r.Append(nil))
	r.Capabilities = capsAuth
	one := string(r.Append(nil))
	r.Capabilities = caps41
	f.Add([]byte(all))
	f.Add([]byte(one))
	f.Add(r.Append(nil))
	f.Fuzz(func(t *testing.T, p []byte) {
		var m, back wire.HandshakeResponse
		if m.Decode(p) != nil {
			return
		}
		if err := back.Decode(m.Append(nil)); err != nil {
			t.Fatalf("%+v cannot be read back: %v", m, err)
		}
		if d := cmp.Diff(m, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzChangeUser(f *testing.F) {
	f.Add([]byte("\x11u\x00\x03abcd\x00\xff\x00p\x00\x04\x01a\x01b"), uint32(0xffffffff))
	f.Add([]byte("\x11u\x00abc\x00d\x00"), uint32(0))
	f.Fuzz(func(t *testing.T, p []byte, caps uint32) {
		var m, back wire.ChangeUser
		c := wire.Capability(caps)
		if m.Decode(p, c) != nil {
			return
		}
		if err := back.Decode(m.Append(nil, c|wire.CapSecureConnection), c|wire.CapSecureConnection); err != nil && len(m.Auth) < 256 {
			t.Fatalf("%+v cannot be read back: %v", m, err)
		}
	})
}

func FuzzOK(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x02\x40\x00\x00\x04info\x04\x01\x02\x01d"), true)
	f.Add([]byte("\xfe\x00\x00\x02\x00\x00\x00info"), false)
	f.Fuzz(func(t *testing.T, p []byte, track bool) {
		var m, back wire.OK
		var caps wire.Capability
		if track {
			caps = wire.CapSessionTrack
		}
		if m.Decode(p, caps) != nil {
			return
		}
		raw := m.Append(nil)
		if track {
			raw = m.AppendTracked(nil)
		}
		if err := back.Decode(raw, caps); err != nil {
			t.Fatal(err)
		}
		m.Status &^= wire.StatusSessionStateChanged // says whether State is there, when written
		back.Status &^= wire.StatusSessionStateChanged
		if d := cmp.Diff(m, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzRow(f *testing.F) {
	f.Add([]byte("\x01a\xfb\x00"), 3)
	f.Fuzz(func(t *testing.T, p []byte, n int) {
		row, err := wire.DecodeRow(nil, p, min(n, 1000))
		if err != nil {
			return
		}
		back, err := wire.DecodeRow(nil, wire.AppendRow(nil, row), len(row))
		if d := cmp.Diff(row, back); d != "" || err != nil {
			t.Fatal(d, err)
		}
	})
}

// FuzzAnswer feeds the same bytes whole and in pieces.
func FuzzAnswer(f *testing.F) {
	for _, r := range loadRecords(f) {
		if len(r.Hex) < 600 {
			f.Add(r.raw(f), byte(r.Command), r.Caps&wire.CapDeprecateEOF != 0, r.Caps&wire.CapSessionTrack != 0, byte(3))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, cmd byte, dep, track bool, size byte) {
		r := record{Command: wire.Command(cmd)}
		if dep {
			r.Caps |= wire.CapDeprecateEOF
		}
		if track {
			r.Caps |= wire.CapSessionTrack
		}
		if len(raw) == 0 {
			return
		}
		whole, n, err := follow(&r, raw, len(raw))
		pieces, m, perr := follow(&r, raw, int(size)+1)
		if (err == nil) != (perr == nil) || err == nil && n != m {
			t.Fatalf("whole: %d, %v; in pieces: %d, %v", n, err, m, perr)
		}
		if d := cmp.Diff(whole, pieces); d != "" {
			t.Fatal(d)
		}
		fuzzTranslator(t, &r, raw, int(size)+1)
	})
}

// fuzzTranslator translates into all forms, whole and in pieces, and follows what comes out.
func fuzzTranslator(t *testing.T, r *record, raw []byte, size int) {
	for _, to := range kinds {
		run := func(size int) (out []byte, done bool) {
			var tr wire.Translator
			tr.Reset(r.Command, r.Caps, to, 2)
			for b := raw; len(b) > 0 && !done; {
				var n int
				var err error
				if out, n, done, err = tr.Feed(out, b[:min(size, len(b))]); err != nil {
					return nil, false
				}
				b = b[n:]
			}
			return out, done
		}
		whole, done := run(len(raw))
		if pieces, pdone := run(size); done != pdone || done && !bytes.Equal(whole, pieces) {
			t.Fatalf("to %x: in pieces %x (%v), whole %x (%v)", to, pieces, pdone, whole, done)
		}
	}
}
