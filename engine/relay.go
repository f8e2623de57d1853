package engine

import (
	"context"
	"fmt"
	"sync"
)

// relays are the requests of the engine to the vrrp process that wait for an answer.
type relays struct {
	link *Link

	mu      sync.Mutex // guards what follows
	next    uint64
	waiting map[uint64]chan *VerdictMessage
}

func newRelays(l *Link) *relays { return &relays{link: l, waiting: map[uint64]chan *VerdictMessage{}} }

// ask sends a request and waits for the answer, whatever it says.
func (r *relays) ask(ctx context.Context, request Request) (*VerdictMessage, error) {
	answer := make(chan *VerdictMessage, 1)
	r.mu.Lock()
	r.next++
	seq := r.next
	r.waiting[seq] = answer
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.waiting, seq)
	}()
	if err := r.link.Send(Message{Relay: &AskMessage{Seq: seq, Request: request}}); err != nil {
		return nil, fmt.Errorf("reach the guardian: %w", err)
	}
	select {
	case v := <-answer:
		return v, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the vrrp process: %w", ctx.Err())
	}
}

// answered passes an answer to who waits for it.
func (r *relays) answered(v *VerdictMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.waiting[v.Seq]; c != nil {
		c <- v // has room for the one there is
		delete(r.waiting, v.Seq)
	}
}
