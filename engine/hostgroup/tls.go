package hostgroup

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/keepsql/keepsql/conf/layers"
)

// backendTLS reads the mysql-ssl_p2s_* files. Like upstream it checks no host names; with a CA the chain is checked.
func backendTLS(v layers.Variables) (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	if ca := v.String("mysql-ssl_p2s_ca"); ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("read mysql-ssl_p2s_ca: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read mysql-ssl_p2s_ca: no certificate in %s", ca)
		}
		cfg.VerifyConnection = func(st tls.ConnectionState) error { return checkChain(pool, st) }
	}
	cert, key := v.String("mysql-ssl_p2s_cert"), v.String("mysql-ssl_p2s_key")
	if cert != "" && key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("read mysql-ssl_p2s_cert: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

func checkChain(roots *x509.CertPool, st tls.ConnectionState) error {
	if len(st.PeerCertificates) == 0 {
		return errors.New("check server certificate: none sent")
	}
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range st.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	if _, err := st.PeerCertificates[0].Verify(o); err != nil {
		return fmt.Errorf("check server certificate: %w", err)
	}
	return nil
}
