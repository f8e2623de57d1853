package vrrp

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/machine"
)

// apply turns the running routers into those of a configuration.
func (l *loop) apply(cfg *vrrpconf.Config) {
	if l.stopping {
		return
	}
	now := time.Now()
	l.logUnknown = cfg.Global.LogUnknownVRIDs
	delay := cfg.Global.StartupDelay
	again := l.applied
	if again {
		delay = 0 // it is about the start of the process
	}
	l.applied = true
	l.grouped = func(name string) bool { return grouped(cfg, name) }
	l.fifos.use(cfg, l.background)
	old := l.routers
	for _, r := range old {
		if c := cfg.Instance(r.conf.Name); c == nil || !sameRouter(r.conf, c) {
			l.step(r, now, machine.Stop{Deleted: c == nil})
			l.leaving = append(l.leaving, r)
		}
	}
	var fresh, changed []*router
	l.routers = nil
	for _, c := range cfg.Instances {
		i := slices.IndexFunc(old, func(r *router) bool { return r.conf.Name == c.Name && sameRouter(r.conf, c) })
		switch {
		case i < 0:
			fresh = append(fresh, l.newRouter(c, delay))
			l.routers = append(l.routers, fresh[len(fresh)-1])
		default:
			r := old[i]
			l.routers = append(l.routers, r)
			if !r.conf.Equal(c) || r.grouped != l.grouped(c.Name) {
				changed = append(changed, r)
				l.relabel(r, c)
				l.reroute(r, c)
				r.configure(l, c)
			}
		}
	}
	l.leaving = slices.DeleteFunc(l.leaving, func(r *router) bool { return !r.m.Leaving() && r.notify.Wait(0) })
	l.findVirtual()
	l.useRoutes(cfg)
	l.useStatic(cfg)
	l.makeVMACs()
	l.usePorts()
	l.setStatic()
	l.useSensors(cfg)
	freshGroups := l.useGroups(cfg)
	for _, r := range changed {
		l.step(r, now, machine.Reconfigure{Config: l.machineConfig(r.conf)})
		if r.m.State() == machine.Master && !r.m.Leaving() {
			l.lay(r)
		}
		l.judge(r)
	}
	for _, r := range fresh {
		l.judge(r)
	}
	for _, g := range freshGroups {
		l.begin(g)
	}
	for _, r := range fresh {
		l.start(r)
	}
	l.useChecks(cfg)
	if again && cfg.Global.FIFOOnReload {
		l.repeatStates()
	}
	l.dirty = true
}

// start lets a new router begin. It has been judged before.
func (l *loop) start(r *router) {
	if r.conf.Skip != "" {
		r.log.Warn().Msgf("(%s) is left alone: %s", r.conf.Name, r.conf.Skip)
		return
	}
	l.step(r, time.Now(), machine.Start{})
}

// repeatStates tells the pipes the state of everything that has not just begun.
func (l *loop) repeatStates() {
	for _, r := range l.routers {
		if s := r.m.State(); s != machine.Init {
			l.fifos.write(told{kind: "INSTANCE", name: r.conf.Name, what: machine.Notice(s.String()), priority: r.m.Priority()})
		}
	}
	for _, g := range l.groups {
		l.fifos.write(told{kind: "GROUP", name: g.conf.Name, what: machine.Notice(g.m.State().String())})
	}
}

// background runs a goroutine of its own; cancel ends it.
func (l *loop) background(f func(context.Context)) (cancel context.CancelFunc) {
	ctx, cancel := context.WithCancel(l.ctx)
	l.wg.Go(func() { f(ctx) })
	return cancel
}

// judge tells a router all verdicts that are known.
func (l *loop) judge(r *router) {
	for _, p := range l.ports {
		l.judgeInterface(r, p)
	}
	l.judgeStatic(r)
	now := time.Now()
	if l.engine != engineUnknown {
		l.step(r, now, machine.Track{Name: trackEngine, Up: l.engine == engineAlive})
		l.step(r, now, machine.Value{Name: trackHealth, Value: l.health.Adjust})
	}
	for _, s := range l.sensors {
		if s.verdict != nil {
			l.step(r, now, s.verdict)
		}
	}
	for _, t := range r.conf.Scripts {
		if k := l.checks[t.Name]; k != nil && k.verdict.Known() {
			l.step(r, now, machine.Track{Name: prefixScript + t.Name, Up: k.verdict.Up()})
		}
	}
}

// relabel removes addresses that stay but are written differently now (another label, scope
// or interface), because the kernel does not change these. The machine sees no difference,
// so they are set again here.
func (l *loop) relabel(r *router, c *vrrpconf.Instance) {
	next := &router{conf: c}
	for p := range r.claimed {
		a, _ := r.vip(p)
		b, ok := next.vip(p)
		if !ok || a == b {
			continue
		}
		index := l.port(next.device(b)).ifi.Index
		l.release(r, []netip.Prefix{p})
		if index == 0 {
			continue
		}
		r.claimed[p] = index
		if err := l.addrs.Set(index, next.address(p)); err != nil {
			r.log.Error().Err(err).Msg("setting a virtual address failed")
		}
	}
}

// usePorts opens the interfaces that matter now and gives back the others.
func (l *loop) usePorts() {
	matter, spoken := map[string]bool{}, map[string]*[kinds]bool{}
	for _, r := range l.all() {
		if r.conf.Skip != "" {
			continue
		}
		for _, name := range ears(r.conf) {
			matter[name] = true
			if spoken[name] == nil {
				spoken[name] = &[kinds]bool{}
			}
			spoken[name][kindOf(r.conf)] = true
		}
		for _, t := range r.conf.Interfaces {
			matter[t.Name] = true
		}
		for _, v := range slices.Concat(r.conf.VIPs, r.conf.Excluded) {
			matter[r.device(v)] = true
		}
	}
	for _, a := range l.static.conf.Addresses {
		matter[a.Dev] = true
	}
	for name, p := range l.ports {
		if !matter[name] {
			l.closePort(p)
			delete(l.ports, name)
		}
	}
	for name := range matter {
		p := l.port(name)
		for k := range kinds {
			p.lines[k].needed = spoken[name] != nil && spoken[name][k]
			if p.lines[k].needed {
				l.joinAll(p, k)
			} else {
				l.closeLine(&p.lines[k])
			}
		}
		l.refresh(p)
	}
}

// joinAll joins the groups of routers that have come to an open socket.
func (l *loop) joinAll(p *port, k kind) {
	if p.lines[k].sock == nil {
		return
	}
	for _, g := range l.multicast(p.name, k) {
		if err := p.lines[k].sock.Join(g); err != nil {
			l.log.Error().Err(err).Msg("joining a multicast group failed")
		}
	}
}

// useChecks runs the scripts that some router tracks. An unchanged one goes on undisturbed.
func (l *loop) useChecks(cfg *vrrpconf.Config) {
	need := map[string]bool{}
	for _, r := range l.routers {
		for _, t := range r.conf.Scripts {
			need[t.Name] = r.conf.Skip == "" || need[t.Name]
		}
	}
	replaced := map[string]bool{}
	for name, k := range l.checks {
		if c := cfg.Script(name); !need[name] || c == nil || !c.Equal(k.conf) {
			k.cancel()
			replaced[name] = true
			delete(l.checks, name)
		}
	}
	for _, c := range cfg.Scripts {
		if need[c.Name] && l.checks[c.Name] == nil {
			l.startCheck(c, replaced[c.Name])
		}
	}
}
