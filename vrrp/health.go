package vrrp

import (
	"time"

	"github.com/keepsql/keepsql/vrrp/machine"
)

// Health is what the proxy beside the speaker is worth, as instances with track_engine see it.
type Health struct {
	// Adjust is added to the priority of every instance: 0 for a proxy in good order, −1 to
	// −253 for one behind others. −254 and less is a fault, as of a tracked file: the addresses
	// go at once.
	Adjust int
	Reason string // why it is not 0, for people
}

// SetHealth tells how good the proxy is while it lives; see SetEngine for whether it does.
func (s *Speaker) SetHealth(h Health) { s.post(func(l *loop) { l.setHealth(h) }) }

func (l *loop) setHealth(h Health) {
	if h == l.health || !l.s.opts.TrackEngine {
		return
	}
	switch {
	case h.Adjust == 0:
		l.log.Info().Msg("the proxy is in good order")
	case h.Adjust > -254:
		l.log.Warn().Int("adjust", h.Adjust).Msg("the proxy lowers the priority: " + h.Reason)
	default:
		l.log.Warn().Msg("the proxy gives its addresses away: " + h.Reason)
	}
	l.health = h
	now := time.Now()
	for _, r := range l.all() {
		l.step(r, now, machine.Value{Name: trackHealth, Value: h.Adjust})
	}
	l.dirty = true
}

// note is what an operator should know of a router beside its state.
func (l *loop) note(r *router) string {
	switch {
	case r.conf.Skip != "":
		return r.conf.Skip
	case l.tracksEngine(r.conf) && l.engine == engineDead:
		return "the proxy is not alive"
	case l.tracksEngine(r.conf) && l.health.Adjust != 0:
		return l.health.Reason
	case r.m.Aside():
		return "handed over on request: stays back until the other is gone, or keepsql failover --release"
	}
	return ""
}
