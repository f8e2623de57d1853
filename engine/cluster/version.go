package cluster

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/keepsql/keepsql/conf/layers"
)

// Nodes must show each other the same version. A ProxySQL has one built in. A node of keepsql that was not told another shows that
// of the ProxySQL it meets, and what other nodes of keepsql follow already.

// claim is a version and where it comes from.
type claim struct {
	version string
	source  layers.VersionSource
	fixed   bool // a ProxySQL's, which cannot follow
}

// follows tells whether a node that claims own is to show a peer's version instead. held tells that a ProxySQL shows our version, so
// that we stay with it until it has been upgraded too. Versions of another series may differ in their tables: these are left to
// the operator. Two nodes never follow each other at the same time.
func (own claim) follows(peer claim, held bool) bool {
	switch {
	case peer.version == own.version, own.source == layers.VersionConfigured, series(peer.version) != series(own.version), held:
		return false
	case peer.fixed:
		return true
	case peer.source != own.source:
		return peer.source > own.source
	}
	return newerVersion(peer.version, own.version)
}

// series is the first two numbers of a version.
func series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// newerVersion compares by numbers first, and then as texts.
func newerVersion(a, b string) bool {
	x, y := numbers(a), numbers(b)
	for i := range x {
		if x[i] != y[i] {
			return x[i] > y[i]
		}
	}
	return a > b
}

func numbers(version string) (n [3]int) {
	_, _ = fmt.Sscanf(version, "%d.%d.%d", &n[0], &n[1], &n[2]) // what is missing counts as 0
	return n
}

// ask learns the peer's version. A peer that is keepsql says so with it.
func (c *conversation) ask(ctx context.Context) (claim, error) {
	const sql = "SELECT @@version"
	r, err := c.query(ctx, sql)
	if err != nil {
		return claim{}, err
	}
	if len(r.Rows) != 1 || len(r.Rows[0]) != 1 || len(r.Columns) != 1 {
		return claim{}, fmt.Errorf("read answer to %q: %d rows, want one value", sql, len(r.Rows))
	}
	said := claim{version: r.Rows[0][0].Text, fixed: r.Columns[0].OrgTable != "keepsql"}
	if !said.fixed {
		said.source = layers.ParseVersionSource(r.Columns[0].OrgName)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claim = said
	return said, nil
}

// agree makes our version that of the peer where that is to be done, and tells whether it did.
func (n *node) agree(peer claim) bool {
	own := claim{}
	own.version, own.source = n.cluster.layers.Version()
	if !own.follows(peer, n.cluster.held(own.version)) {
		return false
	}
	done, err := n.cluster.layers.FollowVersion(n.peer.String(), peer.version)
	if err != nil {
		n.log.Error().Err(err).Msg("cannot follow a peer's version")
	}
	if done {
		n.log.Info().Msgf("Cluster: showing version %s from now on, as peer %s does . Until now: %s", peer.version, n.peer, own.version)
	}
	return done
}

// mayFollow tells whether a peer of another version is about to follow ours, so that it is worth to ask again soon.
func (n *node) mayFollow(peer claim) bool {
	const soon = 5 // connections
	own := claim{}
	own.version, own.source = n.cluster.layers.Version()
	n.refused++
	return n.refused <= soon && !peer.fixed && peer.follows(own, false)
}

// held tells whether a ProxySQL that we are in touch with shows the version.
func (c *Cluster) held(version string) bool {
	for _, n := range c.members() {
		n.mu.Lock()
		holds := n.claim.fixed && n.claim.version == version && n.trouble.since.IsZero()
		n.mu.Unlock()
		if holds {
			return true
		}
	}
	return false
}

// relabelled tells whether the connection was made under another version than ours or the peer's now. Only a peer that is keepsql
// changes its version while it runs, and its admin variables' checksum with it.
func (c *conversation) relabelled(ctx context.Context, adminSum string) (bool, error) {
	known := cmp.Or(c.adminSum, adminSum)
	c.adminSum = adminSum
	if c.claim.fixed || known == adminSum {
		return false, nil
	}
	said, err := c.ask(ctx)
	return said.version != c.self, err
}
