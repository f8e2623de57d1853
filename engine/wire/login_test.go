package wire_test

import (
	"crypto/sha1"
	"crypto/tls"
	"database/sql"
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/keepsql/keepsql/engine/wire"
)

// storedSHA2 is a password "hashcat" as MySQL stores it (example hash of hashcat's mode 7401).
var storedSHA2 = func() string {
	salt, _ := hex.DecodeString("F9CC98CE08892924F50A213B6BC571A2C11778C5")
	hash, _ := hex.DecodeString("625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F")
	return "$A$005$" + string(salt) + string(hash)
}()

var users = map[string]string{
	"plain":  "secret",
	"native": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7", // "secret"
	"sha2":   storedSHA2,                                  // "hashcat"
	"none":   "",
}

func TestCheckPassword(t *testing.T) {
	cases := []struct {
		password, stored string
		want             bool
	}{
		{"secret", "secret", true},
		{"Secret", "secret", false},
		{"", "", true},
		{"x", "", false},
		{"secret", users["native"], true},
		{"secret", strings.ToLower(users["native"]), true},
		{"secret ", users["native"], false},
		{users["native"], users["native"], false},
		{"hashcat", storedSHA2, true},
		{"hashcat1", storedSHA2, false},
		{"", storedSHA2, false},
		{"*14E65567", "*14E65567", true}, // no complete hash: a plain password
		{"$A$005$abc", "$A$005$abc", true},
	}
	for _, c := range cases {
		if got := wire.CheckPassword(c.password, c.stored); got != c.want {
			t.Errorf("CheckPassword(%q, %q) = %v", c.password, c.stored, got)
		}
	}
}

