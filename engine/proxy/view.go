package proxy

import (
	"sync"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/wire"
)

// activity is what a session is doing.
type activity byte

const (
	connecting activity = iota // not logged in yet
	sleeping                   // waits for a command
	working                    // serves a command, without a server so far
	acquiring                  // waits for a server connection
	waiting                    // waits for a server's answer
	forwarding                 // passes bytes between client and server
)

// verdict is why the watchdog interrupted a session.
type verdict byte

const (
	goOn        verdict = iota
	clientGone          // the client's socket is closed
	timedOut            // the statement's time is up
	killedQuery         // KILL QUERY of another session
	killedConn          // KILL CONNECTION, or a limit of the whole session
)

// view is what other goroutines see of a session, and how they reach it.
type view struct {
	mu sync.Mutex // guards what follows; uncontended but for the watchdog and the processlist

	doing     activity
	user      string
	schema    string
	hostgroup int
	command   string
	info      []byte // the statement; points into the session's buffer while doing is beyond working
	since     time.Time
	deadline  time.Time // of the statement; zero for none
	conn      *hostgroup.Conn
	flags     sticky // of the connection in use or, sleeping, of all that are held
	inTrx     bool
	trxSince  time.Time
	kept      bool // holds connections that time alone will free
	keptUntil time.Time
	woken     bool // a read deadline in the past was set on the client
	verdict   verdict
	killing   <-chan struct{} // closed when the server was told of the latest kill; nil for none
	reason    string          // of killedConn, for the log
	leaving   bool            // killedConn because the proxy is drained or stops: the client is told 1053
}

func (v *view) logIn(user, schema string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.user, v.schema, v.doing, v.since = user, schema, sleeping, time.Now()
}

// repeat wakes a session whose client connection was given away while the watchdog may have tried to wake it.
func (v *view) repeat(client *wire.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.woken || v.verdict != goOn {
		v.woken = true
		client.SetReadDeadline(time.Unix(1, 0))
	}
}

func (v *view) setSchema(schema string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.schema = schema
}

// idle shows the session waiting for a command. It reports whether the session has to end instead.
func (v *view) idle(s *session) (ended bool) {
	now := s.p.now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing, v.since, v.info, v.conn, v.deadline = sleeping, now, nil, nil, time.Time{}
	v.flags, v.kept, v.keptUntil = 0, false, time.Time{}
	inTrx := false
	for i := range s.backends {
		b := &s.backends[i]
		v.flags |= b.flags
		inTrx = inTrx || b.inTrx
		if b.delayed() {
			v.kept, v.keptUntil = true, b.delayUntil
		}
		if b.conn.Draining() {
			v.kept, v.keptUntil = true, now
		}
	}
	if inTrx && !v.inTrx {
		v.trxSince = now
	}
	v.inTrx = inTrx
	if v.verdict == timedOut || v.verdict == killedQuery {
		v.verdict = goOn
	}
	return v.verdict != goOn
}

// busy shows that a command has come, or that the session was woken, which it reports.
func (v *view) busy() (woken bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	woken = v.woken
	v.woken = false
	v.doing = working
	return woken
}

// ended reports whether the session has to end.
func (v *view) ended() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.verdict == killedConn || v.verdict == clientGone
}

// outcome is the verdict over the statement under way.
func (v *view) outcome() verdict {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.verdict
}

// reach shows that the session wants a server connection for a statement, which must stay valid until the next idle.
func (v *view) reach(command string, info []byte, hostgroup int, start, deadline time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing, v.command, v.info, v.hostgroup, v.since, v.deadline = acquiring, command, info, hostgroup, start, deadline
}

// attach shows that a statement is on its way to a server. It is false if the statement was interrupted before.
func (v *view) attach(c *hostgroup.Conn, flags sticky) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing, v.conn, v.flags = waiting, c, flags
	return v.verdict == goOn
}

// killed gives the kill that was sent after the statement under way, nil for none, and forgets it.
func (v *view) killed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	killing := v.killing
	v.killing = nil
	return killing
}

// forward shows that bytes pass between the client and a server from now on. It is false if the session has to end instead.
func (v *view) forward(c *hostgroup.Conn) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing, v.conn, v.since = forwarding, c, time.Now()
	return v.verdict == goOn
}

// detachForward takes the connection out of the watchdog's reach. It reports whether nobody has ended the session so far.
func (v *view) detachForward() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing, v.conn = working, nil
	return v.verdict == goOn
}

// detach shows that a server has answered. The connection is out of the watchdog's reach afterwards, and the statement's
// text may be overwritten.
func (v *view) detach() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing, v.conn, v.info = working, nil, nil
}
