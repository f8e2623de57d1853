package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/proxy"
	"github.com/keepsql/keepsql/vrrp"
)

// Defaults of a drain.
const (
	// DrainTimeout is how long transactions and statements get.
	DrainTimeout = 30 * time.Second
	// DrainGrace is how long those of clients that came by a virtual address may hold up its handover, since it cuts them.
	DrainGrace = 2 * time.Second
	// drainEvery is how often a drain looks whether it is done.
	drainEvery = 20 * time.Millisecond
)

// States of a drain.
const (
	drainServing = "serving"
	drainGoing   = "draining"
	drainDone    = "drained"
)

// DrainStatus is how far a drain is.
type DrainStatus struct {
	State         string    `json:"state"`           // "serving", "draining" or "drained"
	Since         time.Time `json:"since,omitzero"`  // it was asked for
	Until         time.Time `json:"until,omitzero"`  // what is left then is cut
	Sessions      int       `json:"sessions"`        // logged in now
	InTransaction int       `json:"in_transaction"`  // or holding locks
	Running       int       `json:"running"`         // a statement
	Cut           int       `json:"cut"`             // sessions that were ended at the timeout
	Handover      string    `json:"virtual_address"` // what became of virtual addresses
}

// String is a line for people.
func (s DrainStatus) String() string {
	line := fmt.Sprintf("%s: %d sessions, %d in a transaction, %d running a statement", s.State, s.Sessions, s.InTransaction, s.Running)
	if s.Cut > 0 {
		line += fmt.Sprintf("; %d were cut at the timeout", s.Cut)
	}
	if s.Handover != "" {
		line += "; " + s.Handover
	}
	return line
}

// drainer takes this node out of service and back.
//
//  1. no new sessions; those that are idle end with error 1053;
//  2. when no client of a virtual address is in a transaction, and after the grace at the latest, the addresses are handed over;
//  3. sessions come to their end, at the timeout by force.
type drainer struct {
	log     zerolog.Logger
	proxy   *proxy.Proxy
	routers func() []vrrp.InstanceStatus
	relay   func(context.Context, Request) (*VerdictMessage, error) // to the vrrp process
	orders  chan func(context.Context)                              // for run
	news    chan struct{}                                           // has room for one: the state is another

	mu     sync.Mutex // guards what follows
	st     DrainStatus
	out    bool     // see outOfService
	handed []string // instances to take back
	cancel context.CancelFunc
}

func newDrainer(log zerolog.Logger, p *proxy.Proxy, routers func() []vrrp.InstanceStatus, relay func(context.Context, Request) (*VerdictMessage, error)) *drainer {
	return &drainer{
		log: log, proxy: p, routers: routers, relay: relay, st: DrainStatus{State: drainServing},
		orders: make(chan func(context.Context), 1), news: make(chan struct{}, 1),
	}
}

// run carries out orders until ctx ends. It returns nil.
func (d *drainer) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case order := <-d.orders:
			order(ctx)
		}
	}
}

// status is how far the drain is.
func (d *drainer) status() DrainStatus {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.st
	if s.State != drainServing {
		l := d.proxy.Load(nil)
		s.Sessions, s.InTransaction, s.Running = l.Sessions, l.InTransaction, l.Running
	}
	return s
}

// outOfService tells whether virtual routers must not come here.
func (d *drainer) outOfService() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out
}

