package proxy

import (
	"context"
	"time"
)

// lastWords is how long a client may take to read what it is told at the end.
const lastWords = 500 * time.Millisecond

// watchSessions looks at all sessions again and again: clients that left while a server works for them, statements and
// transactions whose time is up, connections kept for a while. No statement pays for these with a timer of its own.
func (p *Proxy) watchSessions(ctx context.Context) {
	t := time.NewTicker(p.watch)
	defer t.Stop()
	var sessions []*session
	var memory memoryKeeper
	for {
		select {
		case <-ctx.Done():
			for _, s := range p.registry.all() {
				p.part(s, "shutting down")
			}
			return
		case <-t.C:
			now, set := p.now(), p.settings.Load()
			sessions = p.registry.appendTo(sessions[:0])
			for _, s := range sessions {
				p.watchSession(s, now, set)
			}
			clear(sessions)
			if memory.due(now, len(sessions)) {
				returnMemory()
			}
		}
	}
}

func (p *Proxy) watchSession(s *session, now time.Time, set *settings) {
	v := &s.view
	v.mu.Lock()
	doing, since, kept, keptUntil, flags := v.doing, v.since, v.kept, v.keptUntil, v.flags
	inTrx, trxSince, deadline, decided := v.inTrx, v.trxSince, v.deadline, v.verdict != goOn
	offline := doing == forwarding && v.conn != nil && !v.conn.Usable()
	v.mu.Unlock()
	switch {
	case decided:
		p.insist(s)
	case doing == sleeping && !inTrx && flags&stickyHolds == 0 && p.draining.Load():
		p.part(s, "drained")
	case offline:
		p.interrupt(s, killedConn, "server is OFFLINE_HARD")
	case doing == sleeping && inTrx && now.Sub(since) > set.trxIdle:
		p.expire(s, "of (possible) transaction idle for", now.Sub(since))
	case doing == sleeping && inTrx && now.Sub(trxSince) > set.trx:
		p.expire(s, "of (possible) transaction running for", now.Sub(trxSince))
	case doing == sleeping && set.waitTimeout > 0 && now.Sub(since) > set.waitTimeout:
		p.expire(s, "inactive for", now.Sub(since))
	case doing == sleeping && kept && now.After(keptUntil):
		s.wake()
	case (doing == acquiring || doing == waiting) && now.Sub(since) > p.watch && s.client.Socket().HungUp():
		p.interrupt(s, clientGone, "client is gone")
	case doing == waiting && !deadline.IsZero() && now.After(deadline):
		p.interrupt(s, timedOut, "query timeout")
	}
}

// insist repeats a KILL QUERY whose statement goes on: the server may have been told before the statement reached it. A client
// that has left meanwhile needs no statement at all.
func (p *Proxy) insist(s *session) {
	v := &s.view
	v.mu.Lock()
	again := v.doing == waiting && v.conn != nil && (v.verdict == timedOut || v.verdict == killedQuery) && isClosed(v.killing)
	if again {
		v.killing = p.servers.KillTelling(v.conn, true)
	}
	v.mu.Unlock()
	if again && s.client.Socket().HungUp() {
		p.interrupt(s, clientGone, "client is gone")
	}
}

// isClosed reports whether a kill is over; one that was never begun is.
func isClosed(done <-chan struct{}) bool {
	if done == nil {
		return true
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func (p *Proxy) expire(s *session, why string, d time.Duration) {
	p.log.Warn().Uint32("session", s.id).Str("client", s.clientAddr()).
		Msgf("Killing client connection %s because %s %dms", s.clientAddr(), why, d.Milliseconds())
	p.interrupt(s, killedConn, why)
}

// interrupt ends what a session is doing: its statement, or all of it.
func (p *Proxy) interrupt(s *session, why verdict, reason string) {
	v := &s.view
	v.mu.Lock()
	if v.verdict == killedConn || v.verdict == clientGone {
		v.mu.Unlock()
		return
	}
	if v.doing == sleeping && why == killedQuery {
		v.mu.Unlock()
		return // there is nothing to interrupt
	}
	if v.doing != forwarding || why == killedConn { // what is killed of bytes that pass is not known here
		v.verdict, v.reason = why, reason
	}
	if (v.doing == waiting || v.doing == forwarding) && v.conn != nil {
		query := why == timedOut || why == killedQuery
		if query || p.settings.Load().killBackend {
			v.killing = p.servers.KillTelling(v.conn, query)
		}
		if !query {
			v.conn.Conn.Kill() // the session has the connection, and finds out
		}
	}
	doing := v.doing
	v.mu.Unlock()
	if (doing == waiting || doing == forwarding) && (why == killedConn || why == clientGone) { // it may be reading a file from the client
		s.client.SetReadDeadline(time.Unix(1, 0))
	}
	if why == killedConn { // it may be writing to a client that does not read
		s.client.Socket().SetWriteDeadline(time.Now().Add(lastWords))
	}
	switch {
	case doing == connecting:
		s.client.Kill()
	case doing == acquiring && why != timedOut && why != killedQuery:
		s.ctx.end()
	case doing == sleeping:
		s.wake()
	}
}

// wake makes a session that waits for a command look after itself.
func (s *session) wake() {
	s.view.mu.Lock()
	defer s.view.mu.Unlock()
	if s.view.doing == sleeping && !s.view.woken {
		s.view.woken = true
		s.client.SetReadDeadline(time.Unix(1, 0))
	}
}

func (v *view) userIs(name string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.doing != connecting && v.user == name
}
