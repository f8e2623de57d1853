package cluster

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

// Options is what a Cluster works with.
type Options struct {
	Log    zerolog.Logger
	Layers *layers.Manager
	UUID   string // of this node, as peers see it
	// NoMonitor tells that the node runs without monitor (-M), for admin-cluster_mysql_servers_sync_algorithm=3.
	NoMonitor bool
	Now       func() time.Time // nil: time.Now
	Timing    Timing
}

// Timing is what no variable sets. A zero field stands for its default.
type Timing struct {
	Connect time.Duration // bound of connecting; 1 s
	Login   time.Duration // bound of connecting and logging in; 5 s
	Query   time.Duration // bound of each statement of a check and its answer; 10 s
	Pull    time.Duration // bound of each statement of a pull and its answer; 1 min
	Idle    time.Duration // between looks at an empty cluster_username; 1 s
	Version time.Duration // before a peer of another version is asked again; 30 s
	// Reconnect is added to the check interval after a failed connect; 1 s.
	Reconnect time.Duration
	Retry     diffcheck.Retry // of failed pulls; 1 s, doubled up to 1 min
}

func (t Timing) withDefaults() Timing {
	return Timing{
		Connect:   cmp.Or(t.Connect, time.Second),
		Login:     cmp.Or(t.Login, 5*time.Second),
		Query:     cmp.Or(t.Query, 10*time.Second),
		Pull:      cmp.Or(t.Pull, time.Minute),
		Idle:      cmp.Or(t.Idle, time.Second),
		Version:   cmp.Or(t.Version, 30*time.Second),
		Reconnect: cmp.Or(t.Reconnect, time.Second),
		Retry:     diffcheck.Retry{Min: cmp.Or(t.Retry.Min, time.Second), Max: cmp.Or(t.Retry.Max, time.Minute)},
	}
}

// Cluster is this node's part in the cluster.
type Cluster struct {
	log       zerolog.Logger
	layers    *layers.Manager
	uuid      string
	noMonitor bool
	now       func() time.Time
	timing    Timing

	settings atomic.Pointer[settings]
	extras   atomic.Pointer[extras]
	// resets counts how often peers had to be read anew though their global checksum may be the one we know.
	resets atomic.Uint64
	// changed has room for one: the list of nodes is another than when Run last looked.
	changed chan struct{}
	counts  *counts

	mu    sync.Mutex // guards what follows
	state *diffcheck.State
	nodes []*node // the members, in the order of the list
	links map[string]*link
}

// New makes a Cluster and subscribes it to the layers; call it before layers.Manager.Boot.
func New(o Options) *Cluster {
	c := &Cluster{
		log: o.Log, layers: o.Layers, uuid: o.UUID, noMonitor: o.NoMonitor, now: o.Now,
		timing: o.Timing.withDefaults(), changed: make(chan struct{}, 1), counts: newCounts(), links: map[string]*link{},
	}
	if c.now == nil {
		c.now = time.Now
	}
	var watches []diffcheck.Watch
	for _, m := range modules {
		watches = append(watches, m.watch)
	}
	c.state = diffcheck.New(watches, c.timing.Retry)
	c.extras.Store(&extras{})
	o.Layers.Subscribe(schema.AdminVariables, layers.ConsumerFunc(c.prepareSettings))
	o.Layers.Subscribe(schema.KeepsqlVariables, layers.ConsumerFunc(c.prepareExtras))
	o.Layers.Subscribe(schema.ProxySQLServers, layers.ConsumerFunc(c.prepareMembers))
	return c
}

