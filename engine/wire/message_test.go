package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/keepsql/keepsql/engine/wire"
)

var testScramble = wire.Scramble([]byte("abcdefghijklmnopqrst"))

func TestGreeting(t *testing.T) {
	// the greeting ProxySQL 2.7 sends with its defaults
	g := wire.Greeting{
		Version: "8.0.11", ConnectionID: 0x01020304, Capabilities: 0x818ffa2f, Charset: 33, Status: 2,
		Plugin: "mysql_native_password", Scramble: testScramble,
	}
	want := "\x0a8.0.11\x00\x04\x03\x02\x01abcdefgh\x00\x2f\xfa\x21\x02\x00\x8f\x81\x15" + strings.Repeat("\x00", 10) +
		"ijklmnopqrst\x00mysql_native_password\x00"
	if d := cmp.Diff(want, string(g.Append(nil))); d != "" {
		t.Error(d)
	}
	var back wire.Greeting
	if err := back.Decode([]byte(want)); err != nil || back != g {
		t.Errorf("%+v, %v", back, err)
	}
	var se *wire.Error
	if err := back.Decode([]byte("\xff\x10\x04Too many connections")); !errors.As(err, &se) || se.Code != 1040 || se.Message != "Too many connections" {
		t.Errorf("refusal: %v", err)
	}
	for _, bad := range []string{"", "\x09", "\x0a8.0", want[:20], want[:40], "\x0a4.0\x00\x01\x00\x00\x00abcdefgh\x00\x0c\x00"} {
		if err := back.Decode([]byte(bad)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestScramble(t *testing.T) {
	if a, b := wire.NewScramble(), wire.NewScramble(); a == b {
		t.Error("two challenges are equal")
	}
	for range 1000 {
		for _, c := range wire.NewScramble() {
			if c == 0 || c > 127 {
				t.Fatalf("byte %#x", c)
			}
		}
	}
}

const (
	caps41   = wire.CapProtocol41
	capsAuth = caps41 | wire.CapSecureConnection | wire.CapPluginAuth
)

func TestHandshakeResponse(t *testing.T) {
	fixed := func(caps wire.Capability) string {
		return string([]byte{byte(caps), byte(caps >> 8), byte(caps >> 16), byte(caps >> 24), 0, 0, 0, 1, 45}) + strings.Repeat("\x00", 23)
	}
	head := func(caps wire.Capability) wire.SSLRequest {
		return wire.SSLRequest{Capabilities: caps, MaxPacket: 1 << 24, Charset: 45}
	}
	const lenenc, db, attrs = wire.CapPluginAuthLenenc, wire.CapConnectWithDB, wire.CapConnectAttrs
	long := strings.Repeat("p", 300)
	cases := []struct {
		name string
		raw  string
		want wire.HandshakeResponse
		same bool // Append gives raw again
	}{
		{"all there", fixed(capsAuth|lenenc|db|attrs) + "u\x00\x03abcd\x00mysql_native_password\x00\x08\x01a\x01b\x01c\x01d",
			wire.HandshakeResponse{SSLRequest: head(capsAuth | lenenc | db | attrs), User: "u", Auth: []byte("abc"), Database: "d",
				Plugin: "mysql_native_password", Attributes: []wire.Attribute{{"a", "b"}, {"c", "d"}}}, true},
		{"long password", fixed(capsAuth|lenenc) + "u\x00\xfc\x2c\x01" + long + "mysql_clear_password\x00",
			wire.HandshakeResponse{SSLRequest: head(capsAuth | lenenc), User: "u", Auth: []byte(long), Plugin: "mysql_clear_password"}, true},
		{"one byte of length", fixed(capsAuth) + "u\x00\x00p\x00",
			wire.HandshakeResponse{SSLRequest: head(capsAuth), User: "u", Auth: []byte{}, Plugin: "p"}, true},
		{"zero-terminated answer", fixed(caps41|db) + "u\x00abc\x00d\x00",
			wire.HandshakeResponse{SSLRequest: head(caps41 | db), User: "u", Auth: []byte("abc"), Database: "d"}, true},
		{"no user", fixed(capsAuth) + "\x00\x00p\x00",
			wire.HandshakeResponse{SSLRequest: head(capsAuth), Auth: []byte{}, Plugin: "p"}, true},
		{"plugin not terminated", fixed(capsAuth|db) + "u\x00\x00d\x00mysql_native_password",
			wire.HandshakeResponse{SSLRequest: head(capsAuth | db), User: "u", Auth: []byte{}, Database: "d", Plugin: "mysql_native_password"}, false},
		{"database and plugin missing", fixed(capsAuth|db|attrs) + "u\x00\x01a",
			wire.HandshakeResponse{SSLRequest: head(capsAuth | db | attrs), User: "u", Auth: []byte("a")}, false},
		{"something behind", fixed(capsAuth) + "u\x00\x01ap\x00rest",
			wire.HandshakeResponse{SSLRequest: head(capsAuth), User: "u", Auth: []byte("a"), Plugin: "p"}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got wire.HandshakeResponse
			if err := got.Decode([]byte(c.raw)); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if back := string(got.Append(nil)); c.same && back != c.raw {
				t.Errorf("appended as %q", back)
			}
		})
	}
	for _, bad := range []string{
		"", "\x05\xa6\x03", fixed(0) + "u\x00", fixed(capsAuth)[:30], fixed(capsAuth), fixed(capsAuth) + "u", fixed(capsAuth) + "u\x00",
		fixed(capsAuth) + "u\x00\x05abc", fixed(capsAuth|lenenc) + "u\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xffa",
		fixed(capsAuth|attrs) + "u\x00\x00p\x00\x05\x01a", fixed(capsAuth|attrs) + "u\x00\x00p\x00\x02\x01a",
	} {
		var r wire.HandshakeResponse
		if err := r.Decode([]byte(bad)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if wire.IsSSLRequest([]byte(fixed(capsAuth))) || !wire.IsSSLRequest([]byte(fixed(capsAuth|wire.CapSSL))) {
		t.Error("TLS request not told from a response")
	}
}

func TestOK(t *testing.T) {
	const track = wire.CapSessionTrack
	cases := []struct {
		name string
		caps wire.Capability
		raw  string
		want wire.OK
	}{
		{"plain", 0, "\x00\x00\x00\x02\x00\x00\x00", wire.OK{Status: 2}},
		{"numbers", 0, "\x00\xfc\x00\x01\xfe\x00\x00\x00\x00\x01\x00\x00\x00\x03\x00\x05\x00",
			wire.OK{AffectedRows: 256, LastInsertID: 1 << 32, Status: 3, Warnings: 5}},
		{"info", 0, "\x00\x01\x00\x02\x00\x00\x00\x04info", wire.OK{AffectedRows: 1, Status: 2, Info: "info"}},
		{"tracked", track, "\x00\x00\x00\x02\x40\x00\x00\x00\x04\x01\x02\x01d",
			wire.OK{Status: 0x4002, State: []byte("\x01\x02\x01d")}},
		{"tracked with info", track, "\x00\x00\x00\x02\x00\x00\x00\x04info", wire.OK{Status: 2, Info: "info"}},
		{"end of rows", track, "\xfe\x00\x00\x22\x00\x01\x00", wire.OK{Status: 0x22, Warnings: 1, EndOfRows: true}},
	}
	for _, c := range cases {
		var got wire.OK
		if err := got.Decode([]byte(c.raw), c.caps); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		raw := got.Append(nil)
		if c.caps&track != 0 {
			raw = got.AppendTracked(nil)
		}
		if d := cmp.Diff(c.raw, string(raw)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	var got wire.OK
	if err := got.Decode([]byte("\x00\x00\x00\x02\x00\x00\x00Rows matched"), 0); err != nil || got.Info != "Rows matched" {
		t.Errorf("info without length: %q, %v", got.Info, err)
	}
	for _, bad := range []string{"", "\x00", "\x00\x00\x00\x02", "\x01\x00\x00\x02\x00\x00\x00", "\x00\xfb\x00\x02\x00\x00\x00", "\x00\x00\x00\x02\x00\x00\x00\x05a"} {
		if err := got.Decode([]byte(bad), track); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestErrorPacket(t *testing.T) {
	e := wire.Errorf(1045, "28000", "Access denied for user '%s'", "u")
	raw := "\xff\x15\x04#28000Access denied for user 'u'"
	if got := string(e.Append(nil)); got != raw {
		t.Errorf("%q", got)
	}
	var back wire.Error
	if err := back.Decode([]byte(raw)); err != nil || back != *e {
		t.Errorf("%+v, %v", back, err)
	}
	if got, want := e.Error(), "server error 1045 (28000): Access denied for user 'u'"; got != want {
		t.Errorf("%q", got)
	}
	e = &wire.Error{Code: 1040, Message: "#no state"}
	if err := back.Decode(e.Append(nil)); err != nil || back.Code != 1040 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestSmallMessages(t *testing.T) {
	var eof wire.EOF
	if err := eof.Decode([]byte("\xfe\x01\x00\x22\x00")); err != nil || eof != (wire.EOF{Warnings: 1, Status: 0x22}) {
		t.Errorf("%+v, %v", eof, err)
	}
	var sw wire.AuthSwitch
	raw := "\xfemysql_native_password\x00abcdefghijklmnopqrst\x00"
	if err := sw.Decode([]byte(raw)); err != nil || sw.Plugin != wire.PluginNative || string(sw.Data) != string(testScramble[:]) {
		t.Errorf("%+v, %v", sw, err)
	}
	if got := string(sw.Append(nil)); got != raw {
		t.Errorf("%q", got)
	}
	if err := sw.Decode([]byte("\xfe")); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("old password: %v", err)
	}
	var more wire.AuthMoreData
	if err := more.Decode([]byte("\x01\x03")); err != nil || string(more.Data) != "\x03" || string(more.Append(nil)) != "\x01\x03" {
		t.Errorf("%+v, %v", more, err)
	}
}

func TestChangeUserPacket(t *testing.T) {
	u := wire.ChangeUser{
		User: "u", Auth: []byte("abc"), Database: "d", Charset: 255, Plugin: "p", Attributes: []wire.Attribute{{"a", "b"}},
	}
	caps := capsAuth | wire.CapConnectAttrs
	raw := u.Append(nil, caps)
	if d := cmp.Diff("\x11u\x00\x03abcd\x00\xff\x00p\x00\x04\x01a\x01b", string(raw)); d != "" {
		t.Error(d)
	}
	var back wire.ChangeUser
	if err := back.Decode(raw, caps); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(u, back); d != "" {
		t.Error(d)
	}
	if err := back.Decode([]byte("\x11u\x00\x00d"), caps); err != nil || back.Database != "d" || back.Charset != 0 {
		t.Errorf("short form: %+v, %v", back, err)
	}
	if err := back.Decode([]byte("\x11u\x00\x09d"), caps); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("truncated: %v", err)
	}
}

func TestColumn(t *testing.T) {
	c := wire.Column{Schema: "s", Table: "t", OrgTable: "ot", Name: "n", OrgName: "on", Charset: 45, Length: 1200, Type: 0xfd, Flags: 0x1001, Decimals: 31}
	raw := "\x03def\x01s\x01t\x02ot\x01n\x02on\x0c\x2d\x00\xb0\x04\x00\x00\xfd\x01\x10\x1f\x00\x00"
	if d := cmp.Diff(raw, string(c.Append(nil))); d != "" {
		t.Error(d)
	}
	var back wire.Column
	if err := back.Decode([]byte(raw)); err != nil || back != c {
		t.Errorf("%+v, %v", back, err)
	}
	for n := range len(raw) - 2 {
		if err := back.Decode([]byte(raw[:n])); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("cut to %d: %v", n, err)
		}
	}
}

func TestRow(t *testing.T) {
	row := []wire.Value{wire.Text(""), {Null: true}, wire.Text(strings.Repeat("x", 251)), wire.Text(strings.Repeat("y", 70000))}
	raw := wire.AppendRow(nil, row)
	back, err := wire.DecodeRow(nil, raw, 4)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(row, back); d != "" {
		t.Error(d)
	}
	for _, n := range []int{3, 5} {
		if _, err := wire.DecodeRow(nil, raw, n); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%d columns: %v", n, err)
		}
	}
}
