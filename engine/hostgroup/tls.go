package hostgroup

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// tlsFiles says how to speak TLS to a server: the mysql-ssl_p2s_ variables, or a row of mysql_servers_ssl_params.
type tlsFiles struct {
	ca, capath, cert, key, crl, crlpath string // paths
	cipher                              string // names of OpenSSL, with ":" between them
	versions                            string // "TLSv1.2,TLSv1.3"
}

// tlsChoice is what became of tlsFiles.
type tlsChoice struct {
	config *tls.Config
	err    error // why there is none
}

// tlsFor is how to connect to a server as a user; nil for without TLS.
func (s *Server) tlsFor(user string, set *settings) (*tls.Config, error) {
	conf := s.conf.Load()
	if !conf.useTLS {
		return nil, nil
	}
	choice, ok := conf.tls[user]
	if !ok {
		choice, ok = conf.tls[""]
	}
	if !ok {
		choice = set.tls
	}
	return choice.config, choice.err
}

// TLS is how to connect to a server as a user, for connections that are not the manager's; nil for without TLS. A host that
// is in several hostgroups is connected to with TLS if any of them wants it.
func (m *Manager) TLS(host string, port int, user string) (*tls.Config, error) {
	for _, s := range m.hosts(host, port) {
		if cfg, err := s.tlsFor(user, m.settings.Load()); cfg != nil || err != nil {
			return cfg, err
		}
	}
	return nil, nil
}

func globalTLS(v layers.Variables) tlsChoice {
	f := tlsFiles{
		ca: v.String("mysql-ssl_p2s_ca"), capath: v.String("mysql-ssl_p2s_capath"),
		cert: v.String("mysql-ssl_p2s_cert"), key: v.String("mysql-ssl_p2s_key"),
		crl: v.String("mysql-ssl_p2s_crl"), crlpath: v.String("mysql-ssl_p2s_crlpath"), cipher: v.String("mysql-ssl_p2s_cipher"),
	}
	return f.choice("the mysql-ssl_p2s_ variables")
}

// serverTLS reads mysql_servers_ssl_params, by host and port, then user.
func serverTLS(rows *schema.Rows) map[Key]map[string]tlsChoice {
	out := map[Key]map[string]tlsChoice{}
	if rows == nil {
		return out
	}
	for i := range rows.Rows {
		r := row{rows, i}
		f := tlsFiles{
			ca: r.text("ssl_ca"), capath: r.text("ssl_capath"), cert: r.text("ssl_cert"), key: r.text("ssl_key"),
			crl: r.text("ssl_crl"), crlpath: r.text("ssl_crlpath"), cipher: r.text("ssl_cipher"), versions: r.text("tls_version"),
		}
		at := Key{Host: r.text("hostname"), Port: r.number("port")}
		if out[at] == nil {
			out[at] = map[string]tlsChoice{}
		}
		out[at][r.text("username")] = f.choice("mysql_servers_ssl_params of " + at.String())
	}
	return out
}

func (f tlsFiles) choice(where string) tlsChoice {
	cfg, err := f.read()
	if err != nil {
		return tlsChoice{err: fmt.Errorf("prepare TLS by %s: %w", where, err)}
	}
	return tlsChoice{config: cfg}
}

// read makes a configuration. Like upstream it checks no host names; with a CA the chain is checked.
func (f tlsFiles) read() (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	var err error
	if cfg.MinVersion, cfg.MaxVersion, err = tlsVersions(f.versions); err != nil {
		return nil, err
	}
	if cfg.CipherSuites, err = tlsCiphers(f.cipher); err != nil {
		return nil, err
	}
	if f.cert != "" && f.key != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("read certificate %s: %w", f.cert, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	var c chain
	if err := errors.Join(eachFile(f.ca, f.capath, c.addCA), eachFile(f.crl, f.crlpath, c.addCRL)); err != nil {
		return nil, err
	}
	if c.roots != nil || len(c.revoked) > 0 {
		cfg.VerifyConnection = c.check
	}
	return cfg, nil
}

// eachFile reads a file and the files of a directory; an empty name is none. In a directory, what is not of the kind is
// passed over.
func eachFile(file, dir string, add func(content []byte) error) error {
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := add(content); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
	}
	if dir == "" {
		return nil
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	found := false
	for _, e := range list {
		if content, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil && add(content) == nil {
			found = true
		}
	}
	if !found {
		return fmt.Errorf("read directory %s: nothing usable in it", dir)
	}
	return nil
}

// chain is what a server's certificate is checked against.
type chain struct {
	roots   *x509.CertPool      // nil: anybody will do
	revoked map[string]struct{} // issuer and serial number
}

func (c *chain) addCA(content []byte) error {
	if c.roots == nil {
		c.roots = x509.NewCertPool()
	}
	if !c.roots.AppendCertsFromPEM(content) {
		return errors.New("no certificate in it")
	}
	return nil
}

func (c *chain) addCRL(content []byte) error {
	if b, _ := pem.Decode(content); b != nil {
		content = b.Bytes
	}
	list, err := x509.ParseRevocationList(content)
	if err != nil {
		return err
	}
	if c.revoked == nil {
		c.revoked = map[string]struct{}{}
	}
	for _, e := range list.RevokedCertificateEntries {
		c.revoked[string(list.RawIssuer)+"/"+e.SerialNumber.String()] = struct{}{}
	}
	return nil
}

func (c *chain) check(st tls.ConnectionState) error {
	if len(st.PeerCertificates) == 0 {
		return errors.New("check server certificate: none sent")
	}
	for _, cert := range st.PeerCertificates {
		if _, gone := c.revoked[string(cert.RawIssuer)+"/"+cert.SerialNumber.String()]; gone {
			return fmt.Errorf("check server certificate: number %s was revoked", cert.SerialNumber)
		}
	}
	if c.roots == nil {
		return nil
	}
	o := x509.VerifyOptions{Roots: c.roots, Intermediates: x509.NewCertPool()}
	for _, cert := range st.PeerCertificates[1:] {
		o.Intermediates.AddCert(cert)
	}
	if _, err := st.PeerCertificates[0].Verify(o); err != nil {
		return fmt.Errorf("check server certificate: %w", err)
	}
	return nil
}

// tlsVersions reads a list like "TLSv1.2,TLSv1.3"; nothing is 1.2 and later.
func tlsVersions(list string) (low, high uint16, err error) {
	low = tls.VersionTLS12
	known := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.0": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11,
		"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	for i, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == ':' }) {
		v, ok := known[name]
		if !ok {
			return 0, 0, fmt.Errorf("read tls_version %q: want a list of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", list)
		}
		if i == 0 {
			low, high = v, v
		}
		low, high = min(low, v), max(high, v)
	}
	return low, high, nil
}
