package engine

import (
	"os"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/certs"
	"github.com/keepsql/keepsql/engine/proxy"
)

// operator carries out what admin clients ask of the process: admin.Control.
type operator struct {
	link  *Link
	proxy *proxy.Proxy
	certs *certs.Store

	paused  atomic.Bool
	stopped atomic.Bool
}

// Shutdown has the guardian stop everything, addresses first.
func (o *operator) Shutdown(bool) {
	_ = o.link.Send(Message{Stop: true}) // without a guardian the process is stopping already
}

// Pause closes the proxy's listeners while sessions go on.
func (o *operator) Pause() error {
	if o.stopped.Load() {
		return admin.ErrPauseStopped
	}
	if !o.paused.CompareAndSwap(false, true) {
		return admin.ErrPaused
	}
	o.proxy.Pause()
	return nil
}

// Resume opens the proxy's listeners again.
func (o *operator) Resume() error {
	if o.stopped.Load() {
		return admin.ErrResumeStopped
	}
	if !o.paused.CompareAndSwap(true, false) {
		return admin.ErrNotPaused
	}
	o.proxy.Resume()
	return nil
}

// Stop closes the proxy's listeners and ends its sessions.
func (o *operator) Stop() error {
	o.stop()
	rows := o.proxy.Tables()["stats_mysql_processlist"]()
	for i := range rows.Rows {
		if id, err := strconv.ParseUint(rows.Get(i, "SessionID").Text, 10, 64); err == nil {
			o.proxy.Kill(id) // one that has left since then is gone all the same
		}
	}
	return nil
}

// stop keeps the proxy's listeners closed until Start: all there is to do before the proxy runs.
func (o *operator) stop() {
	o.stopped.Store(true)
	o.proxy.Pause()
}

// Start opens the proxy's listeners after a Stop.
func (o *operator) Start() error {
	if !o.stopped.CompareAndSwap(true, false) {
		return admin.ErrStarted
	}
	o.paused.Store(false)
	o.proxy.Resume()
	return nil
}

// Restart ends this process in good order; the guardian starts it again, with what is on disk.
func (o *operator) Restart() error {
	return syscall.Kill(os.Getpid(), syscall.SIGTERM)
}

// Flush begins new log files or empties the query cache.
func (o *operator) Flush(what admin.Flushable) error {
	switch what {
	case admin.FlushLogs:
		o.proxy.FlushLogs()
	case admin.FlushQueryCache:
		o.proxy.FlushCache()
	case admin.FlushClientHosts:
		o.proxy.FlushClientHosts()
	}
	return nil
}

// ReloadTLS reads the certificate files again.
func (o *operator) ReloadTLS() error { return o.certs.Reload() }

// KillConnection ends a session of the proxy.
func (o *operator) KillConnection(id uint64) bool { return o.proxy.Kill(id) }
