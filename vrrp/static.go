package vrrp

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/machine"
)

// static is what is set whoever is MASTER: static_ipaddress, static_routes, static_rules.
type static struct {
	conf   vrrpconf.Static
	gaps   bool            // something could not be set
	health map[string]bool // track groups: all that names one is set
}

// useStatic turns the static entries into those of a configuration.
func (l *loop) useStatic(cfg *vrrpconf.Config) {
	old := l.static.conf
	l.static = static{conf: cfg.Static, health: map[string]bool{}}
	for _, g := range cfg.TrackGroups {
		l.static.health[g.Name] = true
	}
	for i := range old.Rules {
		if !slices.ContainsFunc(cfg.Static.Rules, func(n vrrpconf.PolicyRule) bool { return n.Text == old.Rules[i].Text }) {
			l.complain(l.table.RemoveRule(&old.Rules[i]))
		}
	}
	for i := range old.Routes {
		if !slices.ContainsFunc(cfg.Static.Routes, func(n vrrpconf.Route) bool { return n.Text == old.Routes[i].Text }) {
			l.complain(l.table.RemoveRoute(&old.Routes[i]))
		}
	}
	for _, a := range old.Addresses {
		if !slices.Contains(cfg.Static.Addresses, a) {
			l.complain(l.addrs.Remove(l.port(a.Dev).ifi.Index, a.Prefix))
		}
	}
}

// setStatic sets all static entries. What cannot be set puts the instances of its track group
// into fault, until it can be: it is tried again with every renewal.
func (l *loop) setStatic() {
	s := &l.static
	complain := !s.gaps
	s.gaps = false
	health := map[string]bool{}
	for name := range s.health {
		health[name] = true
	}
	check := func(group string, err error) {
		if err == nil {
			return
		}
		if complain {
			l.log.Warn().Err(err).Msg("a static entry is missing, trying again")
		}
		s.gaps = true
		if _, ok := health[group]; ok {
			health[group] = false
		}
	}
	for _, a := range s.conf.Addresses {
		check(a.TrackGroup, l.addrs.Set(l.port(a.Dev).ifi.Index, addressOf(a, true)))
	}
	for i := range s.conf.Routes {
		check(s.conf.Routes[i].TrackGroup, l.table.SetRoute(&s.conf.Routes[i]))
	}
	for i := range s.conf.Rules {
		check(s.conf.Rules[i].TrackGroup, l.table.SetRule(&s.conf.Rules[i]))
	}
	if !maps.Equal(health, s.health) {
		s.health = health
		for _, r := range l.all() {
			l.judgeStatic(r)
		}
	}
}

// judgeStatic tells a router how its track groups are.
func (l *loop) judgeStatic(r *router) {
	for _, g := range r.conf.TrackGroups {
		l.step(r, time.Now(), machine.Track{Name: prefixGroup + g, Up: l.static.health[g]})
	}
}

// lostStatic sets a static address again that somebody else has removed.
func (l *loop) lostStatic(index int, p netip.Prefix) {
	for _, a := range l.static.conf.Addresses {
		if a.Prefix == p && !a.NoTrack && l.port(a.Dev).ifi.Index == index {
			l.log.Info().Stringer(keyAddress, p).Msg("a static address was removed by somebody else, setting it again")
			l.setStatic()
			return
		}
	}
}

func (l *loop) complain(err error) {
	if err != nil {
		l.log.Error().Err(err).Msg("removing a static entry failed")
	}
}
