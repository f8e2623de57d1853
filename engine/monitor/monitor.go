package monitor

import (
	"context"
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// Pool is what the monitor does to the servers. *hostgroup.Manager is one.
type Pool interface {
	Missing(host string, port int, why string)
	Back(host string, port int)
	SetLatency(host string, port int, d time.Duration)
	SetLag(key hostgroup.Key, lag time.Duration, late bool) (changed bool)
	SetBehind(key hostgroup.Key, lag time.Duration, replica bool)
	LagWhenNull(hostgroup int) int
	SetSpare(keys []hostgroup.Key)
	Suspects() <-chan hostgroup.Key
	TLS(host string, port int, user string) (*tls.Config, error)
}

// Options of a Monitor.
type Options struct {
	Log    zerolog.Logger
	Layers *layers.Manager
	Pool   Pool
	Off    bool // never watch anything (-M)
}

// Monitor watches the servers. Its methods may be called from any goroutine.
type Monitor struct {
	log      zerolog.Logger
	layers   *layers.Manager
	pool     Pool
	off      bool
	settings atomic.Pointer[settings]
	history  history
	running  atomic.Int64 // watchers
	started  atomic.Uint64

	reload  chan struct{} // capacity 1: a module was loaded
	results chan outcome

	// Only the goroutine of Run touches what follows.
	judge    verdict.Judge
	watchers map[verdict.Addr]*watcher
	group    sync.WaitGroup // of the watchers' goroutines
	lines    limiter
	aurora   auroraBook
}

// New makes a Monitor and subscribes it to the modules it works by. Make it after the pool, before the layers boot.
func New(o Options) *Monitor {
	m := &Monitor{
		log: o.Log, layers: o.Layers, pool: o.Pool, off: o.Off,
		reload: make(chan struct{}, 1), results: make(chan outcome, 64), watchers: map[verdict.Addr]*watcher{},
		lines: limiter{},
	}
	o.Layers.Subscribe(schema.MySQLVariables, layers.ConsumerFunc(func(s *layers.Snapshot) (func(), error) {
		set := readSettings(s.Variables())
		return func() { m.settings.Store(set); m.wake() }, nil
	}))
	o.Layers.Subscribe(schema.MySQLServers, layers.ConsumerFunc(func(*layers.Snapshot) (func(), error) {
		return m.wake, nil
	}))
	return m
}

// wake makes Run look at what is in force. It does not wait: the caller holds the layers.
func (m *Monitor) wake() {
	select {
	case m.reload <- struct{}{}:
	default:
	}
}

// pruning is how often old results are forgotten.
const pruning = 10 * time.Second

// Run watches until ctx ends. It is called once, after the layers have booted, and returns nil.
func (m *Monitor) Run(ctx context.Context) error {
	defer m.group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.configure(ctx)
	prune := time.NewTicker(pruning)
	defer prune.Stop()
	for {
		select { // what was moved is known before the next result is looked at
		case <-m.reload:
			m.configure(ctx)
		default:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.reload:
			m.configure(ctx)
		case o := <-m.results:
			m.take(&o)
		case k := <-m.pool.Suspects():
			m.suspect(verdict.Addr{Host: k.Host, Port: k.Port})
		case now := <-prune.C:
			m.history.prune(now.Add(-m.settings.Load().history))
		}
	}
}

// configure makes the watchers those of the servers in force.
func (m *Monitor) configure(ctx context.Context) {
	set, servers := m.settings.Load(), m.layers.Snapshot(schema.MySQLServers)
	if set == nil || servers == nil {
		return
	}
	var c verdict.Config
	if set.enabled && !m.off {
		c = readServers(servers, set, m.pool)
	}
	m.act(m.judge.Step(c, time.Now()))
	want := map[verdict.Addr]*task{}
	for _, s := range c.Servers {
		if s.Unwanted {
			continue
		}
		t := want[s.Addr]
		if t == nil {
			t = &task{settings: set, readOnly: checksOf(c, s.Addr), missing: m.judge.Missing(s.Addr)}
			want[s.Addr] = t
		}
		t.lag = t.lag || s.MaxLag > 0
		t.join(c.Clusters, s.Hostgroup)
	}
	for addr, w := range m.watchers {
		if want[addr] == nil {
			w.stop()
			delete(m.watchers, addr)
			for kind := range checkKinds + 1 {
				m.lines.forget(addr, kind)
			}
		}
	}
	for addr, t := range want {
		m.watch(ctx, addr, t)
	}
}

// watch starts a watcher, or gives the one that is there its task.
func (m *Monitor) watch(ctx context.Context, addr verdict.Addr, t *task) {
	w := m.watchers[addr]
	if w != nil {
		if old := w.task.Load().settings; old.user != t.settings.user || old.password != t.settings.password {
			w.fresh.Store(true)
		}
		w.assign(t)
		return
	}
	ctx, stop := context.WithCancel(ctx)
	w = &watcher{probe: probe{addr: addr, pool: m.pool}, stop: stop, changed: make(chan struct{}, 1)}
	w.task.Store(t)
	m.watchers[addr] = w
	m.started.Add(1)
	m.running.Add(1)
	m.group.Go(func() {
		defer m.running.Add(-1)
		defer stop()
		w.run(ctx, func(o outcome) {
			select {
			case m.results <- o:
			case <-ctx.Done():
			}
		})
	})
}

// take takes a result in and does what follows from it.
func (m *Monitor) take(o *outcome) {
	if m.watchers[o.addr] == nil { // a late word of a watcher that was stopped
		return
	}
	m.complain(o)
	var actions []verdict.Action
	if e := o.event(); e != nil {
		actions = m.judge.Step(e, time.Now())
	}
	if o.kind == auroraCheck {
		o.guess = m.judge.AuroraLags(o.cluster(), o.aurora)
		m.aurora.checked(o)
	}
	m.history.add(o)
	m.act(actions)
}