// TestLogin drives our server with our client over every combination that behaves differently.
func TestLogin(t *testing.T) {
	const native, sha2 = wire.PluginNative, wire.PluginSHA2
	cases := []struct {
		name           string
		plugin         string // server's default
		network        string // tcp, tls or unix
		user, password string
		denied         string // YES or NO: the error says so
		used           string // plugin that decided
	}{
		{"plain by native", native, "tcp", "plain", "secret", "", native},
		{"plain by native, wrong", native, "tcp", "plain", "Secret", "YES", ""},
		{"plain by native, none given", native, "tcp", "plain", "", "NO", ""},
		{"hash by native", native, "tcp", "native", "secret", "", native},
		{"hash by native, wrong", native, "tls", "native", "x", "YES", ""},
		{"empty by native", native, "tcp", "none", "", "", native},
		{"empty by native, some given", native, "tcp", "none", "x", "YES", ""},
		{"unknown user", native, "unix", "nobody", "x", "YES", ""},
		{"sha2 by native: switched, RSA", native, "tcp", "sha2", "hashcat", "", sha2},
		{"sha2 by native: switched, wrong", native, "tcp", "sha2", "x", "YES", ""},
		{"plain by sha2: fast", sha2, "tcp", "plain", "secret", "", sha2},
		{"plain by sha2, wrong", sha2, "tcp", "plain", "x", "YES", ""},
		{"plain by sha2, none given", sha2, "tcp", "plain", "", "NO", ""},
		{"hash by sha2: full, RSA", sha2, "tcp", "native", "secret", "", sha2},
		{"hash by sha2: full, TLS", sha2, "tls", "native", "secret", "", sha2},
		{"hash by sha2: full, unix", sha2, "unix", "native", "secret", "", sha2},
		{"hash by sha2: full, wrong", sha2, "tls", "native", "x", "YES", ""},
		{"sha2 by sha2: full, RSA", sha2, "tcp", "sha2", "hashcat", "", sha2},
		{"sha2 by sha2: full, TLS", sha2, "tls", "sha2", "hashcat", "", sha2},
		{"sha2 by sha2: full, wrong", sha2, "unix", "sha2", "x", "YES", ""},
		{"empty by sha2", sha2, "tcp", "none", "", "", sha2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := startFront(t, c.plugin, users, nil)
			acc := &wire.Account{
				User: c.user, Password: c.password, Charset: 45, Database: "db", Capabilities: wire.CapFoundRows | wire.CapDeprecateEOF,
			}
			network, addr, host := "tcp", f.addr, "127.0.0.1"
			switch c.network {
			case "unix":
				network, addr, host = "unix", f.socket, "localhost"
			case "tls":
				acc.TLS, acc.RequireTLS = &tls.Config{InsecureSkipVerify: true}, true
			}
			cl, err := wire.Open(t.Context(), network, addr, acc, 10*time.Second)
			if c.denied != "" {
				want := &wire.Error{Code: 1045, State: "28000", Message: "ProxySQL Error: Access denied for user '" +
					c.user + "'@'" + host + "' (using password: " + c.denied + ")"}
				var got *wire.Error
				if !errors.As(err, &got) || *got != *want {
					t.Errorf("want %v, got %v", want, err)
				}
				if err := <-f.errs; !errors.As(err, &got) || *got != *want {
					t.Errorf("server returned %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			l := <-f.logins
			sum := sha1.Sum([]byte(c.password))
			if l.User != c.user || l.Schema != "db" || l.Charset != 45 || l.Plugin != c.used || l.Capabilities&wire.CapFoundRows == 0 {
				t.Errorf("login %+v", l)
			}
			switch {
			case l.PasswordKnown && l.Password != c.password:
				t.Errorf("password learnt: %q", l.Password)
			case !l.PasswordKnown && string(l.Stage1) != string(sum[:]):
				t.Errorf("neither password nor stage 1: %+v", l)
			}
			r, err := cl.Query(t.Context(), "SELECT 1")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([][]wire.Value{{{Text: "SELECT 1"}, {Null: true}}}, r.Rows); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLoginSecondTime checks that a full login is remembered: the next one is fast, and native clients can log in too.
func TestLoginSecondTime(t *testing.T) {
	f := startFront(t, wire.PluginSHA2, users, nil)
	open := func(key bool) error {
		if !key {
			f.auth.Key = nil // without a key a full login is impossible
		}
		cl, err := wire.Open(t.Context(), "tcp", f.addr, &wire.Account{User: "sha2", Password: "hashcat"}, 10*time.Second)
		if err == nil {
			cl.Close()
		}
		return err
	}
	if err := open(true); err != nil {
		t.Fatal(err)
	}
	if err := open(false); err != nil {
		t.Errorf("fast login: %v", err)
	}
	if l := <-f.logins; l.Password != "hashcat" {
		t.Errorf("first login learnt %q", l.Password)
	}
	f.auth.Cache.Clear()
	if err := open(false); err == nil {
		t.Error("full login went through without TLS and without a key")
	}
}

// TestDrivers logs in with an independent client.
func TestDrivers(t *testing.T) {
	for _, plugin := range []string{wire.PluginNative, wire.PluginSHA2} {
		f := startFront(t, plugin, users, nil)
		for _, dsn := range []string{
			"plain:secret@tcp(ADDR)/db", "native:secret@tcp(ADDR)/", "sha2:hashcat@tcp(ADDR)/db", "none@tcp(ADDR)/",
			"plain:secret@tcp(ADDR)/db?tls=skip-verify", "sha2:hashcat@unix(SOCKET)/db", "native:secret@tcp(ADDR)/?tls=skip-verify",
			"plain:secret@unix(SOCKET)/db?allowCleartextPasswords=true",
		} {
			t.Run(plugin+" "+dsn, func(t *testing.T) {
				dsn := strings.NewReplacer("ADDR", f.addr, "SOCKET", f.socket).Replace(dsn)
				db, err := sql.Open("mysql", dsn)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				var a string
				var b sql.NullString
				if err := db.QueryRow("SELECT 7").Scan(&a, &b); err != nil || a != "SELECT 7" || b.Valid {
					t.Errorf("%q %v, %v", a, b, err)
				}
				want := "db"
				if !strings.Contains(dsn, "/db") {
					want = "home"
				}
				if l := <-f.logins; l.Schema != want {
					t.Errorf("schema %q", l.Schema)
				}
			})
		}
		db, _ := sql.Open("mysql", "plain:wrong@tcp("+f.addr+")/")
		var me *driver.MySQLError
		if err := db.Ping(); !errors.As(err, &me) || me.Number != 1045 || string(me.SQLState[:]) != "28000" {
			t.Errorf("wrong password: %v", err)
		}
		db.Close()
	}
}

// TestLoginRules checks what Lookup's result can demand.
func TestLoginRules(t *testing.T) {
	own := &wire.Error{Code: 1040, State: "42000", Message: "User 'admin' can only connect locally"}
	f := startFront(t, wire.PluginNative, nil, func(a *wire.Authenticator) {
		a.Lookup = func(user string, info wire.LoginInfo) (wire.Credential, error) {
			switch user {
			case "admin":
				return wire.Credential{}, own
			case "tlsonly":
				return wire.Credential{Password: "p", RequireTLS: true}, nil
			case "cert":
				return wire.Credential{Certificate: func(st *tls.ConnectionState) error {
					if len(st.PeerCertificates) == 0 || st.PeerCertificates[0].Subject.CommonName != "test" {
						return errors.New("no")
					}
					return nil
				}}, nil
			}
			return wire.Credential{Password: "p", Data: info}, nil
		}
	})
	certFile, keyFile := writeCertificate(t)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	plainTLS := &tls.Config{InsecureSkipVerify: true}
	withCert := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}
	cases := []struct {
		name string
		acc  wire.Account
		want string // message of the error
	}{
		{"own error", wire.Account{User: "admin"}, own.Message},
		{"TLS missing", wire.Account{User: "tlsonly", Password: "p"},
			"ProxySQL Error: Access denied for user 'tlsonly' (using password: YES). SSL is required"},
		{"TLS missing, wrong password", wire.Account{User: "tlsonly", Password: "x"},
			"ProxySQL Error: Access denied for user 'tlsonly'@'127.0.0.1' (using password: YES)"},
		{"TLS given", wire.Account{User: "tlsonly", Password: "p", TLS: plainTLS}, ""},
		{"certificate missing", wire.Account{User: "cert", TLS: plainTLS},
			"ProxySQL Error: Access denied for user 'cert'@'127.0.0.1' (using password: NO)"},
		{"certificate given", wire.Account{User: "cert", TLS: withCert}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cl, err := wire.Open(t.Context(), "tcp", f.addr, &c.acc, 10*time.Second)
			var se *wire.Error
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &se) || se.Message != c.want):
				t.Errorf("want %q, got %v", c.want, err)
			}
			if err == nil {
				cl.Close()
			}
		})
	}
}

// TestLoginTimeout checks that a client that says nothing is not waited for.
func TestLoginTimeout(t *testing.T) {
	f := startFront(t, wire.PluginNative, users, func(a *wire.Authenticator) { a.Timeout = 30 * time.Millisecond })
	nc, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var ne net.Error
	if err := <-f.errs; !errors.As(err, &ne) || !ne.Timeout() {
		t.Errorf("want a timeout, got %v", err)
	}
}

// TestPreamble checks that bytes before the handshake response can be taken out, as the PROXY protocol needs.
func TestPreamble(t *testing.T) {
	const line = "PROXY TCP4 10.1.2.3 10.9.9.9 5555 3306\r\n"
	f := startFront(t, wire.PluginNative, users, func(a *wire.Authenticator) {
		a.Preamble = func(c *wire.Conn) error {
			p, err := c.Peek(len(line))
			if err != nil || string(p) != line {
				return errors.New("no PROXY line")
			}
			c.Discard(len(line))
			c.SetRemoteAddr(&net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 5555})
			return nil
		}
	})
	nc, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.Write([]byte(line))
	var se *wire.Error
	_, err = wire.Connect(wire.NewConn(nc), &wire.Account{User: "plain", Password: "x"})
	if !errors.As(err, &se) || !strings.Contains(se.Message, "'plain'@'10.1.2.3'") {
		t.Errorf("got %v", err)
	}
}

