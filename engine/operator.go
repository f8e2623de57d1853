package engine

import (
	"sync/atomic"

	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/certs"
	"github.com/keepsql/keepsql/engine/proxy"
)

// operator carries out what admin clients ask of the process: admin.Control.
type operator struct {
	link  *Link
	proxy *proxy.Proxy
	certs *certs.Store

	paused atomic.Bool
}

// Shutdown has the guardian stop everything, addresses first.
func (o *operator) Shutdown(bool) {
	_ = o.link.Send(Message{Stop: true}) // without a guardian the process is stopping already
}

// Pause closes the proxy's listeners while sessions go on.
func (o *operator) Pause() error {
	if !o.paused.CompareAndSwap(false, true) {
		return admin.ErrPaused
	}
	o.proxy.Pause()
	return nil
}

// Resume opens the proxy's listeners again.
func (o *operator) Resume() error {
	if !o.paused.CompareAndSwap(true, false) {
		return admin.ErrNotPaused
	}
	o.proxy.Resume()
	return nil
}

// Flush has nothing to do yet: logs go to the standard error stream, and there is no cache.
func (o *operator) Flush(admin.Flushable) error { return nil }

// ReloadTLS reads the certificate files again.
func (o *operator) ReloadTLS() error { return o.certs.Reload() }

// KillConnection ends a session of the proxy.
func (o *operator) KillConnection(id uint64) bool { return o.proxy.Kill(id) }
