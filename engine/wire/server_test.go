package wire_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

// frontCaps is what the test server offers: upstream's set.
const frontCaps = wire.Capability(0x818ffa2f) &^ wire.CapCompress

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// front is a server of our own: it logs clients in and answers every query with one row, and COM_CHANGE_USER as it should.
type front struct {
	auth   *wire.Authenticator
	addr   string // TCP
	socket string // unix
	logins chan *wire.Login
	errs   chan error
}

// startFront runs a server with the given stored passwords until the test ends.
func startFront(t *testing.T, plugin string, users map[string]string, edit func(*wire.Authenticator)) *front {
	t.Helper()
	cert, key := writeCertificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
	f := &front{
		logins: make(chan *wire.Login, 100), errs: make(chan error, 100),
		auth: &wire.Authenticator{
			Version: "8.0.11", Capabilities: frontCaps, Charset: 33, Status: wire.StatusAutocommit, Plugin: plugin,
			TLS: func() *tls.Config { return cfg }, Key: testKey, Cache: &wire.PasswordCache{},
			Lookup: func(user string, _ wire.LoginInfo) (wire.Credential, error) {
				stored, ok := users[user]
				if !ok {
					return wire.Credential{}, errors.New("no such user")
				}
				return wire.Credential{Password: stored, Schema: "home"}, nil
			},
		},
	}
	if edit != nil {
		edit(f.auth)
	}
	f.socket = filepath.Join(t.TempDir(), "s")
	f.addr = f.listen(t, "tcp", "127.0.0.1:0")
	f.listen(t, "unix", f.socket)
	return f
}

func (f *front) listen(t *testing.T, network, addr string) string {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for id := uint32(1); ; id++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { f.serve(wire.NewConn(nc), id) })
		}
	})
	return l.Addr().String()
}

func (f *front) serve(c *wire.Conn, id uint32) {
	defer c.Close()
	login, err := f.auth.Handshake(c, id)
	if err != nil {
		f.errs <- err
		return
	}
	f.logins <- login
	accept := func() error {
		return errors.Join(c.WriteMessage(&wire.OK{Status: wire.StatusAutocommit}), c.Flush())
	}
	if accept() != nil {
		return
	}
	for {
		p, err := c.ReadPacket()
		if err != nil || len(p) == 0 {
			return
		}
		switch wire.Command(p[0]) {
		case wire.ComQuery:
			w := wire.NewResultWriter(c, login.Capabilities)
			w.Columns(wire.StatusAutocommit, wire.TextColumn("query"), wire.TextColumn("null"))
			w.Row(wire.Text(string(p[1:])), wire.Value{Null: true})
			err = w.End(wire.StatusAutocommit, 0)
		case wire.ComPing:
			err = accept()
		case wire.ComChangeUser:
			if login, err = f.auth.ChangeUser(c, login, p); err == nil {
				f.logins <- login
				err = accept()
			} else {
				f.errs <- err
			}
		default:
			return
		}
		if err != nil {
			return
		}
	}
}
