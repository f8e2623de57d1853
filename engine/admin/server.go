package admin

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/eventlog"
	"github.com/keepsql/keepsql/engine/listen"
	"github.com/keepsql/keepsql/engine/metrics"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// Options is what a Server works with. Log, Store and Layers are needed, everything else may be left out.
type Options struct {
	Log    zerolog.Logger
	Store  *store.Store
	Layers *layers.Manager
	TLS    func() *tls.Config // nil or giving nil: TLS is not offered
	// Tables fills tables of schema stats whenever a statement names them.
	Tables stats.Tables
	// MonitorTables fills tables of schema monitor likewise.
	MonitorTables stats.Tables
	// Shunned reports whether a server that is ONLINE by configuration is shunned, for runtime_mysql_servers; nil: none is.
	Shunned func(hostgroup int, host string, port int) bool
	Peers   Peers
	// Metrics gives more of what SHOW PROMETHEUS METRICS shows; nil: nothing.
	Metrics func() []metrics.Series
	Control Control
	// Config reads the config files, for LOAD … FROM CONFIG; nil: there are none.
	Config func() (*conf.File, error)
	// VRRP gives the rows of SHOW VRRP STATUS, under VRRPColumns; nil: there are no virtual routers.
	VRRP func() []schema.Row
	// State is what peers of the cluster are told of this node, and a channel that is closed when that changes; nil: nothing.
	State func() (text string, changed <-chan struct{})
	// Switch takes the node out of service and back; nil: nothing does.
	Switch Switch
	// Audit is told of clients; nil: nobody is.
	Audit *eventlog.Log
	// Interfaces replaces admin-mysql_ifaces for good; "" leaves the variable in force.
	Interfaces string
	// MaxSessions bounds the connections at one time; 0: 4096.
	MaxSessions int
	// MaxWaiters bounds the cluster nodes that wait for a change at one time; 0: 256.
	MaxWaiters int
	// StatementTimeout bounds one SQL statement; 0: one minute.
	StatementTimeout time.Duration
}

// Server is the admin interface.
type Server struct {
	log       zerolog.Logger
	store     *store.Store
	layers    *layers.Manager
	tls       func() *tls.Config
	tables    stats.Tables
	peers     Peers
	metrics   func() []metrics.Series
	control   Control
	config    func() (*conf.File, error)
	vrrp      func() []schema.Row
	state     func() (string, <-chan struct{})
	switches  Switch
	auditLog  *eventlog.Log
	ifaces    string
	maxConns  int64
	maxWaits  int64
	timeout   time.Duration
	started   time.Time
	listeners *listen.Set
	commands  registry
	refresher refresher
	passwords *wire.PasswordCache

	admin    atomic.Pointer[layers.Variables] // in force
	mysql    atomic.Pointer[layers.Variables]
	readOnly atomic.Bool // PROXYSQL READONLY, admin-read_only
	sessions atomic.Int64
	waiters  atomic.Int64 // sessions in CLUSTER_WAIT
	lastID   atomic.Uint32
	dumps    dumps
}

// New makes a Server and subscribes it to the variables it works by; call it before the layers boot.
func New(o Options) *Server {
	s := &Server{
		log: o.Log, store: o.Store, layers: o.Layers, tls: o.TLS, tables: o.Tables, peers: o.Peers, metrics: o.Metrics, control: o.Control,
		config: o.Config, vrrp: o.VRRP, state: o.State, switches: o.Switch, ifaces: o.Interfaces, auditLog: o.Audit, started: time.Now(),
		maxConns: int64(cmp.Or(o.MaxSessions, 4096)), maxWaits: int64(cmp.Or(o.MaxWaiters, 256)), timeout: cmp.Or(o.StatementTimeout, time.Minute),
		commands: newRegistry(), passwords: &wire.PasswordCache{},
	}
	if s.metrics == nil {
		s.metrics = func() []metrics.Series { return nil }
	}
	if s.control == nil {
		s.control = noControl{}
	}
	s.refresher = newRefresher(o.Store, o.Layers, o.Tables)
	s.refresher.addMonitor(&o)
	s.refresher.add("stats", historyTable, func() (*schema.Rows, any) { return historyRows(o.Layers, o.Log), nil })
	s.listeners = listen.New(listen.Options{Log: o.Log, Handle: s.serve})
	s.layers.Subscribe(schema.AdminVariables, layers.ConsumerFunc(s.adminVariables))
	s.layers.Subscribe(schema.MySQLVariables, layers.ConsumerFunc(s.mysqlVariables))
	return s
}

// Run serves clients until ctx ends and all sessions are closed.
func (s *Server) Run(ctx context.Context) error { return s.listeners.Run(ctx) }

// Addrs lists the addresses clients can connect to.
func (s *Server) Addrs() []net.Addr { return s.listeners.Addrs() }

// adminVariables works by a load of ADMIN VARIABLES: accounts, interfaces, the read-only switch. A load that would leave no
// administrator is refused, except at boot.
func (s *Server) adminVariables(snap *layers.Snapshot) (func(), error) {
	vars := snap.Variables()
	bad, usable := badEntries(vars.String("admin-admin_credentials"))
	if !usable && s.admin.Load() != nil {
		return nil, errors.New("admin-admin_credentials has no entry of the form user:password")
	}
	return func() {
		if len(bad) > 0 {
			s.log.Warn().Int("entries", len(bad)).Msg("admin-admin_credentials has entries without a colon, which are no accounts: write user:password")
		}
		before := s.admin.Swap(&vars)
		if before == nil || before.Bool("admin-read_only") != vars.Bool("admin-read_only") {
			s.readOnly.Store(vars.Bool("admin-read_only"))
		}
		s.listen()
	}, nil
}

// mysqlVariables works by a load of MYSQL VARIABLES: the monitor's account, the version shown to clients.
func (s *Server) mysqlVariables(snap *layers.Snapshot) (func(), error) {
	vars := snap.Variables()
	return func() {
		s.mysql.Store(&vars)
		s.listen()
	}, nil
}

// listen opens and closes listeners as the variables say, once both modules are in force: logins need either.
func (s *Server) listen() {
	if admin := s.admin.Load(); admin != nil && s.mysql.Load() != nil {
		s.listeners.Apply(cmp.Or(s.ifaces, admin.String("admin-mysql_ifaces")))
	}
}