// TestTLSTogether checks a client that sends its TLS hello in the same segment as the request for TLS.
func TestTLSTogether(t *testing.T) {
	f := startFront(t, wire.PluginNative, users, nil)
	nc, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := wire.NewConn(nc)
	p, err := c.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	var g wire.Greeting
	if err := g.Decode(p); err != nil {
		t.Fatal(err)
	}
	req := wire.SSLRequest{Capabilities: g.Capabilities, Charset: 33}
	tc := tls.Client(&firstWrite{Conn: nc, before: append([]byte{32, 0, 0, 1}, req.Append(nil)...)},
		&tls.Config{InsecureSkipVerify: true})
	if err := tc.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// firstWrite puts bytes in front of the first write.
type firstWrite struct {
	net.Conn
	before []byte
}

func (f *firstWrite) Write(p []byte) (int, error) {
	n, err := f.Conn.Write(append(f.before, p...))
	n = max(0, n-len(f.before))
	f.before = nil
	return n, err
}

func TestChangeUser(t *testing.T) {
	f := startFront(t, wire.PluginNative, users, nil)
	cases := []struct {
		name string
		u    wire.ChangeUser
		code uint16
	}{
		{"asked to switch", wire.ChangeUser{User: "native", Database: "other", Charset: 255}, 0},
		{"wrong", wire.ChangeUser{User: "plain"}, 1045},
		{"sha2", wire.ChangeUser{User: "sha2"}, 0},
		{"unknown", wire.ChangeUser{User: "nobody"}, 1045},
	}
	passwords := map[string]string{"native": "secret", "plain": "wrong", "sha2": "hashcat"}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			c, info, err := wire.Dial(t.Context(), "unix", f.socket, &wire.Account{User: "plain", Password: "secret"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			<-f.logins
			k.u.Plugin = wire.PluginNative
			err = wire.SendChangeUser(c, info, &wire.Account{
				User: k.u.User, Password: passwords[k.u.User], Database: k.u.Database, Charset: k.u.Charset,
			})
			var se *wire.Error
			if k.code != 0 {
				if !errors.As(err, &se) || se.Code != k.code {
					t.Errorf("want %d, got %v", k.code, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := k.u.Database
			if want == "" {
				want = "home"
			}
			if l := <-f.logins; l.User != k.u.User || l.Schema != want || k.u.Charset != 0 && l.Charset != k.u.Charset {
				t.Errorf("login %+v", l)
			}
		})
	}
}
