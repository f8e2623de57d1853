package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// CanTell is the word in the OK packet that answers CLUSTER_NODE_UUID by which a node says that it tells of itself when asked by
// PROXYSQL CLUSTER_STATE. It is keepsql's own, as CanWait is.
const CanTell = "CLUSTER_STATE"

// stateLimit bounds what is kept of a peer's words, in bytes: a node with 255 virtual routers needs a quarter of it.
const stateLimit = 256 << 10

// PeerState is what another node last told of itself. The words are of those who asked for them: this package does not read them.
type PeerState struct {
	Peer string // host:port as listed
	// Known is false for one that never told: because it cannot, or was never reached. One that cannot be reached any more
	// is still known by its last words.
	Known bool
	Text  string
	At    time.Time
}

// PeerStates lists the words of all members of the cluster, this node's own where it is listed.
func (c *Cluster) PeerStates() []PeerState {
	var out []PeerState
	for _, n := range c.members() {
		n.mu.Lock()
		out = append(out, PeerState{Peer: n.peer.String(), Known: !n.told.At.IsZero(), Text: n.told.Text, At: n.told.At})
		n.mu.Unlock()
	}
	return out
}

// learn asks a peer that can for its words.
func (c *conversation) learn(ctx context.Context) error {
	if !c.tells {
		return nil
	}
	const sql = "PROXYSQL " + CanTell
	began := time.Now()
	r, err := c.client.Query(ctx, sql)
	if refused := (*wire.Error)(nil); errors.As(err, &refused) {
		c.log.Debug().Msgf("Cluster: peer %s does not tell of itself: %s", c.peer, refused.Message)
		c.tells = false
		return nil
	}
	if err == nil && (len(r.Rows) != 1 || len(r.Rows[0]) != 1 || len(r.Rows[0][0].Text) > stateLimit) {
		err = fmt.Errorf("answer is not one value of at most %d bytes", stateLimit)
	}
	if err != nil {
		c.complain(ctx, sql, began, err)
		return err
	}
	c.hear(r.Rows[0][0].Text)
	return nil
}

// hear keeps the peer's words.
func (n *node) hear(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = PeerState{Text: text, At: n.cluster.now()}
}

// able notes what the peer said that it can do.
func (c *conversation) able(words string) {
	c.prompt, c.tells = strings.Contains(words, CanWait), strings.Contains(words, CanTell)
	if !c.tells { // another program has taken the place of the one that did
		c.mu.Lock()
		defer c.mu.Unlock()
		c.told = PeerState{}
	}
}
