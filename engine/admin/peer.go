package admin

import (
	"context"
	"net"
	"strings"
)

// Peers keeps account of the cluster nodes that poll this one.
type Peers interface {
	// NodeUUID is told of PROXYSQL CLUSTER_NODE_UUID, for the first time of a connection or again: the node with this uuid polls
	// from remote, and listens on the interfaces given. An error closes the connection.
	NodeUUID(remote net.Addr, uuid, interfaces string) (PeerSession, error)
}

// PeerSession is one connection of a cluster node: Seen is called at every command of it, Close when it ends.
type PeerSession = interface {
	Seen()
	Close()
}

// peerCommands are what a polling node sends beside plain queries.
func peerCommands() []command {
	return []command{
		{text: "PROXYSQL CLUSTER_NODE_UUID ", arg: true, peers: true, run: announcePeer},
		{text: "PROXYSQL CLUSTER_WAIT ", arg: true, peers: true, run: waitForChange},
		{text: "PROXYSQL CLUSTER_STATE", peers: true, run: tellState},
	}
}

// announcePeer is PROXYSQL CLUSTER_NODE_UUID uuid interfaces. Where it is not acceptable, the connection ends without an
// answer, as upstream.
func announcePeer(_ context.Context, s *session, c call) (answer, error) {
	uuid, interfaces, complete := strings.Cut(c.arg, " ")
	if s.srv.peers == nil || !complete {
		s.srv.log.Warn().Str("client", s.who()).Msgf("refused %s", c.norm)
		return answer{}, errHangUp
	}
	peer, err := s.srv.peers.NodeUUID(s.conn.RemoteAddr(), uuid, interfaces)
	if err != nil {
		return answer{}, errHangUp // NodeUUID has logged why
	}
	s.peer = peer
	return answer{info: s.srv.abilities()}, nil
}

// forgetPeer ends the account of the cluster node at the other end, if one is there.
func (s *session) forgetPeer() {
	if s.peer != nil {
		s.peer.Close()
		s.peer = nil
	}
}
