package certs

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// lifetime of a certificate that is made.
const lifetime = 3650 * 24 * time.Hour

// Names in the certificates that are made, which clients of ProxySQL may look for.
const (
	caName     = "ProxySQL_Auto_Generated_CA_Certificate"
	serverName = "ProxySQL_Auto_Generated_Server_Certificate"
)

// generate makes an authority and a server certificate with one key, as upstream does.
func generate(dir string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	now := time.Now()
	ca := template(caName, now)
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		return err
	}
	server := template(serverName, now)
	server.SerialNumber.Add(server.SerialNumber, big.NewInt(1)) // the two must differ for one issuer
	server.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, ca, &key.PublicKey, key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name, kind string
		der        []byte
		mode       os.FileMode
	}{
		{CAFile, "CERTIFICATE", caDER, 0o644},
		{CertFile, "CERTIFICATE", serverDER, 0o644},
		{KeyFile, "PRIVATE KEY", keyDER, 0o600},
	} {
		text := pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.der})
		if err := os.WriteFile(filepath.Join(dir, f.name), text, f.mode); err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	return nil
}

func template(name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:       big.NewInt(now.Unix()),
		Subject:            pkix.Name{CommonName: name},
		NotBefore:          now.Add(-time.Minute), // for peers whose clock is behind
		NotAfter:           now.Add(lifetime),
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
}
