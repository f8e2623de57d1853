package proxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cache"
	"github.com/keepsql/keepsql/engine/eventloop"
	"github.com/keepsql/keepsql/engine/firewall"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/listen"
	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// Options of a Proxy.
type Options struct {
	Log    zerolog.Logger
	Layers *layers.Manager
	TLS    func() *tls.Config // for clients; nil, or a nil config, for no TLS
	Now    func() time.Time   // nil: time.Now
	// Datadir is what names of log files are relative to.
	Datadir string
	// SQLiteBytes is the memory of the admin databases, for statistics; nil: not known.
	SQLiteBytes func() int64
	// DigestBytes is the budget of the digest table in bytes; 0 for stats.DefaultDigestBytes.
	DigestBytes int
	// Gauges are rows of stats_mysql_global that other parts of the engine know; nil for none.
	Gauges func() stats.Gauges
	// Watch is how often sessions are looked at for clients that went away and limits that ran out; 200 ms where it is 0.
	Watch time.Duration
}

// Proxy is the data plane: listeners, sessions and servers.
type Proxy struct {
	log     zerolog.Logger
	now     func() time.Time
	tls     func() *tls.Config
	watch   time.Duration
	started time.Time
	gauges  func() stats.Gauges

	servers   *hostgroup.Manager
	listeners *listen.Set
	loops     atomic.Pointer[eventloop.Loops] // on which sessions run; nil before Run
	sessions  sync.WaitGroup                  // one for each session
	counters  *stats.Counters
	digests   *stats.Digests
	errors    stats.Errors
	hosts     clientHosts
	passwords wire.PasswordCache
	prepared  *prepared.Cache
	users     users
	initial   initialStates

	cache     *cache.Cache
	logs      logs
	firewall  atomic.Pointer[firewall.Set]
	guardLog  *boundedLog // of what the firewall and the search for injections found
	serverLog *boundedLog // of what servers say of statements
	mirrors   mirrors
	sqlite    func() int64

	settings atomic.Pointer[settings]
	extras   atomic.Pointer[extras]
	auth     atomic.Pointer[wire.Authenticator]
	rules    atomic.Pointer[rule.Set]
	reloads  atomic.Uint64 // loads of mysql_servers
	clients  atomic.Int32  // authenticated sessions
	draining atomic.Bool   // see Drain; changed with mu held
	probes   selfProbes

	scratch  sync.Pool // of *scratch
	registry registry

	mu       sync.Mutex // guards what follows: the inputs of derived configuration
	ruleRows []rule.Row
	ruleFast []rule.FastRow
	ruleOpts rule.Options
	paused   bool
	running  bool
}

// New makes a Proxy and subscribes it to the modules it works by. Make it before the layers boot.
func New(o Options) *Proxy {
	p := &Proxy{log: o.Log, now: o.Now, tls: o.TLS, watch: o.Watch, gauges: o.Gauges, counters: stats.NewCounters(), digests: stats.NewDigests(o.DigestBytes)}
	if p.now == nil {
		p.now = time.Now
	}
	if p.watch == 0 {
		p.watch = 200 * time.Millisecond
	}
	p.started = p.now()
	p.prepared = prepared.NewCache()
	p.scratch.New = func() any { return new(scratch) }
	p.servers = hostgroup.New(hostgroup.Options{
		Log: o.Log, Now: o.Now,
		Adopt:      func(c *wire.Conn) error { return c.Adopt(p.loops.Load()) },
		Attributes: []wire.Attribute{{Name: "program_name", Value: "proxysql"}},
	})
	p.listeners = listen.New(listen.Options{Log: o.Log, Handle: p.handle, NoKeepAlive: true})
	p.cache = cache.New(0)
	p.logs = newLogs(&o)
	p.guardLog, p.serverLog = newBoundedLog(o.Log), newBoundedLog(o.Log)
	p.mirrors.p, p.sqlite = p, o.SQLiteBytes
	p.firewall.Store(new(firewall.Set))
	p.extras.Store(&extras{hints: true})
	p.rules.Store(mustCompileNothing())
	o.Layers.Subscribe(schema.MySQLVariables, layers.ConsumerFunc(p.prepareVariables))
	o.Layers.Subscribe(schema.MySQLVariables, layers.ConsumerFunc(p.servers.PrepareVariables))
	o.Layers.Subscribe(schema.KeepsqlVariables, layers.ConsumerFunc(p.prepareExtras))
	o.Layers.Subscribe(schema.MySQLFirewall, layers.ConsumerFunc(p.prepareFirewall))
	o.Layers.Subscribe(schema.MySQLUsers, layers.ConsumerFunc(p.users.prepare))
	o.Layers.Subscribe(schema.MySQLServers, layers.ConsumerFunc(p.prepareServers))
	o.Layers.Subscribe(schema.MySQLQueryRules, layers.ConsumerFunc(p.prepareRules))
	return p
}

func mustCompileNothing() *rule.Set {
	s, _ := rule.Compile(nil, nil, rule.Options{}) // without rules there is nothing that could fail
	return s
}

