package cluster

import (
	"crypto/x509"
	"fmt"
	"os"

	"github.com/keepsql/keepsql/conf/layers"
)

// extras are the variables of keepsql's own that this package works by. They are no part of what ProxySQL syncs.
type extras struct {
	bootstrap bool // an empty module at version 1 takes a peer's
	push      bool // peers that can are asked to report changes at once
	// authorities vouch for the certificates of peers, which must then offer TLS; nil: anybody may be at the other end.
	authorities *x509.CertPool
}

// prepareExtras takes new variables of keepsql over.
func (c *Cluster) prepareExtras(snap *layers.Snapshot) (commit func(), err error) {
	v := snap.Variables()
	e := &extras{bootstrap: v.Bool("keepsql-cluster_bootstrap_from_peer"), push: v.Bool("keepsql-cluster_push")}
	if name := v.String("keepsql-cluster_ssl_ca"); name != "" {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read keepsql-cluster_ssl_ca: %w", err)
		}
		e.authorities = x509.NewCertPool()
		if !e.authorities.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read keepsql-cluster_ssl_ca: no certificate in %s", name)
		}
	}
	return func() { c.extras.Store(e) }, nil
}
