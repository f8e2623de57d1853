package certs_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/certs"
)

func TestMadeOnce(t *testing.T) {
	dir := t.TempDir()
	s, err := certs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(s.Config().Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, certs.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots}); err != nil {
		t.Errorf("the server's certificate is not the authority's: %v", err)
	}
	if days := time.Until(leaf.NotAfter).Hours() / 24; days < 3649 || days > 3650 {
		t.Errorf("valid for %.1f days", days)
	}
	if leaf.Subject.CommonName != "ProxySQL_Auto_Generated_Server_Certificate" {
		t.Errorf("name %q", leaf.Subject.CommonName)
	}
	info, err := os.Stat(filepath.Join(dir, certs.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v", info.Mode())
	}
	again, err := certs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if string(again.Config().Certificates[0].Certificate[0]) != string(leaf.Raw) {
		t.Error("a second start made another certificate")
	}
}

func TestSomeFilesMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := certs.Open(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, certs.KeyFile)); err != nil {
		t.Fatal(err)
	}
	_, err := certs.Open(dir)
	if err == nil || !strings.Contains(err.Error(), "add proxysql-key.pem, or remove proxysql-ca.pem and proxysql-cert.pem") {
		t.Errorf("error %v", err)
	}
}

func TestReloadKeepsOnError(t *testing.T) {
	dir := t.TempDir()
	s, err := certs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Config()
	if err := os.WriteFile(filepath.Join(dir, certs.CertFile), []byte("junk"), 0o644); err != nil {
		t.Fatal(err)
	}
	if s.Reload() == nil {
		t.Error("junk was taken for a certificate")
	}
	if s.Config() != before {
		t.Error("the certificate in force did not stay")
	}
}
