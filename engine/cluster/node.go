package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

// node is one member and the goroutines that check it and pull from it.
type node struct {
	cluster *Cluster
	log     zerolog.Logger
	peer    diffcheck.Peer
	queue   chan diffcheck.Pull // has room for one pull of each module

	// Known to the checking goroutine only: the global checksum whose rows were read last, and the count of resets then.
	global string
	resets uint64
	// refused counts the connections in a row on which the peer showed another version; known to the same goroutine only.
	refused int

	mu      sync.Mutex // guards what follows
	member  member
	metrics report
	trouble trouble
	told    PeerState // Peer and Known are not used
	claim   claim     // the version it showed last
}

// member is the rest of a row of proxysql_servers.
type member struct{ weight, comment string }

// report is what a peer said of itself, by its own names.
type report struct {
	checked  time.Time // of the last answer; at first, when the node was made
	response time.Duration
	values   map[string]string
}

func newNode(c *Cluster, p diffcheck.Peer) *node {
	return &node{
		cluster: c, log: c.log, peer: p, queue: make(chan diffcheck.Pull, len(modules)),
		metrics: report{checked: c.now()},
	}
}

func (n *node) setMember(m member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.member = m
}

// run checks the peer and pulls from it until ctx ends.
func (n *node) run(ctx context.Context) {
	n.log.Info().Msgf("Cluster: starting thread for peer %s", n.peer)
	var puller sync.WaitGroup
	puller.Go(func() { n.pulls(ctx) })
	for ctx.Err() == nil {
		began := time.Now()
		n.wait(ctx, began, n.visit(ctx))
	}
	puller.Wait()
	n.log.Info().Msgf("Cluster: closing thread for peer %s", n.peer)
}

// pause is how long to wait, by the settings in force.
type pause func(*settings) time.Duration

// wait sleeps until the pause since a time is over. A change of settings may make it shorter or longer.
func (n *node) wait(ctx context.Context, since time.Time, p pause) {
	for {
		s := n.cluster.settings.Load()
		timer := time.NewTimer(time.Until(since.Add(p(s))))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			return
		case <-s.replaced:
			timer.Stop()
		}
	}
}

func interval(s *settings) time.Duration { return s.interval }

// visit is the life of one connection. It returns how long to wait before the next.
func (n *node) visit(ctx context.Context) pause {
	t, s := &n.cluster.timing, n.cluster.settings.Load()
	if s.username == "" {
		return func(s *settings) time.Duration {
			if s.username != "" {
				return 0
			}
			return t.Idle
		}
	}
	cl, err := n.connect(ctx, s, t.Query)
	if err != nil {
		if ctx.Err() == nil {
			n.log.Warn().Msgf("Cluster: unable to connect to peer %s . Error: %s", n.peer, reason(err))
			n.ill("unable to connect: "+reason(err), connectFix(err))
		}
		return func(s *settings) time.Duration { return s.interval + t.Reconnect }
	}
	defer cl.Quit()
	c := &conversation{node: n, client: cl, user: s.username, self: s.version}
	said, err := c.ask(ctx)
	if err != nil {
		return interval
	}
	remote := said.version
	if self := s.version; remote != self {
		if n.agree(said) {
			return func(*settings) time.Duration { return 0 }
		}
		soon := n.mayFollow(said)
		n.log.Warn().Msgf("Cluster: different ProxySQL version with peer %s . Remote: %s . Self: %s", n.peer, remote, self)
		n.ill(fmt.Sprintf("the peer has version %s, we have %s", remote, self), "set admin-version of one to that of the other")
		return func(s *settings) time.Duration {
			switch {
			case s.version != self:
				return 0
			case soon:
				return t.Reconnect
			}
			return t.Version
		}
	}
	n.refused = 0
	n.log.Info().Msgf("Cluster: clustering with peer %s . Remote version: %s . Self version: %s", n.peer, remote, s.version)
	n.log.Info().Msgf("Cluster: sending CLUSTER_NODE_UUID %s to peer %s", n.cluster.uuid, n.peer)
	if c.greet(ctx, s.interfaces) != nil {
		return interval
	}
	c.check(ctx)
	return interval
}
