package vrrp

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/netif"
)

// Options are what a speaker is told besides its configuration.
type Options struct {
	Timings
	// TrackEngine says that a proxy runs beside this speaker and SetEngine reports its life.
	// Instances then claim nothing before it is alive, unless they have `track_engine off`.
	TrackEngine bool
	// Realtime lets vrrp_rt_priority and vrrp_no_swap act on this process: it does nothing
	// but VRRP.
	Realtime bool
	// Helper does what needs other rights; nil: Self.
	Helper Helper
}

// Timings are the periods that the configuration cannot change. Zero values stand for those
// of DefaultTimings.
type Timings struct {
	Lifetime    time.Duration // of an address that is not renewed; whole seconds
	Renew       time.Duration // how often claimed addresses are set again
	Retry       time.Duration // how soon a failed socket or subscription is tried again
	KillAfter   time.Duration // from telling an overdue script to end to killing it
	NotifyLimit time.Duration // how long one notify command may hold up the next
	StopWait    time.Duration // how long Run waits for notify commands at its end
	RepeatLog   time.Duration // how often the same complaint about a peer is logged
	LateFloor   time.Duration // see machine.Config
	Handover    time.Duration // see machine.Config
	Picture     time.Duration // how long Status waits for a fresh picture
	LookFile    time.Duration // how often a tracked file is read
	LookProcess time.Duration // how often tracked processes are looked for; their end is seen at once
}

// DefaultTimings are the periods for production.
func DefaultTimings() Timings {
	return Timings{
		Lifetime: 3 * time.Second, Renew: time.Second, Retry: time.Second, KillAfter: 2 * time.Second,
		LookFile: 100 * time.Millisecond, LookProcess: 250 * time.Millisecond, NotifyLimit: time.Minute, StopWait: time.Second, RepeatLog: 10 * time.Second,
		Picture: 100 * time.Millisecond,
	}
}

func (t Timings) orDefault() Timings {
	d := DefaultTimings()
	for _, f := range []struct{ have, def *time.Duration }{
		{&t.Lifetime, &d.Lifetime}, {&t.Renew, &d.Renew}, {&t.Retry, &d.Retry}, {&t.KillAfter, &d.KillAfter},
		{&t.LookFile, &d.LookFile}, {&t.LookProcess, &d.LookProcess}, {&t.NotifyLimit, &d.NotifyLimit}, {&t.StopWait, &d.StopWait}, {&t.RepeatLog, &d.RepeatLog},
		{&t.Picture, &d.Picture},
	} {
		if *f.have == 0 {
			*f.have = *f.def
		}
	}
	return t
}

// Speaker runs virtual routers. Its methods may be called from any goroutine.
type Speaker struct {
	log    zerolog.Logger
	opts   Options
	status atomic.Pointer[[]InstanceStatus]
	// running says that a loop empties the inbox.
	running atomic.Bool

	mu      sync.Mutex // guards what follows
	current *vrrpconf.Config
	inbox   []func(*loop)
	poll    *netif.Poller // that the loop waits with; nil while there is none
}

// New makes a speaker without instances; see Apply and Run.
func New(log zerolog.Logger, opts Options) *Speaker {
	opts.Timings = opts.orDefault()
	if opts.Helper == nil {
		opts.Helper = Self{}
	}
	return &Speaker{log: log, opts: opts, current: &vrrpconf.Config{}}
}

// Run speaks until ctx ends; then every MASTER announces priority 0 and keeps its addresses
// until another one is heard, but not longer than Timings.Handover; all addresses are
// removed, and the stop notifications are run. An error means that it could not begin.
// It may be called once.
func (s *Speaker) Run(ctx context.Context) error {
	l, err := newLoop(s)
	if err != nil {
		return err
	}
	s.running.Store(true)
	defer s.running.Store(false)
	l.run(ctx)
	return nil
}

// Apply replaces the configuration, before or during Run, and tells what that means. An
// instance that is equal in both keeps its state, timers and socket and notices nothing; in
// a changed one priority, addresses and trackers change without leaving its state; only
// another interface, VRID or version start an instance anew.
func (s *Speaker) Apply(cfg *vrrpconf.Config) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	rep := compare(s.current, cfg)
	s.current = cfg
	s.postLocked(func(l *loop) { l.apply(cfg) })
	return rep
}

// Compare tells what Apply would do with a configuration, and does nothing.
func (s *Speaker) Compare(cfg *vrrpconf.Config) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return compare(s.current, cfg)
}

// SetEngine tells whether the proxy lives. Its death makes every MASTER announce priority 0
// and drop its addresses at once; its return makes them candidates again.
func (s *Speaker) SetEngine(alive bool) { s.post(func(l *loop) { l.setEngine(alive) }) }

// Status is a picture of all instances, in the order of the configuration: of this moment
// while Run is running and not held up, else the last one there was.
func (s *Speaker) Status() []InstanceStatus {
	if s.running.Load() {
		done := make(chan struct{})
		s.post(func(l *loop) {
			l.publish()
			close(done)
		})
		select {
		case <-done:
		case <-time.After(s.opts.Picture):
		}
	}
	if p := s.status.Load(); p != nil {
		return slices.Clone(*p)
	}
	return nil
}

// post gives work to the loop. It never waits.
func (s *Speaker) post(f func(*loop)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postLocked(f)
}

func (s *Speaker) postLocked(f func(*loop)) {
	if s.inbox = append(s.inbox, f); len(s.inbox) == 1 && s.poll != nil {
		s.poll.Wake()
	}
}

// serve tells what the loop waits with. Nobody wakes one that was there before.
func (s *Speaker) serve(p *netif.Poller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll = p; p != nil && len(s.inbox) > 0 {
		p.Wake()
	}
}

// takeInbox empties the inbox.
func (s *Speaker) takeInbox() []func(*loop) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.inbox
	s.inbox = nil
	return in
}
