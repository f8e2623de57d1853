package engine

import (
	"context"
	"time"

	"github.com/keepsql/keepsql/vrrp"
)

// workBacklog is how many requests may wait for the engine; the guardian makes one after the other.
const workBacklog = 8

// stopGrace is how long statements and transactions get when the engine stops; it is less than enginePatience.
const stopGrace = 3 * time.Second

// work answers requests one after the other until ctx ends or the guardian is gone. Listening goes on meanwhile: the answer to
// a request may need one of the vrrp process.
func (n *node) work(ctx context.Context) {
	for {
		var m Message
		select {
		case <-ctx.Done():
			return
		case m = <-n.asks:
		}
		var v *VerdictMessage
		if m.Config != nil {
			v = n.configure(m.Config)
		} else {
			v = n.tell(ctx, m.Ask)
		}
		if n.link.Send(Message{Verdict: v}) != nil {
			return
		}
	}
}

// enqueue leaves a request to work.
func (n *node) enqueue(m Message) {
	select {
	case n.asks <- m:
		return
	default:
	}
	v := &VerdictMessage{Error: "too many requests wait for the engine"}
	if m.Config != nil {
		v.Seq = m.Config.Seq
	} else {
		v.Seq = m.Ask.Seq
	}
	_ = n.link.Send(Message{Verdict: v}) // without a guardian nobody asks
}

// quiesce lets sessions come to an end before the engine stops: those that are idle are told at once, statements and
// transactions get stopGrace.
func (n *node) quiesce() {
	n.proxy.Drain()
	for until := time.Now().Add(stopGrace); n.proxy.Load(nil).Busy() > 0 && time.Now().Before(until); {
		time.Sleep(drainEvery)
	}
	if l := n.proxy.Load(nil); l.Busy() > 0 {
		n.log.Warn().Int("in_transaction", l.InTransaction).Int("running", l.Running).Msg("stopping: sessions are cut")
	}
}

// routers is what the vrrp process last said of its instances, which the guardian passes on.
func (n *node) routers() []vrrp.InstanceStatus {
	if list := n.vrrp.Load(); list != nil {
		return *list
	}
	return nil
}
