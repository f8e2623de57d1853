package proxy

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"regexp"
	"strings"

	"github.com/keepsql/keepsql/conf/iface"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/wire"
)

// upperCapabilities are announced (with a few of the lower half) whatever mysql-server_capabilities says, which covers the lower half only.
const upperCapabilities = wire.CapMultiStatements | wire.CapMultiResults | wire.CapPSMultiResults | wire.CapPluginAuth |
	wire.CapSessionTrack | wire.CapRememberOptions

// authenticator makes the login of clients from the variables.
func (p *Proxy) authenticator(v layers.Variables, set *settings) *wire.Authenticator {
	caps := wire.Capability(v.Int("mysql-server_capabilities"))&0xffff | wire.CapProtocol41 | wire.CapSecureConnection |
		wire.CapConnectWithDB | wire.CapLongFlag | wire.CapIgnoreSigpipe | wire.CapReserved | upperCapabilities
	caps &^= wire.CapLocalFiles | wire.CapCompress
	if v.Bool("mysql-have_compress") {
		caps |= wire.CapCompress
	}
	if set.loadLocal {
		caps |= wire.CapLocalFiles
	}
	if v.Bool("mysql-enable_client_deprecate_eof") {
		caps |= wire.CapDeprecateEOF
	}
	a := &wire.Authenticator{
		Version: set.serverVersion, Capabilities: caps, Charset: set.collation.ID, Status: wire.StatusAutocommit,
		Plugin:  v.String("mysql-default_authentication_plugin"),
		Lookup:  p.lookup,
		Cache:   &p.passwords,
		Timeout: set.connectTimeout,
		Key:     p.key,
	}
	networks, _ := iface.ParseNetworks(v.String("mysql-proxy_protocol_networks")) // the variable takes nothing else
	a.Preamble = p.preamble(networks)
	if v.Bool("mysql-have_ssl") || a.Plugin == wire.PluginSHA2 {
		a.TLS = p.tls
	}
	return a
}

// key is the key of the TLS certificate, which also serves for passwords sent without TLS.
func (p *Proxy) key() *rsa.PrivateKey {
	if p.tls == nil {
		return nil
	}
	cfg := p.tls()
	if cfg == nil || len(cfg.Certificates) == 0 {
		return nil
	}
	k, _ := cfg.Certificates[0].PrivateKey.(*rsa.PrivateKey)
	return k
}

var errUnknownUser = errors.New("user unknown")

// lookup is the Authenticator's view of mysql_users.
func (p *Proxy) lookup(name string, _ wire.LoginInfo) (wire.Credential, error) {
	u := p.users.find(name)
	if u == nil {
		return wire.Credential{}, errUnknownUser
	}
	c := wire.Credential{Password: u.password, Schema: u.defaultSchema, RequireTLS: u.useTLS, Data: u}
	if c.Schema == "" {
		c.Schema = p.settings.Load().defaultSchema
	}
	if u.spiffe != "" {
		c.Certificate = func(st *tls.ConnectionState) error { return checkSpiffe(u.spiffe, st) }
	}
	return c, nil
}

// checkSpiffe compares the URI of a client's certificate with spiffe_id, which is a regular expression after a '!'.
func checkSpiffe(id string, st *tls.ConnectionState) error {
	if len(st.PeerCertificates) == 0 {
		return errors.New("check spiffe_id: no client certificate")
	}
	for _, uri := range uris(st.PeerCertificates[0]) {
		pattern, isPattern := strings.CutPrefix(id, "!")
		if !isPattern && uri == id {
			return nil
		}
		if re, err := regexp.Compile("^(?:" + pattern + ")$"); isPattern && err == nil && re.MatchString(uri) {
			return nil
		}
	}
	return errors.New("check spiffe_id: certificate is for somebody else")
}

func uris(c *x509.Certificate) []string {
	var out []string
	for _, u := range c.URIs {
		out = append(out, u.String())
	}
	return out
}
