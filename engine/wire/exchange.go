package wire

import (
	"bytes"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"
)

// exchange is one login from the point where the user is known.
type exchange struct {
	a          *Authenticator
	c          *Conn
	login      *Login
	plugin     string // plugin the client answered for
	auth       []byte // its answer
	given      bool   // the client sent a password in some form
	changeUser bool
}

func (e *exchange) run() (*Login, error) {
	l, c := e.login, e.c
	e.given = len(e.auth) > 0 && !isEmptyAnswer(e.auth)
	if l.Charset == 0 {
		l.Charset = uint16(e.a.Charset)
	}
	tls := c.TLS()
	cred, err := e.a.Lookup(l.User, LoginInfo{
		Remote: c.RemoteAddr(), TLS: tls, Schema: l.Schema, Charset: l.Charset,
		Attributes: l.Attributes, ChangeUser: e.changeUser,
	})
	if err != nil {
		var own *Error
		if errors.As(err, &own) {
			return nil, e.refuse(own)
		}
		return nil, e.deny()
	}
	l.Credential = cred
	if cred.Certificate != nil {
		if e.changeUser || tls == nil || cred.Certificate(tls) != nil {
			return nil, e.deny()
		}
		return e.finish(), nil
	}
	ok, err := e.checkPassword()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, e.deny()
	}
	if cred.RequireTLS && tls == nil {
		return nil, e.refuse(Errorf(1045, "28000",
			"ProxySQL Error: Access denied for user '%s' (using password: YES). SSL is required", l.User))
	}
	return e.finish(), nil
}

func (e *exchange) finish() *Login {
	if e.login.Schema == "" {
		e.login.Schema = e.login.Credential.Schema
	}
	return e.login
}

// deny tells the client that user and password do not fit.
func (e *exchange) deny() error {
	using := "NO"
	if e.given {
		using = "YES"
	}
	return e.refuse(Errorf(1045, "28000", "ProxySQL Error: Access denied for user '%s'@'%s' (using password: %s)",
		e.login.User, HostOf(e.c.RemoteAddr()), using))
}

func (e *exchange) refuse(err *Error) error {
	if werr := errors.Join(e.c.WriteMessage(err), e.c.Flush()); werr != nil {
		return fmt.Errorf("refuse login: %w", werr)
	}
	return err
}

// checkPassword lets the plugin that fits client, stored form and default decide.
func (e *exchange) checkPassword() (bool, error) {
	want := e.choosePlugin()
	if want != e.plugin || e.changeUser && len(e.auth) == 0 {
		if e.login.Capabilities&CapPluginAuth == 0 {
			return false, nil
		}
		if err := e.switchTo(want); err != nil {
			return false, err
		}
	}
	e.login.Plugin = want
	switch want {
	case PluginClear:
		return e.checkClear(string(bytes.TrimSuffix(e.auth, []byte{0}))), nil
	case PluginSHA2:
		return e.checkSHA2()
	}
	return e.checkNative(), nil
}

// choosePlugin follows upstream: the default plugin where the stored form allows it, with two differences. A password
// stored as SHA256-crypt leads to caching_sha2_password whatever the default, because nothing else can check it; and
// mysql_clear_password is taken only where nobody can listen.
func (e *exchange) choosePlugin() string {
	stored := e.login.Credential.Password
	_, cached := e.a.Cache.Get(e.login.User, stored)
	switch {
	case e.plugin == PluginClear && e.c.Secret():
		return PluginClear
	case formOf(stored) == storedSHA2 && !(cached && e.plugin == PluginNative):
		return PluginSHA2
	case e.a.Plugin == PluginSHA2 && e.plugin == PluginSHA2:
		return PluginSHA2
	}
	return PluginNative
}

func (e *exchange) switchTo(plugin string) error {
	m := AuthSwitch{Plugin: plugin, Data: e.login.scramble[:]}
	if err := errors.Join(e.c.WriteMessage(&m), e.c.Flush()); err != nil {
		return fmt.Errorf("switch plugin: %w", err)
	}
	p, err := e.c.ReadPacket()
	if err != nil {
		return fmt.Errorf("switch plugin: %w", err)
	}
	e.plugin, e.auth = plugin, bytes.Clone(p)
	e.given = !isEmptyAnswer(p)
	return nil
}

// isEmptyAnswer reports whether a plugin's answer stands for the empty password.
func isEmptyAnswer(p []byte) bool { return len(p) == 0 || len(p) == 1 && p[0] == 0 }

// clearPassword returns the user's password if it is known without being told.
func (e *exchange) clearPassword() (string, bool) {
	stored := e.login.Credential.Password
	if formOf(stored) == storedPlain {
		return stored, true
	}
	return e.a.Cache.Get(e.login.User, stored)
}

// learn notes the clear password in the login.
func (e *exchange) learn(password string) {
	e.login.Password, e.login.PasswordKnown = password, true
}

func (e *exchange) checkNative() bool {
	stored := e.login.Credential.Password
	form := formOf(stored)
	if !e.given || form == storedEmpty {
		e.login.PasswordKnown = form == storedEmpty
		return !e.given && form == storedEmpty
	}
	var stage2 []byte
	password, known := e.clearPassword()
	switch {
	case known:
		stage1 := sha1.Sum([]byte(password))
		sum := sha1.Sum(stage1[:])
		stage2 = sum[:]
	case form == storedNative:
		stage2 = nativeStage2(stored)
	default:
		return false
	}
	stage1, ok := nativeStage1(e.auth, stage2, e.login.scramble[:])
	if !ok {
		return false
	}
	e.login.Stage1 = stage1
	if known {
		e.learn(password)
	}
	return true
}

func (e *exchange) checkClear(password string) bool {
	if !CheckPassword(password, e.login.Credential.Password) {
		return false
	}
	e.learn(password)
	return true
}

func (e *exchange) checkSHA2() (bool, error) {
	stored := e.login.Credential.Password
	if !e.given || formOf(stored) == storedEmpty {
		e.login.PasswordKnown = formOf(stored) == storedEmpty
		return !e.given && formOf(stored) == storedEmpty, nil
	}
	password, known := e.clearPassword()
	if known {
		if subtle.ConstantTimeCompare(e.auth, sha2Response(password, e.login.scramble[:])) == 1 {
			e.learn(password)
			return true, e.c.WriteMessage(&AuthMoreData{Data: []byte{sha2FastOK}})
		}
		return false, nil
	}
	password, ok, err := e.askPassword()
	if err != nil || !ok || !e.checkClear(password) {
		return false, err
	}
	e.a.Cache.Put(e.login.User, stored, password)
	return true, nil
}
