package engine

import (
	"encoding/json"
	"time"

	"github.com/keepsql/keepsql/vrrp"
)

// start runs a child and gives it the configuration in force.
func (g *Guardian) start(r role) {
	if r == roleVRRP && !g.wantsVRRP() || g.children[r] != nil {
		return
	}
	args := g.opt.args(r, g.datadir)
	if r == roleEngine {
		// These are meant for the first start; a restart must not throw the database away.
		g.opt.Initial, g.opt.Reload, g.opt.NoStart = false, false, false
	}
	c, err := g.launch(r, args)
	if err != nil {
		g.log.Error().Err(err).Str("child", string(r)).Msg("cannot start a child process")
		g.restartLater(r, 0)
		return
	}
	g.children[r] = c
	g.log.Info().Str("child", string(r)).Int("pid", c.cmd.Process.Pid).Msg("child process started")
	g.seq++
	_ = c.link.Send(Message{Config: &ConfigMessage{Seq: g.seq, Generation: g.generation}}) // if it is gone, its death notice follows
	if e := g.children[roleEngine]; r == roleVRRP && e != nil && e.ready {
		g.tellVRRP() // else it hears when the engine is ready; until then it claims nothing
	}
	if r == roleVRRP {
		g.tellPeers()
	}
}

// hear acts on a message or the death notice of a child.
func (g *Guardian) hear(e childEvent) {
	c := e.child
	if g.children[c.role] != c {
		return // a run that was stopped on purpose
	}
	m := e.message
	switch {
	case m == nil:
		g.died(c)
	case m.Ready:
		g.isReady(c)
	case m.Stop:
		g.log.Info().Str("child", string(c.role)).Msg("an admin client asked for the shutdown")
		g.stopping = true
	case m.Status != nil:
		g.status[c.role] = m.Status
		if c.role == roleVRRP {
			g.tellEngine()
		}
	case m.Verdict != nil && g.relays[m.Verdict.Seq] != 0:
		g.relayed(m.Verdict)
	case m.Verdict != nil:
		g.firstVerdict(c, m.Verdict)
	case m.Relay != nil:
		g.relay(c, m.Relay)
	case m.Health != nil:
		g.pulse.heard = true
		g.felt(*m.Health)
	case m.Peers != nil:
		g.peers = m.Peers
		g.tellPeers()
	}
}

// firstVerdict is the answer to the configuration a child was started with. (Those to a
// reload are waited for where the reload is done.)
func (g *Guardian) firstVerdict(c *child, v *VerdictMessage) {
	if v.Error != "" {
		g.log.Error().Str("child", string(c.role)).Str("cause", v.Error).Msg("a child process refused its configuration")
	}
}

func (g *Guardian) isReady(c *child) {
	c.ready = true
	if c.role == roleEngine {
		g.saveLastGood()
		g.tellEngine()
	}
	g.log.Info().Str("child", string(c.role)).Dur("after", time.Since(c.started)).Msg("child process ready")
	g.tellVRRP()
	for _, other := range g.children {
		if !other.ready {
			return
		}
	}
	sdNotify("READY=1")
}

// tellVRRP tells the vrrp child whether there is an engine to hold addresses for.
func (g *Guardian) tellVRRP() {
	if v := g.children[roleVRRP]; v != nil {
		e := g.children[roleEngine]
		alive := e != nil && e.ready
		_ = v.link.Send(Message{Engine: &EngineMessage{Alive: alive, Health: g.health}}) // if it is gone, its death notice follows
	}
}

// tellEngine passes on what the vrrp child says of itself, for SHOW VRRP STATUS.
func (g *Guardian) tellEngine() {
	status := g.status[roleVRRP]
	if status == nil {
		status = json.RawMessage("[]") // there is no vrrp child that speaks
	}
	if e := g.children[roleEngine]; e != nil {
		_ = e.link.Send(Message{VRRP: status}) // if it is gone, its death notice follows
	}
}

// died is the death notice. The vrrp child hears of a dead engine before anything else is done.
func (g *Guardian) died(c *child) {
	delete(g.children, c.role)
	delete(g.status, c.role)
	if c.role == roleEngine {
		g.health = vrrp.Health{} // the next one tells of its own
		g.tellVRRP()
	} else {
		g.dropRelays()
		g.tellEngine()
	}
	c.stop(enginePatience)
	run := time.Since(c.started)
	g.log.Error().Str("child", string(c.role)).AnErr("exit", c.exit).Dur("lived", run).Msg("child process died")
	if c.role == roleEngine && c.exit != nil {
		g.script.run(g.file.Process.ExecuteOnExitFailure)
	}
	g.restarts[c.role]++
	g.restartLater(c.role, run)
}

// restartLater starts a child again after its back-off.
func (g *Guardian) restartLater(r role, run time.Duration) {
	wait := g.backoff[r].after(run)
	g.log.Info().Str("child", string(r)).Dur("wait", wait).Msg("child process will be started again")
	g.restart[r] = time.AfterFunc(wait, func() {
		select {
		case g.timers <- r:
		case <-g.done:
		}
	})
}

// stopChildren ends both children, addresses first: clients are sent away before the proxy
// stops answering.
func (g *Guardian) stopChildren() {
	for _, t := range g.restart {
		t.Stop()
	}
	for _, s := range []struct {
		r        role
		patience time.Duration
	}{{roleVRRP, vrrpPatience}, {roleEngine, enginePatience}} {
		c := g.children[s.r]
		if c == nil {
			continue
		}
		delete(g.children, s.r)
		c.stop(s.patience)
		g.log.Info().Str("child", string(s.r)).AnErr("exit", c.exit).Msg("child process stopped")
	}
}

// childStatus is one child in `keepsql status`.
type childStatus struct {
	PID      int             `json:"pid,omitempty"`
	Ready    bool            `json:"ready"`
	Uptime   float64         `json:"uptime_s"`
	Restarts int             `json:"restarts"`
	Detail   json.RawMessage `json:"detail,omitempty"`
}

func (g *Guardian) childStatus(r role) childStatus {
	s := childStatus{Restarts: g.restarts[r], Detail: g.status[r]}
	if c := g.children[r]; c != nil {
		s.PID, s.Ready, s.Uptime = c.cmd.Process.Pid, c.ready, time.Since(c.started).Seconds()
	}
	return s
}
