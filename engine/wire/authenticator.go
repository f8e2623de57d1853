package wire

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// loginLimit bounds packets of clients that are not authenticated yet, in bytes. Connection attributes may take 64 KiB.
const loginLimit = 256 << 10

// Authenticator is the server's side of logins. Its fields are set before the first use and not changed afterwards; then it
// is safe for concurrent use by any number of connections.
//
// A login runs: greeting → (PROXY header) → (TLS) → handshake response → Lookup → (switch to another plugin) → password
// check → the caller's OK or error.
type Authenticator struct {
	Version      string     // server version announced to clients
	Capabilities Capability // offered; CapSSL is added or removed according to TLS
	Charset      byte       // collation id announced, and used for clients that name none
	Status       uint16     // status flags announced
	Plugin       string     // default plugin: PluginNative or PluginSHA2

	// TLS returns the configuration for a new TLS session, nil while TLS is off. A nil function is off for ever.
	TLS func() *tls.Config
	// Key returns the key by which clients without TLS encrypt passwords for full caching_sha2_password logins, nil for
	// none: then such logins fail.
	Key func() *rsa.PrivateKey
	// Lookup returns what is stored about a user. An error that is (or wraps) *Error goes to the client as it is, any
	// other becomes 1045.
	Lookup func(user string, info LoginInfo) (Credential, error)
	// Preamble, if set, runs between greeting and response. It may Peek and Discard bytes and SetRemoteAddr: the PROXY
	// protocol. Its error ends the login silently.
	Preamble func(*Conn) error
	// Cache keeps passwords learnt by full logins; nil for none.
	Cache *PasswordCache
	// Timeout bounds the whole login; 0 for no bound (upstream's mysql-connect_timeout_client is 10 s).
	Timeout time.Duration
}

// LoginInfo is what is known of a client before its password is checked.
type LoginInfo struct {
	Remote     net.Addr
	TLS        *tls.ConnectionState // nil without TLS
	Schema     string               // as the client named it
	Charset    uint16               // collation id, the default if the client named none
	Attributes []Attribute
	ChangeUser bool // a COM_CHANGE_USER on an open connection
}

// Credential is what is stored about a user.
type Credential struct {
	Password   string // empty, plain, "*" + 40 hex digits, or "$A$005$…"
	Schema     string // used when the client names none
	RequireTLS bool   // refuse the login without TLS, after the password was checked
	// Certificate, if set, decides in place of the password: the login needs TLS and a nil result. COM_CHANGE_USER to
	// such a user is refused.
	Certificate func(*tls.ConnectionState) error
	Data        any // the caller's own, carried into Login
}

// Login is an authenticated client.
type Login struct {
	User         string
	Schema       string // may be empty
	Charset      uint16
	Capabilities Capability // what both sides want
	Attributes   []Attribute
	Plugin       string // plugin that decided; empty if a certificate did
	Credential   Credential

	// Password is the clear password, if PasswordKnown. Otherwise Stage1, if not nil, is SHA1(password), enough to log in
	// to servers by mysql_native_password.
	Password      string
	PasswordKnown bool
	Stage1        []byte

	scramble Scramble // of the greeting, used again by COM_CHANGE_USER
}

// Handshake logs a new client in. On success the caller answers with OK (c.WriteMessage and c.Flush) or with an error of its
// own, as after a check of connection limits. When the login is denied the client has been told, and the *Error is returned;
// any other error means that the connection broke or the client does not speak the protocol. In every error case the caller
// closes c.
func (a *Authenticator) Handshake(c *Conn, id uint32) (*Login, error) {
	limit := c.limit
	c.SetLimit(min(limit, loginLimit))
	if a.Timeout > 0 {
		c.SetDeadline(time.Now().Add(a.Timeout))
	}
	l, err := a.handshake(c, id)
	if err != nil {
		return nil, err
	}
	c.SetLimit(limit)
	if a.Timeout > 0 {
		c.SetDeadline(time.Time{})
	}
	return l, nil
}

func (a *Authenticator) handshake(c *Conn, id uint32) (*Login, error) {
	cfg := a.tlsConfig()
	g := Greeting{
		Version: a.Version, ConnectionID: id, Capabilities: a.Capabilities &^ CapSSL,
		Charset: a.Charset, Status: a.Status, Plugin: a.Plugin, Scramble: NewScramble(),
	}
	if cfg != nil {
		g.Capabilities |= CapSSL
	}
	c.BeginCommand()
	if err := errors.Join(c.WriteMessage(&g), c.Flush()); err != nil {
		return nil, fmt.Errorf("greet client: %w", err)
	}
	if a.Preamble != nil {
		if err := a.Preamble(c); err != nil {
			return nil, err
		}
	}
	p, err := a.readResponse(c, cfg)
	if err != nil {
		return nil, err
	}
	var r HandshakeResponse
	if err := r.Decode(p); err != nil {
		return nil, err
	}
	l := &Login{
		User: r.User, Schema: r.Database, Charset: uint16(r.Charset), Attributes: r.Attributes,
		Capabilities: r.Capabilities & g.Capabilities, scramble: g.Scramble,
	}
	if l.Capabilities&CapMultiStatements != 0 {
		l.Capabilities |= CapMultiResults
	}
	e := exchange{a: a, c: c, login: l, plugin: r.Plugin, auth: bytes.Clone(r.Auth)}
	if r.Capabilities&CapPluginAuth == 0 {
		e.plugin = PluginNative
	}
	return e.run()
}

func (a *Authenticator) tlsConfig() *tls.Config {
	if a.TLS == nil {
		return nil
	}
	return a.TLS()
}

// readResponse returns the payload of the handshake response, after a TLS handshake if the client asks for one.
func (a *Authenticator) readResponse(c *Conn, cfg *tls.Config) ([]byte, error) {
	p, err := c.ReadPacket()
	if err != nil {
		return nil, fmt.Errorf("read handshake response: %w", err)
	}
	if !IsSSLRequest(p) {
		return p, nil
	}
	if cfg == nil {
		return nil, fmt.Errorf("read handshake response: TLS requested but not offered: %w", ErrMalformed)
	}
	if err := c.ServeTLS(cfg); err != nil {
		return nil, err
	}
	if p, err = c.ReadPacket(); err != nil {
		return nil, fmt.Errorf("read handshake response: %w", err)
	}
	return p, nil
}

// ChangeUser runs a COM_CHANGE_USER command, whose payload p (first byte included) was just read from c. prev is the login
// in force. Results are as for Handshake.
func (a *Authenticator) ChangeUser(c *Conn, prev *Login, p []byte) (*Login, error) {
	var u ChangeUser
	if err := u.Decode(p, prev.Capabilities); err != nil {
		return nil, err
	}
	l := &Login{
		User: u.User, Schema: u.Database, Charset: u.Charset, Attributes: u.Attributes,
		Capabilities: prev.Capabilities, scramble: prev.scramble,
	}
	e := exchange{a: a, c: c, login: l, plugin: u.Plugin, auth: bytes.Clone(u.Auth), changeUser: true}
	if u.Plugin == "" {
		e.plugin = PluginNative
	}
	return e.run()
}
