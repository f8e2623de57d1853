package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// Long polling is keepsql's own. A node that can do it says so in its answer to CLUSTER_NODE_UUID, in a place where ProxySQL
// never looks; nobody is asked for it who did not say so.
const (
	// CanWait is the word in the OK packet that answers CLUSTER_NODE_UUID.
	CanWait = "CLUSTER_WAIT"
	// MaxWait bounds one wait on the side of the peer.
	MaxWait = 10 * time.Second
)

// await lets the peer answer when its global checksum is another than the one we know, and gives that; the one we know when the
// interval is over. It is empty where the peer is not to be asked any more.
func (c *conversation) await(ctx context.Context, began time.Time) (global string, err error) {
	for {
		left := time.Until(began.Add(c.cluster.settings.Load().interval))
		ms := max(min(left, MaxWait, c.cluster.timing.Query/2).Milliseconds(), 1)
		asked := time.Now()
		sql := fmt.Sprintf("PROXYSQL %s %s %d", CanWait, c.global, ms)
		r, err := c.client.Query(ctx, sql)
		if refused := (*wire.Error)(nil); errors.As(err, &refused) {
			c.log.Debug().Msgf("Cluster: peer %s does not let us wait: %s", c.peer, refused.Message)
			c.prompt = false
			return "", nil
		}
		if err == nil && (len(r.Rows) != 1 || len(r.Rows[0]) != 1) {
			err = fmt.Errorf("answer has %d rows, want one value", len(r.Rows))
		}
		if err != nil {
			c.complain(ctx, sql, asked, err)
			return "", err
		}
		global = r.Rows[0][0].Text
		if global != c.global || time.Since(began) >= c.cluster.settings.Load().interval {
			return global, nil
		}
		if err := c.learn(ctx); err != nil { // the peer answers early when it has something new to tell
			return "", err
		}
	}
}

// greet tells the peer who we are and learns whether it can report changes.
func (c *conversation) greet(ctx context.Context, interfaces string) error {
	r, err := c.query(ctx, fmt.Sprintf("PROXYSQL CLUSTER_NODE_UUID %s %s", c.cluster.uuid, interfaces))
	if err != nil {
		return err
	}
	c.able(r.Info)
	return nil
}
