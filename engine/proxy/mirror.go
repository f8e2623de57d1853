package proxy

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// Bounds of mirroring: upstream's longest statement, and the memory of all that wait.
const (
	longestMirrored  = 15 << 20
	mirrorQueueBytes = 64 << 20
)

// mirrored is a copy of a statement, with what there is to know of its session.
type mirrored struct {
	user      *user
	backend   hostgroup.Login
	login     *wire.Login
	caps      wire.Capability
	charsetID uint16
	schema    string
	vars      *setting.State
	host      string
	proxyHost string
	proxyPort int
	payload   []byte
	hostgroup int // rule.Unset for none
	flag      int // rules are evaluated from there, rule.Unset for not
}

// mirrors executes copies of statements in sessions of their own, whose answers nobody reads. It takes a lock for statements
// that are mirrored only.
type mirrors struct {
	p       *Proxy
	dropped atomic.Uint64
	shard   stats.Shard // counts what clients have nothing to do with

	mu      sync.Mutex // guards what follows
	ctx     context.Context
	waiting []*mirrored
	bytes   int
	running int
	workers sync.WaitGroup
}

// mirror sees to it that a copy of a statement is executed elsewhere too, where a rule or a hint says so.
func (s *session) mirror(st *statement, set *settings) {
	d := &st.decision
	to := numberOf(st.hints.Mirror, d.MirrorHostgroup)
	if to == rule.Unset && d.MirrorFlagOUT == rule.Unset {
		return
	}
	if s.mirrored || s.user.fastForward || st.command != wire.ComQuery || len(st.payload) >= longestMirrored {
		return
	}
	s.p.mirrors.add(&mirrored{
		user: s.user, backend: s.backend, login: s.login, caps: s.caps, charsetID: s.charsetID, schema: s.schema, vars: s.reads, // a copy commits by itself
		host: s.host, proxyHost: s.proxyHost, proxyPort: s.proxyPort, payload: slices.Clone(st.payload),
		hostgroup: to, flag: d.MirrorFlagOUT,
	}, set)
}

// add executes a copy, at once or when others are done; one for which there is no room is dropped.
func (m *mirrors) add(c *mirrored, set *settings) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.ctx == nil || m.ctx.Err() != nil:
	case m.running < set.mirrorMost:
		m.running++
		m.workers.Go(func() { m.work(c) })
	case len(m.waiting) < set.mirrorQueue && m.bytes+len(c.payload) <= mirrorQueueBytes:
		m.waiting = append(m.waiting, c)
		m.bytes += len(c.payload)
	default:
		m.dropped.Add(1)
	}
}

// work executes a copy and those that wait.
func (m *mirrors) work(c *mirrored) {
	for c != nil {
		m.execute(c)
		c = m.next()
	}
}

// next takes the copy that waits for longest; without one the worker ends.
func (m *mirrors) next() *mirrored {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiting) == 0 || m.ctx.Err() != nil || m.running > m.p.settings.Load().mirrorMost {
		m.running--
		return nil
	}
	c := m.waiting[0]
	m.waiting[0] = nil
	if m.waiting = m.waiting[1:]; len(m.waiting) == 0 {
		m.waiting = nil
	}
	m.bytes -= len(c.payload)
	return c
}

// execute runs a copy in a session of its own.
func (m *mirrors) execute(c *mirrored) {
	s := newSession(m.ctx, m.p, wire.NewConn(nobody{}), &m.shard)
	defer s.stop()
	s.mirrored = true
	s.user, s.name, s.backend, s.login, s.caps, s.charsetID, s.schema = c.user, c.user.name, c.backend, c.login, c.caps, c.charsetID, c.schema
	s.host, s.proxyHost, s.proxyPort, s.firstVars = c.host, c.proxyHost, c.proxyPort, c.vars
	s.forget()
	m.p.registry.add(s)
	defer m.p.registry.remove(s)
	s.view.logIn(s.name, s.schema)
	defer s.dropBackends()
	s.executeMirrored(c)
}

// executeMirrored routes a copy: where its rules say, or else to the hostgroup that was given for it.
func (s *session) executeMirrored(c *mirrored) {
	st := s.statement(wire.ComQuery, c.payload)
	defer s.done(st)
	set := s.p.settings.Load()
	st.parse(c.payload[1:], &set.digest)
	st.decision.Reset(max(c.flag, 0))
	st.timeout = set.queryTimeout
	if c.flag != rule.Unset {
		s.flagIN = c.flag
		s.decide(st, set, nil)
	}
	if st.decision.ErrorMsg.Valid || st.decision.OKMsg.Valid {
		return
	}
	st.hostgroup = numberOf(st.decision.DestinationHostgroup, numberOf(c.hostgroup, c.user.defaultHostgroup))
	_ = s.executeOn(st, set) // an error ends the session, which is over anyway
}

// run lets copies be executed until ctx ends, and joins those that execute them.
func (m *mirrors) run(ctx context.Context) {
	m.mu.Lock()
	m.ctx = ctx
	m.mu.Unlock()
	<-ctx.Done()
	m.mu.Lock() // whoever adds a worker at this moment
	m.waiting, m.bytes = nil, 0
	m.mu.Unlock()
	m.workers.Wait()
}

// figures are how many copies are being executed and how many wait.
func (m *mirrors) figures() (running, waiting int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running, len(m.waiting)
}

// nobody is the client of a mirrored statement: it takes everything and says nothing.
type nobody struct{}

// mirrorAddr is what the processlist calls it, in upstream's word.
type mirrorAddr struct{}

func (mirrorAddr) Network() string { return "mirror" }
func (mirrorAddr) String() string  { return "mirror_internal" }

func (nobody) Read([]byte) (int, error)         { return 0, io.EOF }
func (nobody) Write(b []byte) (int, error)      { return len(b), nil }
func (nobody) Close() error                     { return nil }
func (nobody) LocalAddr() net.Addr              { return mirrorAddr{} }
func (nobody) RemoteAddr() net.Addr             { return mirrorAddr{} }
func (nobody) SetDeadline(time.Time) error      { return nil }
func (nobody) SetReadDeadline(time.Time) error  { return nil }
func (nobody) SetWriteDeadline(time.Time) error { return nil }
