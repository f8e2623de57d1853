package admin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/wire"
)

// certificate makes a TLS configuration with a certificate of its own.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestLogins(t *testing.T) {
	n := start(t, setup{memory: true, file: variables(
		"admin-admin_credentials", "admin:secret;dba:p:w;bare;open:;cluster_user:cluster_pass",
		"admin-stats_credentials", "stats:s;dba:other",
		"mysql-monitor_username", "watcher", "mysql-monitor_password", "w",
	)})
	f := func(user, password, want string) {
		t.Helper()
		c, err := n.login(user, password)
		got := ""
		if e, ok := errors.AsType[*wire.Error](err); ok {
			got = e.State + " " + e.Message
		} else if err != nil {
			got = err.Error()
		} else {
			got = (&client{c, t}).text("SELECT DATABASE()")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s/%s: %s", user, password, diff)
		}
	}
	f("admin", "secret", "admin")
	f("dba", "p:w", "admin")
	f("open", "", "admin")
	f("bare", "", "28000 ProxySQL Error: Access denied for user 'bare'@'127.0.0.1' (using password: NO)")
	f("cluster_user", "cluster_pass", "admin")
	f("stats", "s", "stats")
	f("watcher", "w", "stats")
	f("admin", "admin", "28000 ProxySQL Error: Access denied for user 'admin'@'127.0.0.1' (using password: YES)")
	f("admin", "", "28000 ProxySQL Error: Access denied for user 'admin'@'127.0.0.1' (using password: NO)")
	f("nobody", "x", "28000 ProxySQL Error: Access denied for user 'nobody'@'127.0.0.1' (using password: YES)")
	f("", "", "28000 ProxySQL Error: Access denied for user ''@'127.0.0.1' (using password: NO)")
	if want := "ProxySQL Error: Access denied for user 'nobody'@'127.0.0.1' (using password: YES)"; !strings.Contains(n.log.String(), want) {
		t.Errorf("log lacks %q", want)
	}
}

// A user of the proxy with the name of an admin account does not lock it out, and a new password counts at once.
func TestAccountsChangeLive(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	c.do("INSERT INTO mysql_users(username,password) VALUES('admin','other')")
	c.do("LOAD MYSQL USERS TO RUNTIME")
	n.admin()
	c.do("SET admin-admin_credentials='admin:ADMIN'")
	n.admin()
	c.do("LOAD ADMIN VARIABLES TO RUNTIME")
	if _, err := n.login("admin", "admin"); err == nil {
		t.Error("the old password is still taken")
	}
	if _, err := n.login("admin", "ADMIN"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if got := c.text("SELECT 1"); got != "1" {
		t.Errorf("open session: %q", got)
	}
}

func TestGreeting(t *testing.T) {
	for name, cfg := range map[string]*tls.Config{"plain": nil, "tls": certificate(t)} {
		n := start(t, setup{memory: true, tls: cfg})
		nc, err := net.Dial("tcp", n.address())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		var got wire.Greeting
		p, err := wire.NewConn(nc).ReadPacket()
		if err == nil {
			err = got.Decode(p)
		}
		if err != nil {
			t.Fatal(err)
		}
		want := wire.Greeting{
			Version: "8.0.11", ConnectionID: 1, Capabilities: 0x808ffa2f &^ wire.CapCompress, Charset: 33, Status: 2,
			Plugin: "mysql_native_password", Scramble: got.Scramble, MariaDBCaps: got.MariaDBCaps,
		}
		if cfg == nil {
			want.Capabilities &^= wire.CapSSL
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLoginStatus(t *testing.T) {
	n := start(t, setup{memory: true})
	if got := n.admin().Server().Status; got != 514 {
		t.Errorf("status of the login's OK: %d", got)
	}
}

// The names everybody knows may come from this host only.
func TestLocalOnly(t *testing.T) {
	n := start(t, setup{memory: true, file: variables("admin-admin_credentials", "admin:admin;dba:dba"),
		options: func(o *admin.Options) { o.Interfaces = "0.0.0.0:0" }})
	_, port, _ := net.SplitHostPort(n.Addrs()[0].String())
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		ip, isNet := a.(*net.IPNet)
		if !isNet || ip.IP.To4() == nil || ip.IP.IsLoopback() {
			continue
		}
		address := net.JoinHostPort(ip.IP.String(), port)
		for user, want := range map[string]string{"admin": "server error 1040 (42000): User 'admin' can only connect locally", "stats": "server error 1040 (42000): User 'stats' can only connect locally", "dba": ""} {
			_, err := dial(t, "tcp", address, &wire.Account{User: user, Password: user})
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s from %s: %v", user, ip.IP, err)
			}
		}
		return
	}
	t.Skip("this host has no address but loopback")
}

func TestInterfacesChangeLive(t *testing.T) {
	sock := filepath.Join(t.TempDir(), "admin.sock")
	n := start(t, setup{memory: true, file: variables("admin-mysql_ifaces", "127.0.0.1:0;[::1]:0;"+sock),
		options: func(o *admin.Options) { o.Interfaces = "" }})
	if got := len(n.Addrs()); got != 3 {
		t.Fatalf("%d listeners: %v", got, n.Addrs())
	}
	c, err := dial(t, "unix", sock, &wire.Account{User: "admin", Password: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	local := &client{c, t}
	if got := local.text("SELECT USER()"); got != "admin@localhost" {
		t.Errorf("through the socket: %q", got)
	}
	local.do("SET admin-mysql_ifaces='127.0.0.1:0'")
	local.do("LOAD ADMIN VARIABLES TO RUNTIME")
	if got := len(n.Addrs()); got != 1 {
		t.Errorf("%d listeners after the change: %v", got, n.Addrs())
	}
	if _, err := dial(t, "unix", sock, &wire.Account{User: "admin", Password: "admin"}); err == nil {
		t.Error("the socket that was taken out of the list still accepts")
	}
	if got := local.text("SELECT 1"); got != "1" {
		t.Errorf("open session: %q", got)
	}
}

func TestTLS(t *testing.T) {
	n := start(t, setup{memory: true, tls: certificate(t)})
	acc := &wire.Account{User: "admin", Password: "admin", TLS: &tls.Config{InsecureSkipVerify: true}, RequireTLS: true}
	c, err := dial(t, "tcp", n.address(), acc)
	if err != nil {
		t.Fatal(err)
	}
	if got := (&client{c, t}).text("SELECT 1"); got != "1" || c.Conn().TLS() == nil {
		t.Errorf("%q, TLS %v", got, c.Conn().TLS())
	}
}

func TestChangeUser(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	c.Conn().SetDeadline(time.Now().Add(patience))
	if err := wire.SendChangeUser(c.Conn(), c.Server(), &wire.Account{User: "stats", Password: "stats"}); err != nil {
		t.Fatal(err)
	}
	if got := c.text("SELECT USER()") + " " + c.text("SELECT password FROM mysql_users"); !strings.HasPrefix(got, "stats@127.0.0.1 ProxySQL Admin Error: access to") {
		t.Errorf("after COM_CHANGE_USER: %q", got)
	}
}