// Run serves clients until ctx ends, then closes their connections and joins everything it started. It is called once,
// after the layers have booted.
func (p *Proxy) Run(ctx context.Context) error {
	loops, err := eventloop.New(min(p.settings.Load().threads, runtime.NumCPU()))
	if err != nil {
		return fmt.Errorf("serve clients: %w", err)
	}
	p.loops.Store(loops)
	p.mu.Lock()
	p.running = true
	p.mu.Unlock()
	p.applyInterfaces()
	// servers are closed last, so that sessions that end can give their connections back
	serverCtx, stopServers := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServers()
	var servers, front sync.WaitGroup
	var errServers, errListen error
	servers.Go(func() { errServers = p.servers.Run(serverCtx) })
	servers.Go(func() { p.logs.events.Run(serverCtx) })
	servers.Go(func() { p.logs.audit.Run(serverCtx) })
	front.Go(func() { errListen = p.listeners.Run(ctx) })
	front.Go(func() { p.watchSessions(ctx) })
	front.Go(func() { p.cache.Run(ctx) })
	front.Go(func() { p.mirrors.run(ctx) })
	front.Wait()
	p.sessions.Wait()
	stopServers()
	servers.Wait()
	errLoops := loops.Close()
	if errListen != nil {
		return fmt.Errorf("serve clients: %w", errListen)
	}
	if errServers != nil {
		return fmt.Errorf("look after servers: %w", errServers)
	}
	return errLoops
}

// Servers are the pools.
func (p *Proxy) Servers() *hostgroup.Manager { return p.servers }

// Pause closes the listeners; sessions go on (PROXYSQL PAUSE).
func (p *Proxy) Pause() { p.setPaused(true) }

// Resume opens the listeners again (PROXYSQL RESUME).
func (p *Proxy) Resume() { p.setPaused(false) }

func (p *Proxy) setPaused(on bool) {
	p.mu.Lock()
	p.paused = on
	p.mu.Unlock()
	p.applyInterfaces()
}

// applyInterfaces makes the open listeners those of mysql-interfaces.
func (p *Proxy) applyInterfaces() {
	p.mu.Lock()
	defer p.mu.Unlock()
	set := p.settings.Load()
	switch {
	case !p.running || set == nil:
	case p.paused || p.draining.Load():
		p.listeners.Apply("")
	default:
		p.listeners.Apply(set.interfaces)
	}
}

// Health reports whether clients can connect: listeners are open and accepting. detail says in a few words what is or what
// is not.
func (p *Proxy) Health() (ok bool, detail string) {
	p.mu.Lock()
	paused, running := p.paused, p.running
	p.mu.Unlock()
	open := len(p.listeners.Addrs())
	switch {
	case !running:
		return false, "not started"
	case p.draining.Load():
		return false, "draining"
	case paused:
		return false, "paused"
	case open == 0:
		return false, "no listener is open"
	}
	return true, fmt.Sprintf("%d listeners, %d clients", open, p.clients.Load())
}

// Addrs lists the addresses of the open listeners.
func (p *Proxy) Addrs() []net.Addr { return p.listeners.Addrs() }

// prepareVariables is the consumer of mysql_variables.
func (p *Proxy) prepareVariables(s *layers.Snapshot) (commit func(), err error) {
	v := s.Variables()
	set, opts := readSettings(v), ruleOptions(v)
	auth := p.authenticator(v, set)
	return func() {
		p.settings.Store(set)
		p.logs.configure(v)
		p.cache.SetBudget(int64(v.Int("mysql-query_cache_size_MB")) << 20)
		p.cache.SetSoftTTL(v.Int("mysql-query_cache_soft_ttl_pct"))
		p.auth.Store(auth)
		p.mu.Lock()
		changed := opts.Engine != p.ruleOpts.Engine || opts.Iterations != p.ruleOpts.Iterations
		p.ruleOpts = opts
		if changed && p.ruleRows != nil {
			p.rules.Store(p.compile())
		}
		p.mu.Unlock()
		p.applyInterfaces()
	}, nil
}

// prepareRules is the consumer of mysql_query_rules. As upstream has it, a rule that does not compile is left out and the
// others count.
func (p *Proxy) prepareRules(s *layers.Snapshot) (commit func(), err error) {
	rows, fast := readRules(s)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ruleRows, p.ruleFast = rows, fast
		p.rules.Store(p.compile())
	}, nil
}

// compile compiles the present rules, with mu held.
func (p *Proxy) compile() *rule.Set {
	opts := p.ruleOpts
	opts.Reuse = p.rules.Load()
	set, errs := rule.Compile(p.ruleRows, p.ruleFast, opts)
	for _, err := range errs {
		p.log.Error().Err(err).Msg("query rule is left out")
	}
	return set
}

// prepareServers is the consumer of mysql_servers.
func (p *Proxy) prepareServers(s *layers.Snapshot) (func(), error) {
	commit, err := p.servers.PrepareServers(s)
	if err != nil {
		return nil, err
	}
	return func() {
		commit()
		p.reloads.Add(1)
	}, nil
}
