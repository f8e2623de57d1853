package wire

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
)

// clientLogin is the client's side of one login.
type clientLogin struct {
	c         *Conn
	acc       *Account
	caps      Capability
	plugin    string
	challenge []byte
}

// respond answers the greeting, through TLS where wanted.
func (l *clientLogin) respond(g *Greeting) error {
	acc, c := l.acc, l.c
	want := (necessaryCaps | acc.Capabilities) &^ (CapSSL | CapConnectWithDB | CapConnectAttrs)
	if acc.Database != "" {
		want |= CapConnectWithDB
	}
	if len(acc.Attributes) > 0 {
		want |= CapConnectAttrs
	}
	if acc.TLS != nil {
		want |= CapSSL
	}
	l.caps = want & (g.Capabilities | CapLongPassword)
	if acc.RequireTLS && l.caps&CapSSL == 0 {
		return errors.New("start TLS: server does not offer it")
	}
	r := HandshakeResponse{
		SSLRequest: SSLRequest{Capabilities: l.caps, MaxPacket: acc.MaxPacket, Charset: byte(acc.Charset)},
		User:       acc.User, Database: acc.Database, Attributes: acc.Attributes,
	}
	if acc.Charset == 0 {
		r.Charset = byte(CharsetUTF8MB4)
	}
	if acc.MaxPacket == 0 {
		r.MaxPacket = 1 << 24
	}
	if l.caps&CapSSL != 0 {
		if err := errors.Join(c.WriteMessage(&r.SSLRequest), c.Flush()); err != nil {
			return fmt.Errorf("start TLS: %w", err)
		}
		if err := c.DialTLS(acc.TLS); err != nil {
			return err
		}
	}
	l.startPlugin()
	auth, err := l.answer()
	if err != nil {
		return err
	}
	r.Plugin, r.Auth = l.plugin, auth
	if len(auth) > 255 && l.caps&CapPluginAuthLenenc == 0 {
		return errors.New("send handshake response: password too long for this server")
	}
	if err := errors.Join(c.WriteMessage(&r), c.Flush()); err != nil {
		return fmt.Errorf("send handshake response: %w", err)
	}
	return nil
}

// startPlugin takes the server's default plugin if it can be answered, mysql_native_password otherwise: the server will
// then ask for what the account really uses.
func (l *clientLogin) startPlugin() {
	if l.plugin != PluginSHA2 || l.acc.Stage1 != nil {
		l.plugin = PluginNative
	}
}

// answer computes the current plugin's answer to the current challenge.
func (l *clientLogin) answer() ([]byte, error) {
	acc := l.acc
	switch l.plugin {
	case PluginNative:
		stage1 := acc.Stage1
		if stage1 == nil {
			if acc.Password == "" {
				return nil, nil
			}
			sum := sha1.Sum([]byte(acc.Password))
			stage1 = sum[:]
		}
		return nativeResponse(stage1, l.challenge), nil
	case PluginSHA2:
		if acc.Stage1 != nil {
			return nil, errors.New("answer caching_sha2_password: only the SHA1 of the password is known")
		}
		if acc.Password == "" {
			return nil, nil
		}
		return sha2Response(acc.Password, l.challenge), nil
	case PluginClear:
		if l.c.tls == nil {
			return nil, errors.New("answer mysql_clear_password: refused without TLS")
		}
		if acc.Stage1 != nil {
			return nil, errors.New("answer mysql_clear_password: only the SHA1 of the password is known")
		}
		return append([]byte(acc.Password), 0), nil
	}
	return nil, fmt.Errorf("answer authentication plugin %q: unknown", l.plugin)
}

// follow plays the rest of the login until the server says OK.
func (l *clientLogin) follow() (ok OK, err error) {
	for range 8 { // no honest server needs more turns
		p, err := l.c.ReadPacket()
		if err != nil {
			return ok, fmt.Errorf("read login answer: %w", err)
		}
		if len(p) == 0 {
			return ok, fmt.Errorf("read login answer: empty packet: %w", ErrMalformed)
		}
		switch p[0] {
		case headerOK:
			return ok, ok.Decode(p, l.caps)
		case headerERR:
			return ok, decodeError(p)
		case headerEOF:
			err = l.switchPlugin(p)
		case headerMoreData:
			err = l.moreData(p)
		default:
			err = fmt.Errorf("read login answer: packet type %#02x: %w", p[0], ErrMalformed)
		}
		if err != nil {
			return ok, err
		}
	}
	return ok, fmt.Errorf("read login answer: no end: %w", ErrMalformed)
}

func (l *clientLogin) send(p []byte) error {
	if err := errors.Join(l.c.WritePacket(p), l.c.Flush()); err != nil {
		return fmt.Errorf("send login answer: %w", err)
	}
	return nil
}

func (l *clientLogin) switchPlugin(p []byte) error {
	var s AuthSwitch
	if err := s.Decode(p); err != nil {
		return err
	}
	l.plugin, l.challenge = s.Plugin, bytes.Clone(s.Data)
	auth, err := l.answer()
	if err != nil {
		return err
	}
	return l.send(auth)
}

func (l *clientLogin) moreData(p []byte) error {
	var m AuthMoreData
	if err := m.Decode(p); err != nil {
		return err
	}
	if l.plugin != PluginSHA2 || len(m.Data) != 1 {
		return fmt.Errorf("read login answer: data for %s: %w", l.plugin, ErrMalformed)
	}
	switch m.Data[0] {
	case sha2FastOK:
		return nil
	case sha2Full:
		return l.sendPassword()
	}
	return fmt.Errorf("read login answer: caching_sha2_password state %d: %w", m.Data[0], ErrMalformed)
}

// sendPassword sends the password itself: in clear where nobody can listen, else under the server's public key.
func (l *clientLogin) sendPassword() error {
	if l.c.Secret() {
		return l.send(append([]byte(l.acc.Password), 0))
	}
	key := l.acc.PublicKey
	if key == nil {
		if err := l.send([]byte{sha2KeyRequest}); err != nil {
			return err
		}
		p, err := l.c.ReadPacket()
		if err != nil {
			return fmt.Errorf("read public key: %w", err)
		}
		if len(p) > 0 && p[0] == headerERR {
			return decodeError(p)
		}
		var m AuthMoreData
		if err := m.Decode(p); err != nil {
			return err
		}
		if key, err = decodePublicKey(m.Data); err != nil {
			return err
		}
	}
	p, err := encryptPassword(key, l.acc.Password, l.challenge)
	if err != nil {
		return err
	}
	return l.send(p)
}

// decodeError returns an ERR packet as a Go error.
func decodeError(p []byte) error {
	var e Error
	if err := e.Decode(p); err != nil {
		return err
	}
	return &e
}
