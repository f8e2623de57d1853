package certs_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

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

// TestWatch replaces the files in the ways of people: one after the other, by renaming, with junk in between.
func TestWatch(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	s, err := certs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { s.Watch(ctx, zerolog.Nop()) })
	defer watching.Wait()
	defer stop()
	time.Sleep(50 * time.Millisecond) // for the watch to stand
	next, err := certs.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	before, want := s.Config(), next.Config().Certificates[0].Certificate[0]
	if err := os.WriteFile(filepath.Join(dir, certs.CertFile), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if s.Config() != before {
		t.Error("the certificate in force did not stay")
	}
	for _, name := range []string{certs.CertFile, certs.KeyFile} {
		b, err := os.ReadFile(filepath.Join(other, name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(file+".new", b, 0o600), os.Rename(file+".new", file)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Millisecond) // the first alone does not fit
	}
	for deadline := time.Now().Add(10 * time.Second); !bytes.Equal(s.Config().Certificates[0].Certificate[0], want); {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not in force")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
