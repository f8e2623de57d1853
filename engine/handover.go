package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keepsql/keepsql/vrrp"
)

// askBacklog is how many requests may wait for the vrrp child. A switchover takes up to a second.
const askBacklog = 16

var errNoVRRP = errors.New("no vrrp process runs: the configuration has no vrrp_instance, or it is being started again")

// enqueue leaves a request to answer, so that a death notice of the engine is never behind one.
func (c *vrrpChild) enqueue(m *AskMessage) {
	select {
	case c.asks <- m:
	default:
		_ = c.link.Send(Message{Verdict: &VerdictMessage{Seq: m.Seq, Error: "too many requests wait for the vrrp process"}})
	}
}

// answer carries out requests one after the other until the context ends.
func (c *vrrpChild) answer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-c.asks:
			_ = c.link.Send(Message{Verdict: c.switchOver(ctx, m)}) // without a guardian the process is ending
		}
	}
}

// switchOver carries out "failover" and "rejoin".
func (c *vrrpChild) switchOver(ctx context.Context, m *AskMessage) *VerdictMessage {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	v := &VerdictMessage{Seq: m.Seq}
	var err error
	switch m.Command {
	case "failover":
		var list []vrrp.Handed
		if list, err = c.speaker.HandOver(ctx, m.Names); err == nil {
			v.Report, v.Data, err = lines(list, describeHanded)
			err = errors.Join(err, unhanded(list))
		}
	case "rejoin":
		var names []string
		if names, err = c.speaker.Rejoin(ctx, m.Names); err == nil {
			v.Report, v.Data, err = lines(names, func(s string) string { return s + " takes part again, by its priority" })
		}
		if err == nil && len(names) == 0 {
			v.Report = []string{"nothing was handed over: nothing to take back"}
		}
	default:
		err = fmt.Errorf("unknown command %q", m.Command)
	}
	if err != nil {
		v.Error = err.Error()
	}
	return v
}

func describeHanded(h vrrp.Handed) string {
	if !h.To.IsValid() {
		return h.Instance + " is handed over"
	}
	return fmt.Sprintf("%s: %s is MASTER since %s after the farewell; it stays so until it is gone, or keepsql failover --release",
		h.Instance, h.To, h.Took.Round(100*time.Microsecond))
}

// unhanded is the error of instances that nobody took.
func unhanded(list []vrrp.Handed) error {
	var kept, given []string
	for _, h := range list {
		if h.Done {
			given = append(given, describeHanded(h))
		} else {
			kept = append(kept, h.Instance)
		}
	}
	if kept == nil {
		return nil
	}
	text := fmt.Sprintf("nobody took over %s, which stays MASTER: is a peer running and not in FAULT?", strings.Join(kept, ", "))
	return errors.New(strings.Join(append(given, text), "\n"))
}

// relay takes a request of the engine to the vrrp child.
func (g *Guardian) relay(from *child, m *AskMessage) {
	v := g.children[roleVRRP]
	if v == nil {
		_ = from.link.Send(Message{Verdict: &VerdictMessage{Seq: m.Seq, Error: errNoVRRP.Error()}})
		return
	}
	g.seq++
	g.relays[g.seq] = m.Seq
	_ = v.link.Send(Message{Ask: &AskMessage{Seq: g.seq, Request: m.Request}}) // if it is gone, dropRelays answers
}

// relayed takes the answer back.
func (g *Guardian) relayed(v *VerdictMessage) {
	ours := v.Seq
	v.Seq = g.relays[ours]
	delete(g.relays, ours)
	if e := g.children[roleEngine]; e != nil {
		_ = e.link.Send(Message{Verdict: v}) // if it is gone, so is who asked
	}
}

// dropRelays answers for a vrrp child that died.
func (g *Guardian) dropRelays() {
	for ours := range g.relays {
		g.relayed(&VerdictMessage{Seq: ours, Error: errNoVRRP.Error()})
	}
}

// tellPeers passes on what other nodes say of their virtual routers.
func (g *Guardian) tellPeers() {
	if v := g.children[roleVRRP]; v != nil && g.peers != nil {
		_ = v.link.Send(Message{Peers: g.peers}) // if it is gone, its death notice follows
	}
}

// felt takes in what the engine says of its health.
func (g *Guardian) felt(h vrrp.Health) {
	if h != g.health {
		g.health = h
		g.tellVRRP()
	}
}
