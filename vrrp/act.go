package vrrp

import (
	"context"
	"net/netip"
	"time"

	"github.com/keepsql/keepsql/vrrp/machine"
)

// act carries out one action of a machine.
func (l *loop) act(r *router, a machine.Action) {
	switch a := a.(type) {
	case machine.Send:
		l.send(r, a.Priority)
	case machine.Claim:
		l.raise(r, true)
		l.claim(r, a.VIPs)
	case machine.Release:
		l.release(r, a.VIPs)
		if len(r.claimed) == 0 {
			l.raise(r, false)
		}
	case machine.Lay:
		l.lay(r)
	case machine.Lift:
		l.lift(r)
	case machine.Announce:
		l.announce(r, a.Repeat)
	case machine.Notify:
		l.tell(r, a)
	case machine.Log:
		e := r.log.Info()
		if a.Detail {
			e = r.log.Debug()
		}
		e.Msg(a.Text)
	}
}

func (l *loop) claim(r *router, vips []netip.Prefix) {
	for _, p := range vips {
		v, _ := r.vip(p)
		index := l.port(r.device(v)).ifi.Index
		if index == 0 {
			r.log.Error().Stringer(keyAddress, p).Msgf("no interface %s for a virtual address", r.device(v))
			continue
		}
		r.claimed[p] = index
		if err := l.addrs.Set(index, r.address(p)); err != nil {
			r.log.Error().Err(err).Msg("setting a virtual address failed")
		}
	}
}

// release removes addresses, whether we have set them or somebody before us.
func (l *loop) release(r *router, vips []netip.Prefix) {
	for _, p := range vips {
		index, ok := r.claimed[p]
		if !ok {
			v, _ := r.vip(p)
			index = l.port(r.device(v)).ifi.Index
		}
		delete(r.claimed, p)
		r.stopBurst()
		if index == 0 || l.claimant(index, p) != nil {
			continue // the second: another router has taken it over from this one
		}
		if err := l.addrs.Remove(index, p); err != nil {
			r.log.Error().Err(err).Msg("removing a virtual address failed")
		}
	}
}

// announce sends gratuitous ARP for all claimed addresses in turn, repeat times over. With a
// pause between the frames that is left to a goroutine.
func (l *loop) announce(r *router, repeat int) {
	var frames []func() error
	for _, p := range r.prefixes() {
		if _, ok := r.claimed[p]; !ok {
			continue
		}
		v, _ := r.vip(p)
		dev := l.port(r.device(v))
		ann, err := l.announcer(dev)
		if err != nil {
			r.log.Warn().Err(err).Msg("cannot announce a virtual address")
			continue
		}
		what := "gratuitous ARPs"
		if p.Addr().Is6() {
			what = "Unsolicited Neighbour Adverts"
		}
		r.log.Debug().Msgf("(%s) Sending/queueing %s on %s for %s", r.conf.Name, what, dev.name, p.Addr())
		frames = append(frames, func() error { return ann.Announce(p.Addr()) })
	}
	pause := r.conf.GARP.Interval
	if pause == 0 {
		l.burst(l.ctx, frames, repeat, 0)
		return
	}
	ctx, cancel := context.WithCancel(l.ctx)
	r.stopBurst()
	r.stopBurst = cancel
	l.wg.Go(func() { l.burst(ctx, frames, repeat, pause) })
}

func (l *loop) burst(ctx context.Context, frames []func() error, repeat int, pause time.Duration) {
	for range repeat {
		for _, f := range frames {
			if err := f(); err != nil {
				l.log.Warn().Err(err).Msg("announcing a virtual address failed")
				return
			}
			if pause == 0 {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	}
}
