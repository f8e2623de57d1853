package cluster_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/cluster"
)

// words is what a node says of itself, and changes.
type words struct {
	mu      sync.Mutex
	text    string
	changed chan struct{}
}

func (w *words) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = text
	if w.changed != nil {
		close(w.changed)
	}
	w.changed = make(chan struct{})
}

func (w *words) state() (string, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text, w.changed
}

// of is what a node knows of the peer on a port.
func of(s *stack, port int) cluster.PeerState {
	for _, p := range s.cluster.PeerStates() {
		if p.Peer == fmt.Sprintf("127.0.0.1:%d", port) {
			p.At, p.Peer = time.Time{}, ""
			return p
		}
	}
	return cluster.PeerState{Text: "not listed"}
}

// TestPeerStates: a node hears at once what another says of itself, keeps the last word of one that is gone, and knows nothing
// of a ProxySQL.
func TestPeerStates(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	const slow = `cluster_check_interval_ms=300000;` // longer than patience
	other := newFakePeer(t, true)
	w := &words{}
	w.say("one")
	members := append([]int{other.port}, ports...)
	s := prepare(t, nodeUUID("A"), version, timing())
	s.state = w.state
	a := serveAdmin(t, s, "A", ports[0], members, slow, "")
	b := startPeer(t, "B", ports[1], version, members, slow, "")
	other.like(b.stack)
	eventually(t, "B knows A", func() bool { return of(b.stack, a.port) == cluster.PeerState{Known: true, Text: "one"} })
	for i := range 5 {
		text := fmt.Sprint("word ", i)
		time.Sleep(50 * time.Millisecond) // B is waiting again
		w.say(text)
		eventually(t, "B hears A", func() bool { return of(b.stack, a.port) == cluster.PeerState{Known: true, Text: text} })
	}
	if got := of(b.stack, other.port); got.Known {
		t.Errorf("B claims to know what a ProxySQL never said: %+v", got)
	}
	if got := of(a.stack, b.port); got.Known {
		t.Errorf("A claims to know what B never said: %+v", got)
	}
}
