package listen

import (
	"cmp"
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/iface"
)

// Handler serves one connection. ctx ends when the Set stops; the handler then has to return soon. The connection is closed
// when it has returned.
type Handler func(ctx context.Context, c net.Conn)

// Options of a Set.
type Options struct {
	Log    zerolog.Logger
	Handle Handler
	// Retry is how often listeners that could not be opened are tried again; 1 s where it is 0.
	Retry time.Duration
	// NoKeepAlive leaves TCP keep-alive off; the handler may turn it on. Otherwise it is on, with package net's times.
	NoKeepAlive bool
}

// Set is the listeners of one service. Its methods may be called from any goroutine.
type Set struct {
	log    zerolog.Logger
	handle Handler
	retry  time.Duration
	config net.ListenConfig

	mu       sync.Mutex // guards what follows
	ctx      context.Context
	stopped  bool
	open     map[iface.Address]*listener
	failed   map[iface.Address]string // why, as logged
	acceptor sync.WaitGroup           // accept loops and handlers; Add only under mu, before stopped
}

// New makes a Set without listeners.
func New(o Options) *Set {
	s := &Set{
		log: o.Log, handle: o.Handle, retry: cmp.Or(o.Retry, time.Second),
		open: map[iface.Address]*listener{}, failed: map[iface.Address]string{},
	}
	s.config.SetMultipathTCP(false) // which package net would turn on, and no client of ours speaks
	if o.NoKeepAlive {
		s.config.KeepAlive = -1
	}
	return s
}

// Apply makes the open listeners those of the list; "" closes all. It may be called before Run, which opens the listeners
// already (clients wait in the kernel's queue). What cannot be opened is logged and tried again by Run.
func (s *Set) Apply(list string) {
	addresses, err := iface.Parse(list)
	if err != nil {
		s.log.Error().Err(err).Str("interfaces", list).Msg("interfaces are left out")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	for a, l := range s.open {
		if !slices.Contains(addresses, a) {
			s.closeListener(a, l)
		}
	}
	for a := range s.failed {
		if !slices.Contains(addresses, a) {
			delete(s.failed, a)
		}
	}
	for _, a := range addresses {
		if s.open[a] == nil {
			s.openListener(a)
		}
	}
}

// Addrs lists the addresses of the open listeners, with the port the kernel chose where the list said 0.
func (s *Set) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addrs []net.Addr
	for _, l := range s.open {
		addrs = append(addrs, l.Addr())
	}
	slices.SortFunc(addrs, func(a, b net.Addr) int { return cmp.Compare(a.String(), b.String()) })
	return addrs
}

// Run accepts connections until ctx ends, then closes the listeners and waits for the handlers. It is called once and
// returns nil.
func (s *Set) Run(ctx context.Context) error {
	s.mu.Lock()
	s.ctx = ctx
	for a, l := range s.open {
		s.start(a, l)
	}
	s.mu.Unlock()
	t := time.NewTicker(s.retry)
	defer t.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-t.C:
			s.retryFailed()
		}
	}
	s.stop()
	s.acceptor.Wait()
	return nil
}

func (s *Set) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for a, l := range s.open {
		s.closeListener(a, l)
	}
}

func (s *Set) retryFailed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a := range s.failed {
		s.openListener(a)
	}
}

// openListener opens one listener, with mu held; the same failure is logged once.
func (s *Set) openListener(a iface.Address) {
	l, err := open(a, &s.config)
	if err != nil {
		if why := reason(err); s.failed[a] != why {
			s.failed[a] = why
			s.log.Error().Msgf("bind() error for %s: %s", a, why)
		}
		return
	}
	delete(s.failed, a)
	s.open[a] = l
	s.log.Info().Str("interface", l.Addr().String()).Msg("listening")
	if s.ctx != nil {
		s.start(a, l)
	}
}

// closeListener closes one listener, with mu held.
func (s *Set) closeListener(a iface.Address, l *listener) {
	delete(s.open, a)
	if err := l.stop(); err != nil {
		s.log.Warn().Err(err).Str("interface", a.Text).Msg("close listener")
	}
	s.log.Info().Str("interface", a.Text).Msg("no longer listening")
}
