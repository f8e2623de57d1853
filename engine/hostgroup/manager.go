package hostgroup

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/wire"
)

// Options of a Manager.
type Options struct {
	Log zerolog.Logger
	Now func() time.Time // nil: time.Now
	// Dial connects and logs in; nil: wire.Dial.
	Dial func(ctx context.Context, network, addr string, acc *wire.Account) (*wire.Conn, *wire.ServerInfo, error)
	// Adopt is called with every new connection of a pool before anybody gets it; nil for nothing.
	Adopt func(*wire.Conn) error
	// Attributes are sent with every login beside _server_host, hostgroup_id and connection_creation_time.
	Attributes []wire.Attribute
	// Housekeeping is how often idle connections and shunned servers are looked at; 1 s where it is 0.
	Housekeeping time.Duration
	// Recheck is the longest wait for a turn before everything is looked at again, because servers also come back by time; 200 ms
	// where it is 0.
	Recheck time.Duration
}

// Manager owns the hostgroups. Its methods may be called from any goroutine.
type Manager struct {
	log          zerolog.Logger
	now          func() time.Time
	dial         func(ctx context.Context, network, addr string, acc *wire.Account) (*wire.Conn, *wire.ServerInfo, error)
	adopt        func(*wire.Conn) error
	attributes   []wire.Attribute
	housekeeping time.Duration
	recheck      time.Duration

	view     atomic.Pointer[view]
	settings atomic.Pointer[settings]
	counters counters
	kills    chan Kill
	suspects chan Key
	feeds    feeds
	lackSaid secondly // that a hostgroup is empty, in the log

	mu      sync.Mutex // guards what follows
	groups  map[int]*group
	servers map[Key]*Server
	backups map[Key]bool // writers more than max_writers allows
}

// New makes a Manager without servers; the loads of mysql_servers and mysql_variables bring them.
func New(o Options) *Manager {
	m := &Manager{
		log: o.Log, now: o.Now, dial: o.Dial, adopt: o.Adopt, attributes: o.Attributes, housekeeping: o.Housekeeping, recheck: o.Recheck,
		kills: make(chan Kill, killQueue), suspects: make(chan Key, 16),
		groups: map[int]*group{}, servers: map[Key]*Server{},
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.dial == nil {
		m.dial = wire.Dial
	}
	if m.housekeeping == 0 {
		m.housekeeping = time.Second
	}
	if m.recheck == 0 {
		m.recheck = 200 * time.Millisecond
	}
	m.feeds.m, m.feeds.changed, m.feeds.asks = m, make(chan struct{}, 1), make(chan *feed, askQueue)
	m.view.Store(&view{})
	m.settings.Store(&settings{})
	return m
}

// PrepareServers is the consumer of the module mysql_servers.
func (m *Manager) PrepareServers(s *layers.Snapshot) (commit func(), err error) {
	v, changes := m.prepare(s)
	return func() {
		m.feeds.assign(changes, func() {
			for _, c := range changes {
				c.server.conf.Store(c.conf)
			}
			m.view.Store(v)
		})
		m.retire(v)
		for _, g := range v.groups {
			g.wakeAll()
		}
	}, nil
}

// PrepareVariables is the consumer of the module mysql_variables.
func (m *Manager) PrepareVariables(s *layers.Snapshot) (commit func(), err error) {
	v := s.Variables()
	set := readSettings(v)
	if set.tls = globalTLS(v); set.tls.err != nil {
		m.log.Error().Err(set.tls.err).Msg("servers with use_ssl cannot be reached")
	}
	return func() { m.settings.Store(set) }, nil
}

// Multiplex reports whether connections of the hostgroup may be shared between sessions.
func (m *Manager) Multiplex(hostgroup int) bool {
	g := m.view.Load().groups[hostgroup]
	return g == nil || g.attributes.multiplex
}

// Ignores lists the session variables that the hostgroup does not want set on its connections, in lower case.
func (m *Manager) Ignores(hostgroup int) []string {
	if v := m.view.Load(); v.ignoring {
		if g := v.groups[hostgroup]; g != nil {
			return g.attributes.ignored
		}
	}
	return nil
}

// LagWhenNull is the lag in seconds that the hostgroup assumes of a replica that does not replicate; -1 where it does not say.
func (m *Manager) LagWhenNull(hostgroup int) int {
	if g := m.view.Load().groups[hostgroup]; g != nil {
		return g.attributes.lagWhenNull
	}
	return -1
}

// HandleWarnings is what the hostgroup says in place of mysql-handle_warnings; -1 where it says nothing.
func (m *Manager) HandleWarnings(hostgroup int) int {
	if g := m.view.Load().groups[hostgroup]; g != nil {
		return g.attributes.handleWarnings
	}
	return -1
}

// InitConnect is the statement the hostgroup wants on new connections in place of mysql-init_connect; "" for none.
func (m *Manager) InitConnect(hostgroup int) string {
	if g := m.view.Load().groups[hostgroup]; g != nil {
		return g.attributes.initConnect
	}
	return ""
}

// group finds or makes the part of a hostgroup that outlives reloads.
func (m *Manager) group(id int) *group {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.groups[id]
	if g == nil {
		g = &group{id: id, late: &m.feeds.waiting}
		m.groups[id] = g
	}
	return g
}

// server finds or makes a server. A new one is OFFLINE_HARD until its configuration comes into force.
func (m *Manager) server(key Key, g *group) *Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.servers[key]
	if s == nil {
		s = &Server{Key: key, group: g}
		s.conf.Store(&serverConf{status: OfflineHard})
		s.raise(barSpare, m.backups[key]) // nobody else knows it yet
		m.servers[key] = s
	}
	return s
}

// retire puts the servers that v no longer has to OFFLINE_HARD and forgets those nobody uses.
func (m *Manager) retire(v *view) {
	kept := map[*Server]bool{}
	for _, g := range v.groups {
		for _, s := range g.servers {
			kept[s] = true
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, s := range m.servers {
		if kept[s] {
			continue
		}
		s.conf.Store(&serverConf{status: OfflineHard})
		s.closeIdle()
		if s.used.Load() == 0 {
			delete(m.servers, key)
		}
	}
}

// all lists the known servers, removed ones that are still in use included.
func (m *Manager) all() []*Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]*Server, 0, len(m.servers))
	for _, s := range m.servers {
		out = append(out, s)
	}
	return out
}
