package cluster

import (
	"errors"
	"strings"
	"syscall"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/wire"
)

// trouble is why a peer cannot be checked now.
type trouble struct {
	since       time.Time // zero: there is none
	reason, fix string
}

// ill notes what keeps the peer from being checked.
func (n *node) ill(reason, fix string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trouble.since.IsZero() {
		n.trouble.since = n.cluster.now()
	}
	n.trouble.reason, n.trouble.fix = reason, fix
}

// healthy notes that the peer was checked.
func (n *node) healthy() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.trouble = trouble{}
}

func (n *node) illness() trouble {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.trouble
}

// connectFix is what would help against a failed connect.
func connectFix(err error) string {
	var refused *wire.Error
	var errno syscall.Errno
	switch {
	case errors.As(err, &refused) && strings.Contains(refused.Message, "Access denied"):
		return "let admin-cluster_username and admin-cluster_password of both nodes agree, or list the account in admin-admin_credentials of the peer"
	case errors.As(err, &errno) && errno == syscall.ECONNREFUSED:
		return "start the peer, or correct its row in proxysql_servers"
	}
	return "see the log of the peer"
}

// status has a row for each watch of each member: in step or not, since when, why not, and what would change that.
func (c *Cluster) status() *schema.Rows {
	out := table("stats_cluster_modules")
	own := c.own()
	troubles := map[string]trouble{}
	for _, n := range c.members() {
		troubles[n.peer.String()] = n.illness()
	}
	c.mu.Lock()
	verdicts := c.state.Verdicts(c.now(), own)
	c.mu.Unlock()
	for _, v := range verdicts {
		if t := troubles[v.Peer.String()]; !t.since.IsZero() {
			v.InStep, v.Since, v.Reason, v.Fix = false, t.since, t.reason, t.fix
		}
		inStep := 0
		if v.InStep {
			inStep = 1
		}
		mine := own[v.Watch]
		out.Rows = append(out.Rows, schema.Row{
			schema.Text(v.Peer.Host), number(v.Peer.Port), schema.Text(v.Watch), number(inStep), unix(v.Since),
			schema.Text(v.Reason), schema.Text(v.Fix),
			number(v.Entry.Version), number(v.Entry.Epoch), schema.Text(v.Entry.Checksum),
			number(mine.Version), number(mine.Epoch), schema.Text(mine.Checksum),
		})
	}
	return out
}
