// Package certs keeps the node's certificate, by ProxySQL's rules for the data directory:
//
//  1. proxysql-ca.pem, proxysql-cert.pem and proxysql-key.pem are used where all three exist;
//  2. where none exists they are made, once: RSA 2048, SHA-256, valid for 3650 days;
//  3. where some exist and some do not, nothing is guessed: that is an error;
//  4. Reload reads them again; on an error the certificate in force stays.
//
// Clients are asked for a certificate and any is taken, as upstream does: who verifies one
// does so by what it says.
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Names of the files in the data directory.
const (
	CAFile   = "proxysql-ca.pem"
	CertFile = "proxysql-cert.pem"
	KeyFile  = "proxysql-key.pem"
)

// Store is the certificate in force. Its methods may be called from any goroutine.
type Store struct {
	dir    string
	config atomic.Pointer[tls.Config]
}

// Open loads the certificate of a data directory, making it where there is none.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir}
	var missing, present []string
	for _, name := range []string{CAFile, CertFile, KeyFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			present = append(present, name)
		} else if errors.Is(err, os.ErrNotExist) {
			missing = append(missing, name)
		} else {
			return nil, fmt.Errorf("open certificate: %w", err)
		}
	}
	switch {
	case len(present) == 0:
		if err := generate(dir); err != nil {
			return nil, fmt.Errorf("make certificate in %s: %w", dir, err)
		}
	case len(missing) > 0:
		return nil, fmt.Errorf("only some TLS files are present in %s: add %s, or remove %s to have all three made",
			dir, strings.Join(missing, " and "), strings.Join(present, " and "))
	}
	return s, s.Reload()
}

// Reload reads the files again. On an error the certificate in force stays.
func (s *Store) Reload() error {
	pair, err := tls.LoadX509KeyPair(filepath.Join(s.dir, CertFile), filepath.Join(s.dir, KeyFile))
	if err != nil {
		return fmt.Errorf("load certificate of %s: %w", s.dir, err)
	}
	s.config.Store(&tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequestClientCert,
		MinVersion:   tls.VersionTLS12,
	})
	return nil
}

// Config is what a server of this node offers. It must not be changed.
func (s *Store) Config() *tls.Config { return s.config.Load() }
