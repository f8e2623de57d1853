package proxy

import (
	"net"
	"net/netip"
)

// stickyHolds are what a session may hold beside a transaction that others wait for, and that it has to give back itself.
const stickyHolds = stickyLockTables | stickyGetLock | stickyXA

// Load is how many sessions there are, and what keeps them.
type Load struct {
	Sessions      int // logged in
	InTransaction int // in a transaction, or holding locks, and waiting for the client
	Running       int // serving a command
}

// Busy is how many sessions are not at a safe point.
func (l Load) Busy() int { return l.InTransaction + l.Running }

// Drain stops taking new sessions and ends those there are with error 1053 at their next safe point: between two statements,
// outside of a transaction, without LOCK TABLES, GET_LOCK and XA. Listeners are closed, so that clients and health checks are
// refused at once.
func (p *Proxy) Drain() {
	p.setDraining(true)
	sessions := p.registry.appendTo(nil)
	now, set := p.now(), p.settings.Load()
	for _, s := range sessions { // not to wait for the watchdog
		p.watchSession(s, now, set)
	}
}

// Undrain opens the listeners again, unless they are paused.
func (p *Proxy) Undrain() { p.setDraining(false) }

func (p *Proxy) setDraining(on bool) {
	p.mu.Lock()
	p.draining.Store(on)
	p.mu.Unlock()
	p.applyInterfaces()
}

// EndSessions ends the sessions that are left, transactions and statements with them; clients are told 1053. It returns how
// many that were.
func (p *Proxy) EndSessions() int {
	n := 0
	for _, s := range p.registry.all() {
		if s.view.loggedIn() {
			n++
		}
		p.part(s, "drained")
	}
	return n
}

// Load counts the sessions whose clients are connected to a local address that at accepts; nil accepts all.
func (p *Proxy) Load(at func(netip.Addr) bool) (l Load) {
	for _, s := range p.registry.all() {
		if at != nil && !at(localIP(s.client.LocalAddr())) {
			continue
		}
		s.view.count(&l)
	}
	return l
}

func localIP(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}

// part ends a session and has its client told 1053.
func (p *Proxy) part(s *session, reason string) {
	s.view.mu.Lock()
	s.view.leaving = true
	s.view.mu.Unlock()
	p.interrupt(s, killedConn, reason)
}

// parts tells whether the session is at a safe point of a proxy that is being drained. Its server connections are at rest.
func (s *session) parts() bool {
	if !s.p.draining.Load() {
		return false
	}
	for i := range s.backends {
		if b := &s.backends[i]; b.inTrx || b.flags&stickyHolds != 0 {
			return false
		}
	}
	return true
}

// farewell tells a client that did not ask. It has the number of an answer, so that clients which look only after their next
// statement take it for that: the statement is not executed, and the error says why.
func (s *session) farewell() {
	s.client.SetSeq(1)
	s.refuse(&shuttingDown)
}

// parting reports whether the session ends because the proxy does.
func (v *view) parting() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.leaving && v.verdict == killedConn
}

func (v *view) loggedIn() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.doing != connecting
}

func (v *view) count(l *Load) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.doing == connecting:
		return
	case v.doing != sleeping:
		l.Running++
	case v.inTrx || v.flags&stickyHolds != 0:
		l.InTransaction++
	}
	l.Sessions++
}
