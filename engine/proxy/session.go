package proxy

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/conf/charset"
	"github.com/keepsql/keepsql/engine/eventloop"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// session is one client connection. Only its own goroutine, or Task, touches it, except for view and ctx.
type session struct {
	p      *Proxy
	id     uint32
	shard  *stats.Shard
	client *wire.Conn
	task   *eventloop.Task // the session runs in it; nil for a goroutine of its own
	ctx    lifetime        // ends with the proxy, or when the watchdog gives the session up
	view   view

	// From the login.
	login     *wire.Login
	user      *user
	backend   hostgroup.Login
	caps      wire.Capability
	host      string
	port      int
	proxyHost string
	proxyPort int
	peer      string         // address of the client as logs show it, made when first needed
	name      string         // of the user, also of one that was not let in
	firstVars *setting.State // as logged in
	charsetID uint16         // collation for new server connections

	// What the client has made of the session.
	schema      string
	vars        *setting.State
	reads       *setting.State // vars with autocommit on, for reads outside of transactions
	good        *setting.State // the last vars a server accepted
	once        string         // SET TRANSACTION for the next transaction
	tracksGTIDs bool           // servers are to tell what the session commits, by vars
	reduced     reduced

	lockedOn     int // hostgroup the session is bound to, -1
	flagIN       int
	lastInsertID uint64
	lastWrite    int // hostgroup of the last statement that made an insert id, -1
	warned       int // hostgroup whose last statement raised warnings, -1
	last         lastStatement
	paced        time.Time // when the client may get more, where its bytes are counted

	backends []backend // server connections that hold state of the session, and the one in use
	current  *backend  // whose answer is being relayed
	told     told      // what it told of the server's session
	gtids    gtids
	stmts    statements
	cache    stats.DigestCache
	answer   wire.Answer
	buf      []byte // replay statements
	closing  bool
	mirrored bool // has no client: executes a copy of a statement
}

func newSession(ctx context.Context, p *Proxy, c *wire.Conn, shard *stats.Shard) *session {
	s := &session{p: p, client: c, shard: shard, ctx: lifetime{parent: ctx}, lockedOn: -1, lastWrite: -1, warned: -1}
	s.answer.StateChanged = s.stateChanged
	return s
}

func (s *session) stop() { s.ctx.end() }

// begin starts a session of a login, the first one or that of a COM_CHANGE_USER.
func (s *session) begin(l *wire.Login, u *user) {
	l.Attributes = nil // nobody asks for them any more
	s.login, s.user, s.name, s.caps = l, u, u.name, l.Capabilities
	s.backend = hostgroup.Login{User: l.User}
	if l.PasswordKnown {
		s.backend.Password = l.Password
	} else {
		s.backend.Stage1 = string(l.Stage1)
	}
	s.host, s.port = splitAddr(s.client.RemoteAddr())
	s.proxyHost, s.proxyPort = splitAddr(s.client.LocalAddr())
	s.schema = l.Schema
	s.firstVars, s.charsetID = s.initialVars(l)
	s.forget()
	s.view.logIn(u.name, s.schema)
}

// initialVars is the state of a session that has not said anything yet.
func (s *session) initialVars(l *wire.Login) (*setting.State, uint16) {
	c, ok := charset.ByID(byte(l.Charset))
	if !ok {
		c = s.p.settings.Load().collation
	}
	vars, id := s.p.initial.of(c, s.p.settings.Load().trackGTIDs), uint16(c.ID)
	if c.ID == charset.MySQL8Default {
		id = wire.CharsetUTF8MB4
	}
	if level := s.userIsolation(l); level != "" {
		vars = vars.With(setting.Parse([]byte("SET SESSION TRANSACTION ISOLATION LEVEL " + level)))
	}
	return vars, id
}

// initialStates are the states that sessions begin with, by default_session_track_gtids and collation: all sessions of one
// collation share one.
type initialStates [2][256]atomic.Pointer[setting.State]

// of gives the state for a collation.
func (i *initialStates) of(c charset.Collation, gtids bool) *setting.State {
	at := &i[0][c.ID]
	if gtids {
		at = &i[1][c.ID]
	}
	if s := at.Load(); s != nil {
		return s
	}
	s := setting.New(c.Charset, c.Name)
	if c.ID == charset.MySQL8Default { // by name of the character set alone, which every server knows
		s = setting.New(c.Charset, "")
	}
	if gtids {
		s = s.With(setting.Parse([]byte("SET session_track_gtids=OWN_GTID")))
	}
	at.Store(s)
	return s
}

func (s *session) userIsolation(l *wire.Login) string {
	if u, ok := l.Credential.Data.(*user); ok {
		return u.isolation
	}
	return ""
}

// forget sets what statements have made of the session back to the beginning. The schema stays.
func (s *session) forget() {
	s.setVars(s.firstVars)
	s.good, s.once = s.firstVars, ""
	s.lockedOn, s.flagIN, s.lastInsertID, s.lastWrite, s.warned, s.last = -1, 0, 0, -1, -1, lastStatement{}
	s.stmts.clear()
	s.gtids = gtids{}
}

func (s *session) setVars(v *setting.State) {
	if s.vars != v {
		s.vars, s.reads, s.tracksGTIDs = v, v.WithAutocommit(true), v.TracksGTIDs()
	}
}

// run serves commands until the client leaves or cannot be served any longer.
func (s *session) run() {
	followed := false
	for !s.closing {
		if s.user.fastForward && !followed {
			if followed = s.fastForward(); !followed {
				return
			}
		}
		if err := s.await(); err != nil {
			return
		}
		p, err := s.client.ReadPacket()
		if errors.Is(err, wire.ErrTooLarge) {
			s.refuse(wire.Errorf(1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes"))
			return
		}
		if err != nil {
			s.shard.Add(stats.ClientConnectionsAborted, 1)
			return
		}
		if err := s.command(p); err != nil {
			return
		}
		ended := s.view.idle(s)
		if s.parts() {
			s.farewell()
			return
		}
		if ended || s.ctx.Err() != nil {
			return
		}
	}
}

// errSession ends a session; whoever returns it has told the client, or cannot.
var errSession = errors.New("session ends")

// await waits for the first byte of a command. The watchdog may wake it for housekeeping, or to end the session.
func (s *session) await() error {
	for {
		_, err := s.client.Peek(1)
		woken := s.view.busy()
		if woken && s.view.parting() {
			if err == nil { // the client has just sent something: it is answered, but not executed
				s.client.SetReadDeadline(time.Now().Add(lastWords))
				_, _ = s.client.ReadPacket()
			}
			s.farewell()
			return errSession
		}
		if err == nil {
			if woken {
				s.client.SetReadDeadline(time.Time{})
			}
			return nil
		}
		if !woken || !errors.Is(err, os.ErrDeadlineExceeded) || s.ctx.Err() != nil || s.view.ended() {
			return errSession
		}
		s.client.SetReadDeadline(time.Time{})
		s.keepHouse()
		if s.view.idle(s) {
			return errSession
		}
	}
}

// keepHouse gives back connections that were kept for a while only, and those to servers that are being drained.
func (s *session) keepHouse() {
	now := s.p.now()
	for i := len(s.backends) - 1; i >= 0; i-- {
		b := &s.backends[i]
		if b.delayed() && now.After(b.delayUntil) {
			b.delay, b.delayUntil = 0, time.Time{}
		}
		s.settle(i)
	}
}

// clientAddr is the client's address for log lines.
func (s *session) clientAddr() string {
	if a := s.client.RemoteAddr(); a != nil && a.Network() != "unix" {
		return a.String()
	}
	return "localhost"
}