// begin starts a drain; the error says that there is one.
func (d *drainer) begin(timeout, grace time.Duration) error {
	if timeout < 0 || grace < 0 {
		return errors.New("drain: a time must not be negative")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.st.State != drainServing {
		return fmt.Errorf("drain: this node is %s already, since %s", d.st.State, d.st.Since.Local().Format(time.DateTime))
	}
	now := time.Now()
	d.st = DrainStatus{State: drainGoing, Since: now, Until: now.Add(timeout)}
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel, d.handed = cancel, nil
	select {
	case d.orders <- func(life context.Context) {
		defer cancel()
		stop := context.AfterFunc(life, cancel)
		defer stop()
		d.drain(ctx, now.Add(grace))
	}:
		return nil
	default:
		cancel()
		d.st = DrainStatus{State: drainServing}
		return errors.New("drain: another order is being carried out, try again")
	}
}

// undo brings the node back into service and waits until it is.
func (d *drainer) undo(ctx context.Context) error {
	d.mu.Lock()
	if d.st.State == drainServing {
		d.mu.Unlock()
		return errors.New("undrain: this node is not being drained")
	}
	d.cancel()
	d.mu.Unlock()
	done := make(chan error, 1)
	select {
	case d.orders <- func(life context.Context) { done <- d.restore(life) }:
	case <-ctx.Done():
		return fmt.Errorf("undrain: %w", ctx.Err())
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("undrain: %w", ctx.Err())
	}
}

// drain carries out the steps; ctx ends early when it is undone.
func (d *drainer) drain(ctx context.Context, handover time.Time) {
	d.log.Info().Msg("draining: no new sessions")
	d.proxy.Drain()
	d.mu.Lock()
	until := d.st.Until
	d.mu.Unlock()
	if handover.After(until) {
		handover = until
	}
	virtual := d.virtual()
	d.wait(ctx, handover, func() bool { return d.proxy.Load(virtual).Busy() == 0 })
	if ctx.Err() != nil {
		return
	}
	if d.handOver(ctx) {
		d.leaveService()
	}
	d.wait(ctx, until, func() bool { return d.proxy.Load(nil).Sessions == 0 })
	if ctx.Err() != nil {
		return
	}
	cut := d.proxy.EndSessions()
	d.wait(ctx, time.Now().Add(time.Second), func() bool { return d.proxy.Load(nil).Sessions == 0 })
	d.mu.Lock()
	if ctx.Err() == nil {
		d.st.State, d.st.Cut = drainDone, cut
	}
	d.mu.Unlock()
	d.leaveService()
	d.log.Info().Int("cut", cut).Msg("drained")
}

func (d *drainer) leaveService() {
	d.mu.Lock()
	d.out = true
	d.mu.Unlock()
	d.tellNews()
}

func (d *drainer) tellNews() {
	select {
	case d.news <- struct{}{}:
	default:
	}
}

// wait returns when something is done, at a time or at the end of ctx.
func (d *drainer) wait(ctx context.Context, until time.Time, done func() bool) {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for !done() && time.Now().Before(until) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// virtual tells which local addresses are those of virtual routers that are MASTER here.
func (d *drainer) virtual() func(netip.Addr) bool {
	var list []netip.Addr
	for _, i := range d.routers() {
		if i.State == "MASTER" {
			for _, p := range i.VIPs {
				list = append(list, p.Addr())
			}
		}
	}
	return func(a netip.Addr) bool { return slices.Contains(list, a) }
}

// handOver gives the virtual addresses away, and tells whether none is left here.
func (d *drainer) handOver(ctx context.Context) bool {
	if !slices.ContainsFunc(d.routers(), func(i vrrp.InstanceStatus) bool { return i.State == "MASTER" }) {
		return true
	}
	v, err := d.relay(ctx, Request{Command: "failover"})
	var list []vrrp.Handed
	switch {
	case err != nil:
	case v.Data == nil:
		err = errors.New(v.Error)
	default:
		err = json.Unmarshal(v.Data, &list)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	left := 0
	for _, h := range list {
		if h.Done {
			d.handed = append(d.handed, h.Instance)
		} else {
			left++
		}
	}
	switch {
	case err != nil:
		d.st.Handover = "virtual addresses were not handed over: " + err.Error()
	case left > 0:
		d.st.Handover = fmt.Sprintf("nobody took over %d of %d virtual routers, which stay until the end", left, len(list))
	default:
		d.st.Handover = fmt.Sprintf("%d virtual routers are handed over", len(list))
	}
	d.log.Info().Msg("draining: " + d.st.Handover)
	return err == nil && left == 0
}

// restore ends a drain.
func (d *drainer) restore(ctx context.Context) error {
	d.proxy.Undrain()
	d.mu.Lock()
	names := d.handed
	d.st, d.out, d.handed = DrainStatus{State: drainServing}, false, nil
	d.mu.Unlock()
	d.tellNews()
	d.log.Info().Msg("undrained: serving again")
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	v, err := d.relay(ctx, Request{Command: "rejoin", Names: names})
	if err == nil && v.Error != "" {
		err = errors.New(v.Error)
	}
	if err != nil {
		return fmt.Errorf("this node serves again, but virtual routers stay back: %w", err)
	}
	return nil
}