// Run checks the members until ctx ends, and then waits for all that is under way. Call it once, after layers.Manager.Boot.
// It returns nil.
func (c *Cluster) Run(ctx context.Context) error {
	running := map[*node]context.CancelFunc{}
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for {
		listed := map[*node]bool{}
		for _, n := range c.members() {
			listed[n] = true
			if running[n] != nil {
				continue
			}
			nctx, cancel := context.WithCancel(ctx)
			running[n] = cancel
			tasks.Go(func() { n.run(nctx) })
		}
		for n, cancel := range running {
			if !listed[n] {
				cancel()
				delete(running, n)
			}
		}
		select {
		case <-ctx.Done():
			for _, cancel := range running {
				cancel()
			}
			return nil
		case <-c.changed:
		}
	}
}

func (c *Cluster) members() []*node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*node(nil), c.nodes...)
}

// prepareMembers takes a new list of members over.
func (c *Cluster) prepareMembers(s *layers.Snapshot) (commit func(), err error) {
	rows := s.Runtime["proxysql_servers"]
	var list diffcheck.Members
	entries := map[diffcheck.Peer]member{}
	for i := range rows.Rows {
		port, err := strconv.Atoi(rows.Get(i, "port").Text)
		if err != nil {
			continue // the column is an INT; what SQLite let through all the same is nobody's port
		}
		p := diffcheck.Peer{Host: rows.Get(i, "hostname").Text, Port: port}
		list = append(list, p)
		entries[p] = member{weight: rows.Get(i, "weight").Text, comment: rows.Get(i, "comment").Text}
	}
	return func() { c.setMembers(list, entries) }, nil
}

// setMembers makes nodes of those that are new, keeps those that stay and drops the others; Run starts and stops them.
func (c *Cluster) setMembers(list diffcheck.Members, entries map[diffcheck.Peer]member) {
	c.mu.Lock()
	old := map[diffcheck.Peer]*node{}
	for _, n := range c.nodes {
		old[n.peer] = n
	}
	c.nodes = nil
	for _, p := range list {
		n := old[p]
		if n == nil {
			n = newNode(c, p)
		}
		n.setMember(entries[p])
		c.nodes = append(c.nodes, n)
	}
	c.mu.Unlock()
	c.step(list)
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// step takes an event to the decisions, and does what they say.
func (c *Cluster) step(e diffcheck.Event) {
	own := c.own()
	c.mu.Lock()
	actions := c.state.Step(c.now(), own, e)
	nodes := map[diffcheck.Peer]*node{}
	for _, n := range c.nodes {
		nodes[n.peer] = n
	}
	c.mu.Unlock()
	for _, a := range actions {
		switch a := a.(type) {
		case diffcheck.Line:
			c.log.WithLevel(levels[a.Level]).Msg(a.Text)
			c.counts.conflict(a)
		case diffcheck.Pull:
			if n := nodes[a.Peer]; n != nil {
				n.queue <- a // has room for as many as can be under way
			}
		case diffcheck.Align:
			if err := c.layers.Align(a.Watch, layers.Stamp(a.Stamp)); err != nil {
				c.log.Error().Err(err).Msg("cannot take over a peer's stamp")
			}
		}
	}
}

var levels = map[diffcheck.Level]zerolog.Level{
	diffcheck.Info: zerolog.InfoLevel, diffcheck.Warning: zerolog.WarnLevel, diffcheck.Error: zerolog.ErrorLevel,
}

// own is this node's side of every watch.
func (c *Cluster) own() map[string]diffcheck.Own {
	out := map[string]diffcheck.Own{}
	s, stamps, bootstrap := c.settings.Load(), c.layers.Stamps(), c.extras.Load().bootstrap
	for _, m := range modules {
		name := m.watch.Name
		out[name] = diffcheck.Own{
			Stamp: diffcheck.Stamp(stamps[name]),
			Diffs: s.diffs[m.watch.Module],
			Mute:  name == schema.MySQLServers && !s.runtimeServers,
			// The servers in force come along with those that are loaded.
			Bootstrap: bootstrap && name == primary(m.watch.Module),
		}
	}
	return out
}

// address is what to dial.
func address(p diffcheck.Peer) string { return net.JoinHostPort(p.Host, strconv.Itoa(p.Port)) }
