package vrrp

import (
	"context"
	"slices"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/iproute"
)

// lay sets the routes and rules of a router. What cannot be set is complained about once and
// tried again with every renewal, because a gateway or an interface may come back.
func (l *loop) lay(r *router) {
	complain := !r.gaps
	r.laid, r.gaps = true, false
	for i := range r.conf.Routes {
		l.gap(r, complain, l.table.SetRoute(&r.conf.Routes[i]))
	}
	for i := range r.conf.Rules {
		l.gap(r, complain, l.table.SetRule(&r.conf.Rules[i]))
	}
}

func (l *loop) gap(r *router, complain bool, err error) {
	if err == nil {
		return
	}
	if r.gaps = true; complain {
		r.log.Warn().Err(err).Msg("a route or rule of a virtual router is missing, trying again")
	}
}

// lift removes the routes and rules of a router, whether we have set them or somebody before us.
func (l *loop) lift(r *router) {
	r.laid, r.gaps = false, false
	l.liftSome(r, r.conf.Routes, r.conf.Rules)
}

func (l *loop) liftSome(r *router, routes []vrrpconf.Route, rules []vrrpconf.PolicyRule) {
	for i := range slices.Backward(rules) {
		if err := l.table.RemoveRule(&rules[i]); err != nil {
			r.log.Error().Err(err).Msg("removing a rule failed")
		}
	}
	for i := range slices.Backward(routes) {
		if err := l.table.RemoveRoute(&routes[i]); err != nil {
			r.log.Error().Err(err).Msg("removing a route failed")
		}
	}
}

// reroute takes routes and rules away that a new configuration no longer has; the machine has the
// others set.
func (l *loop) reroute(r *router, c *vrrpconf.Instance) {
	if !r.laid {
		return
	}
	var routes []vrrpconf.Route
	for _, o := range r.conf.Routes {
		if !slices.ContainsFunc(c.Routes, func(n vrrpconf.Route) bool { return n.Text == o.Text }) {
			routes = append(routes, o)
		}
	}
	var rules []vrrpconf.PolicyRule
	for _, o := range r.conf.Rules {
		if !slices.ContainsFunc(c.Rules, func(n vrrpconf.PolicyRule) bool { return n.Text == o.Text }) {
			rules = append(rules, o)
		}
	}
	l.liftSome(r, routes, rules)
}

// patch tries again what could not be set.
func (l *loop) patch() {
	for _, r := range l.all() {
		if r.laid && r.gaps {
			l.lay(r)
		}
	}
	if l.static.gaps {
		l.setStatic()
	}
}

// useRoutes watches over routes and rules while there are any.
func (l *loop) useRoutes(cfg *vrrpconf.Config) {
	any := len(cfg.Static.Routes)+len(cfg.Static.Rules) > 0
	for _, c := range cfg.Instances {
		any = any || len(c.Routes)+len(c.Rules) > 0
	}
	switch {
	case any && l.endRoutes == nil:
		l.endRoutes = l.background(func(ctx context.Context) {
			iproute.Watch(ctx, l.timings.Retry, func(x iproute.Loss) { l.s.post(func(l *loop) { l.lost(x) }) },
				func(err error) { l.log.Warn().Err(err).Msg("watching the routes failed, trying again") })
		})
	case !any && l.endRoutes != nil:
		l.endRoutes()
		l.endRoutes = nil
	}
}

// lost sets again what somebody else has removed. Removals of our own are of what is no longer
// wanted.
func (l *loop) lost(x iproute.Loss) {
	for _, r := range l.all() {
		if r.laid && wanted(x, r.conf.Routes, r.conf.Rules) {
			if !x.Rule { // which rule it was nobody says: perhaps it is no concern of ours
				r.log.Info().Msgf("(%s) the route to %s was removed by somebody else, setting it again", r.conf.Name, x.Dst)
			}
			l.lay(r)
		}
	}
	if s := &l.static; wanted(x, s.conf.Routes, s.conf.Rules) {
		if !x.Rule {
			l.log.Info().Msgf("the static route to %s was removed by somebody else, setting it again", x.Dst)
		}
		l.setStatic()
	}
}

// wanted tells whether a loss concerns one of these.
func wanted(x iproute.Loss, routes []vrrpconf.Route, rules []vrrpconf.PolicyRule) bool {
	if x.Rule {
		return slices.ContainsFunc(rules, func(r vrrpconf.PolicyRule) bool { return !r.NoTrack })
	}
	return slices.ContainsFunc(routes, func(r vrrpconf.Route) bool { return !r.NoTrack && r.Dst == x.Dst })
}

// sweep removes what a killed predecessor has left behind.
func (l *loop) sweep() {
	n, err := l.table.Sweep()
	if err != nil {
		l.log.Warn().Err(err).Msg("removing routes and rules of a predecessor failed")
	}
	if n > 0 {
		l.log.Info().Msgf("removed %d routes and rules that a predecessor has left behind", n)
	}
}
