package vrrp

import (
	"context"
	"net/netip"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/script"
)

// engineState is what is known about the proxy beside us.
type engineState uint8

const (
	engineUnknown engineState = iota // not started yet
	engineAlive
	engineDead
)

// The names of trackers; the prefixes keep a script and an interface apart.
const (
	trackEngine     = "engine"
	trackHealth     = "engine health"
	trackAddress    = "address"
	prefixScript    = "script "
	prefixInterface = "interface "
	prefixFile      = "file "
	prefixProcess   = "process "
	prefixGroup     = "track group "
)

// trackers lists everything whose health counts for an instance.
func (l *loop) trackers(c *vrrpconf.Instance) []machine.Tracker {
	out := []machine.Tracker{{Name: trackAddress, Cause: "no " + family(c) + " address for interface"}}
	if !c.DontTrackPrimary {
		out = append(out, machine.Tracker{Name: prefixInterface + c.Interface, Cause: "interface " + c.Interface + " down"})
	}
	if l.tracksEngine(c) {
		out = append(out, machine.Tracker{Name: trackEngine, Cause: "the proxy is not alive"},
			machine.Tracker{Name: trackHealth, Weight: 1, File: true, Cause: "the proxy is not fit to serve"})
	}
	for _, t := range c.Interfaces {
		out = append(out, machine.Tracker{Name: prefixInterface + t.Name, Weight: t.Weight, Reverse: t.Reverse, Cause: "interface " + t.Name})
	}
	for _, t := range c.Scripts {
		out = append(out, machine.Tracker{Name: prefixScript + t.Name, Weight: t.Weight, Reverse: t.Reverse, Cause: "script " + t.Name})
	}
	for _, t := range c.Files {
		out = append(out, machine.Tracker{Name: prefixFile + t.Name, Weight: t.Weight, Reverse: t.Reverse, File: true, Cause: "tracked file " + t.Name})
	}
	for _, t := range c.Processes {
		out = append(out, machine.Tracker{Name: prefixProcess + t.Name, Weight: t.Weight, Reverse: t.Reverse,
			Cause: "tracked process " + t.Name + " quorum not achieved"})
	}
	for _, g := range c.TrackGroups {
		out = append(out, machine.Tracker{Name: prefixGroup + g, Cause: "a static entry of track_group " + g + " is lost"})
	}
	return out
}

func family(c *vrrpconf.Instance) string {
	if c.IPv6() {
		return "IPv6"
	}
	return "IPv4"
}

func (l *loop) tracksEngine(c *vrrpconf.Instance) bool { return l.s.opts.TrackEngine && c.TrackEngine }

// judgeInterface tells a router what an interface means for it.
func (l *loop) judgeInterface(r *router, p *port) {
	now := time.Now()
	if r.conf.Interface == p.name {
		if src := l.sourceOf(r, p); src != r.source {
			r.source = src
			l.step(r, now, machine.Source{Addr: src})
		}
		l.step(r, now, machine.Track{Name: trackAddress, Up: r.source.IsValid()})
	}
	l.step(r, now, machine.Track{Name: prefixInterface + p.name, Up: p.ifi.Up})
}

// sourceOf is where a router's adverts come from: the configured address, or the first one
// of the interface that is nobody's virtual address.
func (l *loop) sourceOf(r *router, p *port) netip.Addr {
	if s := r.conf.Source; s.IsValid() {
		present := false
		for _, a := range p.ifi.Addrs {
			present = present || a.Addr() == s
		}
		if r.conf.TrackSource && !present {
			return netip.Addr{}
		}
		return s
	}
	for _, a := range p.ifi.Addrs {
		// Over IPv6 adverts come from a link-local address (RFC 9568 §5.1.2.1).
		usable := a.Addr().Is4()
		if r.conf.IPv6() {
			usable = a.Addr().Is6() && a.Addr().IsLinkLocalUnicast()
		}
		if usable && !l.virtual[a.Addr()] {
			return a.Addr()
		}
	}
	return netip.Addr{}
}

// findVirtual notes all virtual addresses. They are asked for often: at every change of an
// interface, for each router and each address that is there.
func (l *loop) findVirtual() {
	l.virtual = map[netip.Addr]bool{}
	for _, r := range l.routers {
		for _, p := range r.prefixes() {
			l.virtual[p.Addr()] = true
		}
	}
}

// setEngine passes the life of the proxy on to all routers at once.
func (l *loop) setEngine(alive bool) {
	s := engineDead
	if alive {
		s = engineAlive
	}
	if s == l.engine || !l.s.opts.TrackEngine {
		return
	}
	switch {
	case alive:
		l.log.Info().Msg("the proxy is alive")
	case l.engine == engineAlive:
		l.log.Warn().Msg("the proxy died, giving its addresses away")
	default:
		l.log.Info().Msg("the proxy is not alive yet")
	}
	l.engine = s
	now := time.Now()
	for _, r := range l.all() {
		l.step(r, now, machine.Track{Name: trackEngine, Up: alive})
	}
}

// check is one check script that runs.
type check struct {
	conf    *vrrpconf.Script
	verdict *machine.Check
	cancel  context.CancelFunc
	code    int    // last exit status
	trouble string // why it could not be run last time
}

// startCheck begins to run a script. One that takes the place of another begins without
// init_fail, because the verdict on the other goes on counting until its own first result.
func (l *loop) startCheck(c *vrrpconf.Script, replaces bool) {
	ctx, cancel := context.WithCancel(l.ctx)
	k := &check{conf: c, cancel: cancel, verdict: machine.NewCheck(c.Rise, c.Fall, c.InitFail && !replaces)}
	l.checks[c.Name] = k
	run := &script.Runner{
		Launcher: l.s.opts.Helper,
		Command:  command(&c.Command),
		Interval: c.Interval, Timeout: c.Timeout, KillAfter: l.timings.KillAfter,
		Report: func(res script.Result) { l.s.post(func(l *loop) { l.checked(k, res) }) },
		Skipped: func(ending bool) {
			what := "already running"
			if ending {
				what = "being timed out"
			}
			l.log.Info().Str(keyScript, c.Name).Msgf("Track script %s is %s, expect idle - skipping run", c.Name, what)
		},
	}
	l.wg.Go(func() { run.Run(ctx) })
	l.judgeScript(k)
}

// checked digests one result of a script.
func (l *loop) checked(k *check, res script.Result) {
	if l.checks[k.conf.Name] != k {
		return // it was replaced meanwhile
	}
	log := l.log.With().Str(keyScript, k.conf.Name).Logger()
	if res.Kind == script.Exited && res.Code != k.code {
		log.Info().Msgf("Script `%s` now returning %d", k.conf.Name, res.Code)
		k.code = res.Code
	}
	trouble := ""
	if res.Err != nil {
		trouble = res.Err.Error()
	}
	changed := k.verdict.Result(res.OK())
	if changed || trouble != "" && trouble != k.trouble {
		log.Info().Msgf("VRRP_Script(%s) %s", k.conf.Name, res)
	}
	k.trouble = trouble
	if changed {
		l.judgeScript(k)
	}
}

// judgeScript tells every router what is known about a script.
func (l *loop) judgeScript(k *check) {
	if !k.verdict.Known() {
		return
	}
	now := time.Now()
	for _, r := range l.routers {
		l.step(r, now, machine.Track{Name: prefixScript + k.conf.Name, Up: k.verdict.Up()})
	}
}
