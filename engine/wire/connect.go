package wire

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"fmt"
	"time"
)

// Account says who logs in to a server and what for.
type Account struct {
	User     string
	Password string
	Stage1   []byte // SHA1(password) in place of Password; good for mysql_native_password only
	Database string // empty for none

	Capabilities Capability // wanted beside the necessary ones; what the server lacks is left out
	Charset      uint16     // collation id, only the lower byte travels; 0 for utf8mb4_general_ci
	MaxPacket    uint32     // announced packet limit in bytes; 0 for 16 MiB
	Attributes   []Attribute

	// ConnectTimeout bounds the connect of Dial, without the login; 0 leaves it to the context.
	ConnectTimeout time.Duration

	TLS        *tls.Config // nil for no TLS; used if the server offers it
	RequireTLS bool        // fail if the server does not offer TLS
	// PublicKey is the server's key for caching_sha2_password without TLS; nil to ask the server for it.
	PublicKey *rsa.PublicKey
}

// ServerInfo is what a login told about the server.
type ServerInfo struct {
	Version      string // as announced; MariaDB puts "5.5.5-" in front
	ThreadID     uint32
	Capabilities Capability // in force on the connection
	Charset      byte       // the server's default collation id, lower byte
	Status       uint16     // after the login
	Plugin       string     // plugin that authenticated

	challenge []byte // the last one, answered again by COM_CHANGE_USER
}

// necessaryCaps are asked for on every connection; none but CapProtocol41 and CapSecureConnection has to be granted.
const necessaryCaps = CapLongPassword | CapLongFlag | CapProtocol41 | CapTransactions | CapSecureConnection |
	CapMultiResults | CapPSMultiResults | CapPluginAuth | CapPluginAuthLenenc

// Connect logs in over c, on which the server has yet to speak. Deadlines are the caller's. A refusal by the server is
// (wrapped) *Error.
func Connect(c *Conn, acc *Account) (*ServerInfo, error) {
	var g Greeting
	p, err := c.ReadPacket()
	if err != nil {
		return nil, fmt.Errorf("read greeting: %w", err)
	}
	if err := g.Decode(p); err != nil {
		return nil, err
	}
	if g.Capabilities&(CapProtocol41|CapSecureConnection) != CapProtocol41|CapSecureConnection {
		return nil, fmt.Errorf("read greeting: server %s is older than protocol 4.1: %w", g.Version, ErrMalformed)
	}
	l := clientLogin{c: c, acc: acc, challenge: bytes.Clone(g.Scramble[:]), plugin: g.Plugin}
	if err := l.respond(&g); err != nil {
		return nil, err
	}
	ok, err := l.follow()
	if err != nil {
		return nil, err
	}
	if l.caps&CapCompress != 0 {
		c.StartCompression()
	}
	return &ServerInfo{
		Version: g.Version, ThreadID: g.ConnectionID, Capabilities: l.caps,
		Charset: g.Charset, Status: ok.Status, Plugin: l.plugin, challenge: l.challenge,
	}, nil
}
