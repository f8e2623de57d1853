package hostgroup_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

// authority signs certificates, and lists of those it takes back.
type authority struct {
	t    *testing.T
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T, dir, name string) *authority {
	a := &authority{t: t, dir: dir}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, _ = x509.ParseCertificate(der)
	a.write(name+".pem", "CERTIFICATE", der)
	return a
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// issue makes a certificate and its key.
func (a *authority) issue(name string, serial int64) (cert, key string) {
	k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &k.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	text, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".pem", "CERTIFICATE", der), a.write(name+"-key.pem", "EC PRIVATE KEY", text)
}

func (a *authority) revoke(name string, serials ...int64) string {
	l := &x509.RevocationList{Number: big.NewInt(1), NextUpdate: time.Now().Add(time.Hour)}
	for _, s := range serials {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name, "X509 CRL", der)
}

// TestTLS: how a server is spoken to is decided by its row of mysql_servers_ssl_params for the user, else by that for
// everybody, else by the mysql-ssl_p2s_ variables.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, stranger := newAuthority(t, dir, "ca"), newAuthority(t, dir, "stranger")
	cert, key := ca.issue("server", 7)
	mine, mineKey := ca.issue("client", 8)
	roots := filepath.Join(dir, "roots")
	if err := os.Mkdir(roots, 0o700); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(roots, "0123abcd.0"), pem, 0o600); err != nil {
		t.Fatal(err)
	}
	s := mariadbtest.Start(t, mariadbtest.Opts{
		Args: []string{"--ssl-cert=" + cert, "--ssl-key=" + key, "--ssl-ca=" + filepath.Join(dir, "ca.pem")},
		SQL:  []string{"CREATE USER app@'%' IDENTIFIED BY 'app' REQUIRE SSL", "CREATE USER strict@'%' IDENTIFIED BY 'app' REQUIRE X509"},
	})
	caFile, strangerFile := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "stranger.pem")
	_ = stranger
	type params map[string]string
	for _, c := range []struct {
		name     string
		global   map[string]string
		rows     []params
		user     string
		version  uint16
		refusal  string // part of it; "" for a connection
		plain    bool   // use_ssl=0
		wantCode uint16
	}{
		{name: "anybody", version: tls.VersionTLS13},
		{name: "without TLS", plain: true, wantCode: 1045},
		{name: "known authority", global: map[string]string{"mysql-ssl_p2s_ca": caFile}, version: tls.VersionTLS13},
		{name: "directory", global: map[string]string{"mysql-ssl_p2s_capath": roots}, version: tls.VersionTLS13},
		{name: "unknown authority", global: map[string]string{"mysql-ssl_p2s_ca": strangerFile}, refusal: "unknown authority"},
		{name: "no such file", global: map[string]string{"mysql-ssl_p2s_ca": "/nowhere"}, refusal: "no such file"},
		{name: "row before variables", global: map[string]string{"mysql-ssl_p2s_ca": strangerFile}, rows: []params{{"ssl_ca": caFile}}, version: tls.VersionTLS13},
		{name: "row of another server", global: map[string]string{"mysql-ssl_p2s_ca": strangerFile}, rows: []params{{"hostname": "other", "ssl_ca": caFile}}, refusal: "unknown authority"},
		{name: "row of the user", rows: []params{{"ssl_ca": strangerFile}, {"username": "app", "ssl_ca": caFile}}, version: tls.VersionTLS13},
		{name: "row of another user", rows: []params{{"ssl_ca": caFile}, {"username": "you", "ssl_ca": strangerFile}}, version: tls.VersionTLS13},
		{name: "versions", rows: []params{{"tls_version": "TLSv1.2"}}, version: tls.VersionTLS12},
		{name: "wrong versions", rows: []params{{"tls_version": "SSLv3"}}, refusal: "want a list of"},
		{name: "ciphers", rows: []params{{"tls_version": "TLSv1.2", "ssl_cipher": "NO-SUCH:ECDHE-ECDSA-AES256-GCM-SHA384"}}, version: tls.VersionTLS12},
		{name: "wrong ciphers", rows: []params{{"ssl_cipher": "NO-SUCH"}}, refusal: "none of them is known"},
		{name: "revoked", rows: []params{{"ssl_ca": caFile, "ssl_crl": ca.revoke("crl", 7)}}, refusal: "number 7 was revoked"},
		{name: "other revoked", rows: []params{{"ssl_ca": caFile, "ssl_crl": ca.revoke("crl2", 70)}}, version: tls.VersionTLS13},
		{name: "no certificate", user: "strict", wantCode: 1045},
		{name: "own certificate", user: "strict", rows: []params{{"ssl_cert": mine, "ssl_key": mineKey}}, version: tls.VersionTLS13},
	} {
		t.Run(c.name, func(t *testing.T) {
			variables := map[string]string{"mysql-connect_retries_on_failure": "0"}
			for k, v := range c.global {
				variables[k] = v
			}
			f := manager(t, variables)
			f.useTLS = !c.plain
			var rows []map[string]string
			for _, p := range c.rows {
				r := map[string]string{"hostname": "127.0.0.1", "port": s.Addr[strings.Index(s.Addr, ":")+1:]}
				for k, v := range p {
					r[k] = v
				}
				rows = append(rows, r)
			}
			f.table("mysql_servers_ssl_params", rows...)
			f.load(row{1, s.Port, 1, 10, ""})
			r := app(1)
			if c.user != "" {
				r.Login.User = c.user
			}
			if c.refusal != "" || c.wantCode != 0 {
				if e := f.refusal(r); !strings.Contains(e.Message, c.refusal) || c.wantCode != 0 && e.Code != c.wantCode {
					t.Errorf("got %v", e)
				}
				return
			}
			conn := f.acquire(r)
			if st := conn.TLS(); st == nil || st.Version != c.version {
				t.Errorf("TLS: %+v", st)
			}
			checkKill(t, f, conn)
		})
	}
}

// checkKill sees that a statement can be ended over TLS too.
func checkKill(t *testing.T, f *fixture, c *hostgroup.Conn) {
	if err := c.WriteCommand(3, "DO SLEEP(300)"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	f.Kill(c, false)
	c.SetDeadline(time.Now().Add(patience))
	_, err := c.ReadPacket()
	if ne, ok := err.(interface{ Timeout() bool }); ok && ne.Timeout() {
		t.Error("the connection was not killed")
	}
	f.Discard(c)
}
