package hostgroup

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/gtid"
)

// feed is where it is heard what a server has executed: from its binlog reader, which is followed, or, without one, from itself,
// when somebody wants to know.
type feed struct {
	gtid.Follower
	key    feedKey
	cancel context.CancelFunc // nil while it is not followed; guarded by feeds.mu
	asking atomic.Bool        // the server is being asked
	asked  atomic.Int64       // unix nanoseconds: when it was asked last
}

// feedKey identifies a feed. Hostgroups share that of a server.
type feedKey struct {
	host     string
	port     int
	gtidPort int // 0: it has no reader
}

// feeds are those of all servers.
type feeds struct {
	m        *Manager
	changed  chan struct{} // there are others to be followed
	asks     chan *feed    // servers to be asked
	waiting  atomic.Int32  // statements that wait for replication
	lateSaid secondly      // in the log

	mu  sync.Mutex // guards what follows
	all map[feedKey]*feed
}

// assign gives servers that come into force their feeds; then puts them into force.
func (f *feeds) assign(changes []confChange, commit func()) {
	f.mu.Lock()
	for _, c := range changes {
		if c.server.Port != 0 && c.conf.status != OfflineHard {
			c.conf.feed = f.feed(feedKey{c.server.Host, c.server.Port, c.conf.gtidPort})
		}
	}
	commit()
	f.mu.Unlock()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// feed finds or makes one, with mu held.
func (f *feeds) feed(key feedKey) *feed {
	if known := f.all[key]; known != nil {
		return known
	}
	n := &feed{key: key, Follower: gtid.Follower{
		Addr: net.JoinHostPort(key.host, strconv.Itoa(key.gtidPort)),
		Log:  f.m.log.With().Str("server", Key{Host: key.host, Port: key.port}.String()).Logger(),
		Retry: func() time.Duration {
			return max(f.m.settings.Load().gtidRetry, 10*time.Millisecond) // the variables may not be there yet
		},
	}}
	n.Changed = func() { f.advanced(n) }
	if f.all == nil {
		f.all = map[feedKey]*feed{}
	}
	f.all[key] = n
	return n
}

// run follows the readers until ctx ends.
func (f *feeds) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	f.follow(ctx, &wg)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
			f.follow(ctx, &wg)
		case n := <-f.asks:
			wg.Go(func() { f.ask(ctx, n) })
		}
	}
}

// follow begins with those that are new and ends those whose servers are gone.
func (f *feeds) follow(ctx context.Context, wg *sync.WaitGroup) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := map[*feed]bool{}
	for _, g := range f.m.view.Load().groups {
		for _, s := range g.servers {
			if n := s.conf.Load().feed; n != nil {
				wanted[n] = true
			}
		}
	}
	for key, n := range f.all {
		switch {
		case !wanted[n]:
			if n.cancel != nil {
				n.cancel()
			}
			delete(f.all, key)
		case n.cancel == nil && key.gtidPort != 0:
			var own context.Context
			own, n.cancel = context.WithCancel(ctx)
			wg.Go(func() { n.Run(own) })
		}
	}
}

// advanced wakes the statements that wait for what a server has executed now.
func (f *feeds) advanced(n *feed) {
	if f.waiting.Load() == 0 {
		return
	}
	for _, g := range f.m.view.Load().groups {
		for _, s := range g.servers {
			if s.conf.Load().feed == n {
				g.advanced(s)
			}
		}
	}
}

// Executed is what one server has executed, as stats_mysql_gtid_executed shows it.
type Executed struct {
	Host   string
	Port   int
	GTIDs  string // empty while its reader cannot be reached
	Events uint64 // lines of the reader, or answers of the server
}

// Executed lists the servers that have a gtid_port, or were asked lately, by host and port.
func (m *Manager) Executed() []Executed {
	m.feeds.mu.Lock()
	var out []Executed
	for key, n := range m.feeds.all {
		if key.gtidPort == 0 && !n.Known() {
			continue
		}
		set, events := n.Read()
		out = append(out, Executed{Host: key.host, Port: key.port, GTIDs: set.String(), Events: events})
	}
	m.feeds.mu.Unlock()
	slices.SortFunc(out, func(a, b Executed) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port)) })
	return out
}
