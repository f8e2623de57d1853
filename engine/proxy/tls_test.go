package proxy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// TestTLSReload puts another certificate into force: new connections get it, old ones go on.
func TestTLSReload(t *testing.T) {
	var config atomic.Pointer[tls.Config]
	config.Store(certificate(t, "first"))
	n := startTLS(t, config.Load, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )", writerPort(t)))
	names := func() (*wire.Conn, string) {
		t.Helper()
		nc, err := net.Dial("tcp", n.tcp())
		if err != nil {
			t.Fatal(err)
		}
		c := wire.NewConn(nc)
		t.Cleanup(func() { c.Kill() })
		c.SetDeadline(time.Now().Add(patience))
		acc := &wire.Account{User: "app", Password: "app_pass", TLS: &tls.Config{InsecureSkipVerify: true}, RequireTLS: true}
		if _, err := wire.Connect(c, acc); err != nil {
			t.Fatal(err)
		}
		return c, c.TLS().PeerCertificates[0].Subject.CommonName
	}
	old, name := names()
	if name != "first" {
		t.Errorf("certificate %q", name)
	}
	config.Store(certificate(t, "second"))
	if _, name := names(); name != "second" {
		t.Errorf("certificate after the reload: %q", name)
	}
	if got := ask(t, old, wire.ComQuery, "SELECT 1", 0); got[0][0] != 1 {
		t.Errorf("a session of before: %q", got)
	}
}

func writerPort(t *testing.T) int {
	t.Helper()
	needServers(t)
	return writer.Port
}

func certificate(t *testing.T, name string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
