package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/cluster"
	"github.com/keepsql/keepsql/engine/health"
	"github.com/keepsql/keepsql/engine/proxy"
	"github.com/keepsql/keepsql/vrrp"
)

// How often the engine looks at itself and says so, and how long a look may take.
const (
	fitnessEvery = 500 * time.Millisecond
	probeLimit   = time.Second
	// peerFresh is how old the word of a peer may be to say that it reaches a writer.
	peerFresh = 15 * time.Second
)

// fitness tells the guardian again and again how fit the engine is, and peers what they need to know of it.
type fitness struct {
	log     zerolog.Logger
	link    *Link
	proxy   *proxy.Proxy
	cluster *cluster.Cluster
	uuid    string
	writers *writers
	routers func() []vrrp.InstanceStatus
	drain   *drainer

	lag  health.Lag
	seen atomic.Pointer[look]

	mu      sync.Mutex // guards what follows
	text    string     // for peers
	changed chan struct{}
}

// look is what trying things out has shown.
type look struct {
	at       time.Time
	listener string // why it did not answer
	writer   string // why none was reached
}

// told is what a node says of itself to peers.
type told struct {
	UUID    string
	Writer  bool // it reaches one
	Routers []vrrp.Participant
}

// run judges until ctx ends. It returns nil.
func (f *fitness) run(ctx context.Context) error {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	tasks.Go(func() { f.lookAround(ctx) })
	tasks.Go(func() { _ = f.lag.Run(ctx) }) // it gives none
	var judge health.Judge
	var status, peers string
	tick := time.NewTicker(fitnessEvery)
	defer tick.Stop()
	for {
		known, others := f.peers()
		v := judge.Step(f.facts(others))
		f.tell()
		err := f.link.Send(Message{Health: &vrrp.Health{Adjust: v.Adjust, Reason: v.Reason}})
		err = errors.Join(err, f.sendChanged(&peers, known, func(text json.RawMessage) Message {
			return Message{Peers: &PeersMessage{Peers: known}}
		}))
		err = errors.Join(err, f.sendChanged(&status, engineStatus{Health: v, Drain: f.drain.status()}, func(text json.RawMessage) Message {
			return Message{Status: text}
		}))
		if err != nil {
			return nil // the guardian is gone
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-f.drain.news:
		}
	}
}

// engineStatus is the engine's part of `keepsql status`.
type engineStatus struct {
	Health health.Verdict `json:"health"`
	Drain  DrainStatus    `json:"drain"`
}

// sendChanged sends what differs from the last that was sent.
func (f *fitness) sendChanged(last *string, what any, message func(json.RawMessage) Message) error {
	text, err := json.Marshal(what)
	if err != nil || string(text) == *last {
		return err
	}
	*last = string(text)
	return f.link.Send(message(text))
}

// facts are for the judge.
func (f *fitness) facts(others []told) health.Facts {
	out := health.Facts{Lag: f.lag.Take(), Drained: f.drain.outOfService()}
	if s := f.seen.Load(); s != nil {
		out.Listener, out.Writer = s.listener, s.writer
		if age := time.Since(s.at); age > 3*probeLimit+2*writerLimit {
			out.Listener = fmt.Sprintf("a probe hangs for %s", age.Round(time.Second))
		}
	}
	out.PeerHasWriter = slices.ContainsFunc(others, func(t told) bool { return t.Writer })
	return out
}

// lookAround tries things out, in a goroutine of its own since that may take its time.
func (f *fitness) lookAround(ctx context.Context) {
	tick := time.NewTicker(fitnessEvery)
	defer tick.Stop()
	for {
		l := &look{}
		l.listener = f.probe(ctx)
		l.writer = f.writers.look(ctx)
		l.at = time.Now()
		if ctx.Err() != nil {
			return
		}
		f.seen.Store(l)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (f *fitness) probe(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	if err := f.proxy.Probe(ctx); err != nil {
		return err.Error()
	}
	return ""
}

// peers are the other nodes of the cluster: for the speaker, and those whose word is fresh.
func (f *fitness) peers() (known []vrrp.Peer, fresh []told) {
	known = []vrrp.Peer{}
	for _, s := range f.cluster.PeerStates() {
		var t told
		p := vrrp.Peer{Node: s.Peer, Known: s.Known && json.Unmarshal([]byte(s.Text), &t) == nil}
		if p.Known && t.UUID == f.uuid {
			continue // this node
		}
		if p.Routers = t.Routers; p.Known && time.Since(s.At) < peerFresh {
			fresh = append(fresh, t)
		}
		known = append(known, p)
	}
	return known, fresh
}

// tell renews what peers are told.
func (f *fitness) tell() {
	s := f.seen.Load()
	text, err := json.Marshal(told{
		UUID: f.uuid, Writer: s != nil && s.writer == "", Routers: vrrp.Participants(f.routers()),
	})
	if err != nil {
		f.log.Error().Err(err).Msg("cannot tell peers of this node")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if string(text) == f.text {
		return
	}
	f.text = string(text)
	if f.changed != nil {
		close(f.changed)
	}
	f.changed = make(chan struct{})
}

// state is what peers are told, and a channel that is closed when that is out of date.
func (f *fitness) state() (string, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return f.text, f.changed
}
