package wire

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// askPassword makes a caching_sha2_password client send its password: in clear where nobody can listen, encrypted with the
// server's public key otherwise. ok is false if the client sent it in no acceptable way.
func (e *exchange) askPassword() (password string, ok bool, err error) {
	p, err := e.ask([]byte{sha2Full})
	if err != nil {
		return "", false, err
	}
	key := e.key()
	if key != nil && len(p) == 1 && p[0] == sha2KeyRequest {
		pub, err := encodePublicKey(&key.PublicKey)
		if err != nil {
			return "", false, err
		}
		if p, err = e.ask(pub); err != nil {
			return "", false, err
		}
		password, ok = decryptPassword(key, p, e.login.scramble[:])
		return password, ok, nil
	}
	if e.c.Secret() {
		return string(bytes.TrimSuffix(p, []byte{0})), true, nil
	}
	if key == nil {
		return "", false, nil
	}
	// a client that was given the public key beforehand does not ask for it
	password, ok = decryptPassword(key, p, e.login.scramble[:])
	return password, ok, nil
}

func (e *exchange) ask(data []byte) ([]byte, error) {
	if err := errors.Join(e.c.WriteMessage(&AuthMoreData{Data: data}), e.c.Flush()); err != nil {
		return nil, fmt.Errorf("ask for password: %w", err)
	}
	p, err := e.c.ReadPacket()
	if err != nil {
		return nil, fmt.Errorf("ask for password: %w", err)
	}
	return p, nil
}

func (e *exchange) key() *rsa.PrivateKey {
	if e.a.Key == nil {
		return nil
	}
	return e.a.Key()
}

func encodePublicKey(k *rsa.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

func decodePublicKey(p []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(p)
	if block == nil {
		return nil, fmt.Errorf("decode public key: no PEM block: %w", ErrMalformed)
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("decode public key: %w", err)
	}
	pub, ok := k.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("decode public key: not RSA: %w", ErrMalformed)
	}
	return pub, nil
}

// encryptPassword is the client's half: the zero-terminated password, masked by the challenge, under RSA-OAEP with SHA1.
func encryptPassword(k *rsa.PublicKey, password string, challenge []byte) ([]byte, error) {
	p, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, k, maskPassword(append([]byte(password), 0), challenge), nil)
	if err != nil {
		return nil, fmt.Errorf("encrypt password: %w", err)
	}
	return p, nil
}

func decryptPassword(k *rsa.PrivateKey, p, challenge []byte) (string, bool) {
	clear, err := k.Decrypt(nil, p, &rsa.OAEPOptions{Hash: crypto.SHA1})
	if err != nil {
		return "", false
	}
	return string(bytes.TrimSuffix(maskPassword(clear, challenge), []byte{0})), true
}

func maskPassword(p, challenge []byte) []byte {
	for i := range p {
		if len(challenge) > 0 {
			p[i] ^= challenge[i%len(challenge)]
		}
	}
	return p
}
