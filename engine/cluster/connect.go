package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// connect logs in to the peer with the cluster's account; each statement of the connection is bounded by limit. TLS is used where
// the peer offers it; as with ProxySQL, certificates are the nodes' own and nobody vouches for them, unless authorities were set.
func (n *node) connect(ctx context.Context, s *settings, limit time.Duration) (*wire.Client, error) {
	security := &tls.Config{InsecureSkipVerify: true}
	authorities := n.cluster.extras.Load().authorities
	if authorities != nil {
		security.VerifyConnection = func(s tls.ConnectionState) error { return verify(s, authorities) }
	}
	cl, err := wire.Open(ctx, "tcp", address(n.peer), &wire.Account{
		User: s.username, Password: s.password, Charset: wire.CharsetUTF8,
		ConnectTimeout: n.cluster.timing.Connect,
		TLS:            security, RequireTLS: authorities != nil,
		Attributes: []wire.Attribute{
			{Name: "_os", Value: runtime.GOOS},
			{Name: "_client_name", Value: "keepsql"},
			{Name: "_pid", Value: strconv.Itoa(os.Getpid())},
			{Name: "_client_version", Value: s.version},
			{Name: "_platform", Value: runtime.GOARCH},
			{Name: "_server_host", Value: n.peer.Host},
		},
	}, n.cluster.timing.Login)
	var refused *wire.Error
	var untrusted *certificateError
	switch {
	case errors.As(err, &untrusted):
		return nil, untrusted
	case err == nil:
		cl.Timeout = limit
		return cl, nil
	case errors.As(err, &refused):
		return nil, err
	}
	errno := syscall.EINPROGRESS // what upstream shows whatever happened
	errors.As(err, &errno)
	return nil, &connectError{host: n.peer.Host, errno: errno, err: err}
}

// verify checks that somebody we trust issued a peer's certificate. Names are not compared: nodes' certificates name no host.
func verify(s tls.ConnectionState, authorities *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: authorities, Intermediates: between})
	if err != nil {
		return &certificateError{err}
	}
	return nil
}

// certificateError is a certificate that nobody we trust issued.
type certificateError struct{ err error }

func (e *certificateError) Error() string { return "keepsql-cluster_ssl_ca: " + e.err.Error() }

func (e *certificateError) Unwrap() error { return e.err }

// connectError words a failed connect as upstream's client library does.
type connectError struct {
	host  string
	errno syscall.Errno
	err   error
}

func (e *connectError) Error() string {
	return fmt.Sprintf("Can't connect to server on '%s' (%d)", e.host, int(e.errno))
}

func (e *connectError) Unwrap() error { return e.err }

// reason is what the log says of a failed statement or login: a peer's own words, where it had any.
func reason(err error) string {
	var said *wire.Error
	var connect *connectError
	switch {
	case errors.As(err, &said):
		return said.Message
	case errors.As(err, &connect):
		return connect.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "Lost connection to server during query"
	}
	return err.Error()
}
