package engine

import (
	"syscall"
	"time"

	"github.com/keepsql/keepsql/vrrp"
)

// A heartbeat is what the engine says of its health, every half second.
const (
	// heartbeatEvery is how often the guardian looks whether there was one.
	heartbeatEvery = time.Second
	// silentAfter missed heartbeats the virtual addresses go: nothing is known of the proxy then.
	silentAfter = 3
	// killAfter more than restart_on_missing_heartbeats the process is killed that did not end by SIGABRT.
	killAfter = 2
)

// pulse counts missed heartbeats. It is pure: the guardian feeds it.
type pulse struct {
	heard  bool // since the last round
	missed int  // rounds in a row
	last   time.Time
}

// round is one look. A round that comes late says nothing: the guardian itself was held up, and with it what it should have
// heard.
func (p *pulse) round(now time.Time) (missed int) {
	late := !p.last.IsZero() && now.Sub(p.last) > heartbeatEvery*3/2
	p.last = now
	switch {
	case p.heard:
		p.missed = 0
	case !late:
		p.missed++
	}
	p.heard = false
	return p.missed
}

// beat looks whether the engine lives, and draws the consequences.
func (g *Guardian) beat(now time.Time) {
	e := g.children[roleEngine]
	if e == nil || !e.ready {
		g.pulse = pulse{}
		return
	}
	missed := g.pulse.round(now)
	limit := g.file.Process.MissingHeartbeats
	switch {
	case missed == 0:
		return
	case limit > 0 && missed == limit:
		g.log.Error().Msgf("Watchdog: reached %d missed heartbeats. Aborting!", missed)
		_ = e.cmd.Process.Signal(syscall.SIGABRT) // the runtime writes down what every goroutine does; its death notice follows
	case limit > 0 && missed >= limit+killAfter:
		_ = e.cmd.Process.Kill()
	default:
		g.log.Warn().Int("in_a_row", missed).Msg("Watchdog: the engine missed a heartbeat")
	}
	if missed >= silentAfter {
		g.felt(vrrp.Health{Adjust: -254, Reason: "the proxy gives no sign of life"})
	}
}
