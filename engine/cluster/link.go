package cluster

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"sync/atomic"
)

// link is an admin session of a peer that told who it is.
type link struct {
	cluster    *Cluster
	key        string // address of the session
	host       string
	port       int
	uuid       string
	interfaces string
	seen       atomic.Int64 // unix seconds of its last statement
}

// Session is the account of one admin session of a peer: Seen is called for each of its statements, Close when it ends.
type Session = interface {
	Seen()
	Close()
}

var uuidFormat = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// NodeUUID takes PROXYSQL CLUSTER_NODE_UUID of an admin session, first or again. An error means that the session is to be
// closed: the words are no UUID, another UUID than the session's before, or came over a unix socket.
func (c *Cluster) NodeUUID(remote net.Addr, uuid, interfaces string) (Session, error) {
	l, err := c.link(remote, uuid, interfaces)
	if err != nil {
		c.log.Warn().Msgf("Cluster: refused CLUSTER_NODE_UUID from %s : %s", remote, err)
		return nil, fmt.Errorf("take node uuid: %w", err)
	}
	return l, nil
}

func (c *Cluster) link(remote net.Addr, uuid, interfaces string) (*link, error) {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return nil, errors.New("not a TCP connection")
	}
	if !uuidFormat.MatchString(uuid) {
		return nil, errors.New("not a UUID")
	}
	host := tcp.IP.String()
	c.log.Info().Msgf("Received PROXYSQL CLUSTER_NODE_UUID from %s:%d : %s %s", host, tcp.Port, uuid, interfaces)
	l, isNew := c.keepLink(&link{
		cluster: c, key: remote.String(), host: host, port: tcp.Port, uuid: uuid, interfaces: interfaces,
	})
	if l.uuid != uuid {
		return nil, fmt.Errorf("the session is that of node %s", l.uuid)
	}
	if isNew {
		c.log.Info().Msgf("Created new link with Cluster node %s:%d : %s at interface %s", host, tcp.Port, uuid, interfaces)
	}
	l.Seen()
	return l, nil
}

// keepLink adds a session, or finds the one that has its address already.
func (c *Cluster) keepLink(l *link) (kept *link, isNew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.links[l.key]; old != nil {
		return old, false
	}
	c.links[l.key] = l
	return l, true
}

// Seen notes that the peer sent a statement.
func (l *link) Seen() { l.seen.Store(l.cluster.now().Unix()) }

// Close drops the session's row.
func (l *link) Close() {
	l.cluster.mu.Lock()
	defer l.cluster.mu.Unlock()
	if l.cluster.links[l.key] == l {
		delete(l.cluster.links, l.key)
	}
}
