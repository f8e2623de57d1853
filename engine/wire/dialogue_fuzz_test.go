package wire_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// spoken is a connection whose peer says what it was going to say all along, a few bytes at a time, and never listens.
type spoken struct{ pieces }

func (*spoken) Write(p []byte) (int, error)      { return len(p), nil }
func (*spoken) Close() error                     { return nil }
func (*spoken) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*spoken) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*spoken) SetDeadline(time.Time) error      { return nil }
func (*spoken) SetReadDeadline(time.Time) error  { return nil }
func (*spoken) SetWriteDeadline(time.Time) error { return nil }

func says(b []byte, size byte) *wire.Conn {
	return wire.NewConn(&spoken{pieces{b: b, size: int(size) + 1}})
}

// FuzzReadPacket reads a stream packet by packet, assembled and raw, whole and in pieces: all must agree.
func FuzzReadPacket(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00a\x00\x00\x00\x01\x02\x00\x00\x02bc"), byte(2))
	f.Add([]byte("\xff\xff\xff\x00"+strings.Repeat("x", 100)), byte(7))
	f.Add(append([]byte("\x00\x40\x00\x00"), make([]byte, 1<<14)...), byte(200))
	f.Fuzz(func(t *testing.T, raw []byte, size byte) {
		const limit = 1 << 16
		packets := func(c *wire.Conn, read func() ([]byte, error)) (all [][]byte, end error) {
			c.SetLimit(limit)
			for {
				p, err := read()
				if err != nil {
					return all, err
				}
				if len(p) > limit {
					t.Fatalf("%d bytes in spite of the limit", len(p))
				}
				all = append(all, bytes.Clone(p))
			}
		}
		a, b := says(raw, 255), says(raw, size)
		whole, werr := packets(a, a.ReadPacket)
		pieces, perr := packets(b, func() ([]byte, error) {
			p, err := b.ReadRaw()
			if err != nil {
				return nil, err
			}
			return p.Payload(), nil
		})
		if len(whole) != len(pieces) || !errors.Is(perr, io.EOF) != !errors.Is(werr, io.EOF) {
			t.Fatalf("assembled: %d, %v; raw: %d, %v", len(whole), werr, len(pieces), perr)
		}
		for i := range whole {
			if !bytes.Equal(whole[i], pieces[i]) {
				t.Fatalf("packet %d: %x and %x", i, whole[i], pieces[i])
			}
		}
	})
}

// FuzzConnect logs in to a server that says anything at all.
func FuzzConnect(f *testing.F) {
	frame := func(seq byte, p []byte) []byte { return append([]byte{byte(len(p)), byte(len(p) >> 8), 0, seq}, p...) }
	for _, plugin := range []string{wire.PluginNative, wire.PluginSHA2} {
		g := wire.Greeting{Version: "8", Capabilities: 0x818ff7ff &^ wire.CapSSL, Scramble: testScramble, Plugin: plugin}
		hello := frame(0, g.Append(nil))
		ok := wire.OK{Status: 2}
		f.Add(append(bytes.Clone(hello), frame(2, ok.Append(nil))...), byte(9))
		f.Add(append(bytes.Clone(hello), frame(2, []byte("\x01\x04"))...), byte(9))
		f.Add(append(bytes.Clone(hello), frame(2, []byte("\xfecaching_sha2_password\x0012345678901234567890\x00"))...), byte(9))
		f.Add(append(bytes.Clone(hello), frame(2, []byte("\xfemysql_clear_password\x00"))...), byte(9))
	}
	f.Fuzz(func(t *testing.T, raw []byte, size byte) {
		c := says(raw, size)
		info, err := wire.Connect(c, &wire.Account{User: "u", Password: "secret", Capabilities: wire.CapCompress, Database: "d"})
		if (info == nil) == (err == nil) {
			t.Fatalf("both or none of %v and %v", info, err)
		}
	})
}

// FuzzHandshake serves a client that says anything at all; nobody gets in without the password.
func FuzzHandshake(f *testing.F) {
	r := wire.HandshakeResponse{SSLRequest: wire.SSLRequest{Capabilities: capsAuth, Charset: 45}, User: "u", Auth: make([]byte, 20), Plugin: wire.PluginNative}
	p := r.Append(nil)
	f.Add(append([]byte{byte(len(p)), 0, 0, 1}, p...), byte(9), false)
	f.Add([]byte("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), byte(9), true)
	f.Add(append([]byte{32, 0, 0, 1}, make([]byte, 32)...), byte(9), true)
	f.Fuzz(func(t *testing.T, raw []byte, size byte, sha2 bool) {
		a := wire.Authenticator{
			Version: "8", Capabilities: frontCaps, Charset: 33, Plugin: wire.PluginNative, Key: testKey, Cache: &wire.PasswordCache{},
			TLS: func() *tls.Config { return nil },
			Preamble: func(c *wire.Conn) error {
				_, _, err := c.TakeProxyHeader()
				return err
			},
			Lookup: func(string, wire.LoginInfo) (wire.Credential, error) { return wire.Credential{Password: "secret"}, nil },
		}
		if sha2 {
			a.Plugin = wire.PluginSHA2
		}
		if l, err := a.Handshake(says(raw, size), 1); err == nil {
			t.Fatalf("%q is logged in", l.User) // the challenge is drawn anew each time
		}
	})
}
