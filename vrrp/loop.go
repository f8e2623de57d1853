package vrrp

import (
	"context"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/iproute"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/netif"
)

// loop is everything that belongs to the one goroutine that decides.
type loop struct {
	s       *Speaker
	log     zerolog.Logger
	timings Timings
	addrs   *netif.Addresses
	table   *iproute.Table
	ctx     context.Context // of the goroutines below; ends when the loop has said goodbye
	wg      sync.WaitGroup  // all of them

	routers   []*router         // in order of the configuration
	ports     map[string]*port  // interfaces that matter, by name
	checks    map[string]*check // check scripts that run, by name
	leaving   []*router         // removed ones that hand over, or whose notify commands still run
	stopping  bool              // all are leaving; see goodbye
	poll      *netif.Poller
	engine    engineState
	health    Health
	peers     []Peer      // other nodes of the cluster, see SetPeers
	handovers []*handover // planned switchovers under way
	groups    []*group
	virtual   map[netip.Addr]bool // all addresses of routers; see findVirtual
	sensors   map[string]*sensor  // tracked files and processes, by name of the tracker
	fifos     fifos
	static    static
	vmacs     vmacs
	endRoutes context.CancelFunc // ends the watch over routes; nil while there is none
	// logUnknown is log_unknown_vrids; unknownLog keeps it from flooding.
	logUnknown bool
	unknownLog time.Time

	grouped   func(instance string) bool // by the configuration
	applied   bool                       // a configuration has been applied
	nextDue   time.Time                  // not later than any machine's deadline; zero if none has one
	nextRenew time.Time
	dirty     bool // Status is out of date
	buf       []byte
}

func newLoop(s *Speaker) (*loop, error) {
	addrs, err := netif.NewAddresses(s.opts.Lifetime)
	if err != nil {
		return nil, err
	}
	table, err := iproute.Open()
	if err != nil {
		addrs.Close()
		return nil, err
	}
	poll, err := netif.NewPoller()
	if err != nil {
		addrs.Close()
		table.Close()
		return nil, err
	}
	return &loop{
		s: s, log: s.log, sensors: map[string]*sensor{}, fifos: fifos{log: s.log, by: s.opts.Helper}, timings: s.opts.Timings, vmacs: newVMACs(), addrs: addrs, table: table,
		ports: map[string]*port{}, checks: map[string]*check{}, poll: poll,
		buf: make([]byte, 4096),
	}, nil
}

// run is the loop. It has an operating system's thread of its own, which waits in the kernel and
// not in the runtime: see netif.Poller and package realtime.
func (l *loop) run(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var cancel context.CancelFunc
	l.ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer l.addrs.Close()
	defer l.table.Close()
	defer l.poll.Close()
	defer l.wg.Wait()
	defer cancel()
	defer l.s.serve(nil)
	l.s.serve(l.poll)
	defer context.AfterFunc(ctx, func() { l.s.post((*loop).stopAll) })()
	l.beUrgent()
	l.sweep()
	l.sweepVMACs()
	l.wg.Go(l.watch)
	l.nextRenew = time.Now().Add(l.timings.Renew)
	for l.turn(); !l.stopping || l.handsOver(); l.turn() {
		if err := l.poll.Wait(l.sleepUntil()); err != nil {
			panic(err) // descriptors of our own: it cannot go on without them
		}
	}
	l.goodbye()
}

// sleepUntil is when time itself becomes an event.
func (l *loop) sleepUntil() time.Time {
	if !l.nextDue.IsZero() && l.nextDue.Before(l.nextRenew) {
		return l.nextDue
	}
	return l.nextRenew
}

// turn does what there is to do, in the order of the package comment.
func (l *loop) turn() {
	due := !l.nextDue.IsZero() && !time.Now().Before(l.nextDue)
	for _, p := range l.ports {
		for k := range kinds {
			if sock := p.lines[k].sock; sock != nil && (due || sock.Readable()) {
				l.drain(p, k)
			}
		}
	}
	if due {
		l.tick(time.Now())
	}
	for _, f := range l.s.takeInbox() {
		f(l)
	}
	if now := time.Now(); !now.Before(l.nextRenew) {
		l.nextRenew = now.Add(l.timings.Renew)
		l.renew()
	}
	l.refreshStale()
	l.finishHandovers()
	if l.dirty {
		l.publish()
	}
}

// tick serves the machines whose deadline has come and finds the next one.
func (l *loop) tick(now time.Time) {
	l.nextDue = time.Time{}
	for _, r := range l.all() {
		if t, ok := r.m.Deadline(); ok && !now.Before(t.Add(-r.m.Early())) {
			l.step(r, now, machine.Tick{})
		}
		l.schedule(r)
	}
}

// schedule makes sure that the loop wakes for a machine's deadline.
func (l *loop) schedule(r *router) {
	if t, ok := r.m.Deadline(); ok && (l.nextDue.IsZero() || t.Before(l.nextDue)) {
		l.nextDue = t
	}
}

// step feeds one event to one machine and carries out the answer.
func (l *loop) step(r *router, now time.Time, ev machine.Event) {
	before, priority := r.m.State(), r.m.Priority()
	for _, a := range r.m.Step(now, ev) {
		l.act(r, a)
	}
	if r.m.State() != before {
		r.count(before, r.m.State())
		l.dirty = true
	}
	if r.m.Priority() != priority {
		l.dirty = true
		l.tellPriority(r)
	}
	l.schedule(r)
	l.settle(r.group, r, now)
}

// renew gives every claimed address a new lifetime and tries again what has failed before.
func (l *loop) renew() {
	for _, r := range l.all() {
		for p, index := range r.claimed {
			if err := l.addrs.Set(index, r.address(p)); err != nil {
				r.log.Error().Err(err).Msg("renewing a virtual address failed")
			}
		}
	}
	l.makeVMACs()
	l.patch()
	for _, p := range l.ports {
		for k := range p.lines {
			p.stale = p.stale || p.lines[k].needed && p.lines[k].sock == nil
		}
	}
}

// all are the routers of the configuration and those that are leaving it.
func (l *loop) all() []*router {
	if len(l.leaving) == 0 {
		return l.routers
	}
	return slices.Concat(l.routers, l.leaving)
}

// stopAll tells all virtual routers to stop. Those that hand over take their time.
func (l *loop) stopAll() {
	if l.stopping {
		return
	}
	l.stopping = true
	now := time.Now()
	for _, r := range l.routers {
		l.step(r, now, machine.Stop{})
	}
}

// handsOver tells whether some router waits for its successor.
func (l *loop) handsOver() bool {
	return slices.ContainsFunc(l.all(), func(r *router) bool { return r.m.Leaving() })
}

// goodbye ends all goroutines, when all virtual routers have stopped.
func (l *loop) goodbye() {
	now := time.Now()
	l.publish()
	l.useStatic(&vrrpconf.Config{})
	for name := range l.vmacs.made {
		l.removeVMAC(name)
	}
	for _, c := range l.checks {
		c.cancel()
	}
	for _, p := range l.ports {
		l.closePort(p)
	}
	for _, r := range append(l.leaving, l.routers...) {
		r.notify.Wait(max(0, l.timings.StopWait-time.Since(now)))
	}
	l.fifos.close()
}

// watch reports what happens to interfaces and addresses.
func (l *loop) watch() {
	netif.Watch(l.ctx, l.timings.Retry,
		func(c netif.Change) { l.s.post(func(l *loop) { l.changed(c) }) },
		func(err error) { l.log.Warn().Err(err).Msg("watching the interfaces failed, trying again") })
}
