package admin

import (
	"context"
	"net"
	"regexp"
	"strings"
)

// Peers keeps account of the cluster nodes that poll this one.
type Peers interface {
	// Announced is told of PROXYSQL CLUSTER_NODE_UUID: a node with this uuid polls from remote, and has the given interfaces of
	// its own. An error closes the connection.
	Announced(remote net.Addr, uuid, interfaces string) (PeerSession, error)
}

// PeerSession is one connection of a cluster node.
type PeerSession interface {
	// Seen is called at every command of the node.
	Seen()
}

// peerCommands are what a polling node sends beside plain queries.
func peerCommands() []command {
	return []command{{text: "PROXYSQL CLUSTER_NODE_UUID ", arg: true, run: announcePeer}}
}

var uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// announcePeer is PROXYSQL CLUSTER_NODE_UUID uuid interfaces. What is not of that form, comes through a unix socket, or names
// another node than this connection did before, ends the connection.
func announcePeer(_ context.Context, s *session, c call) (answer, error) {
	remote := s.conn.RemoteAddr()
	s.srv.log.Info().Msgf("Received PROXYSQL CLUSTER_NODE_UUID from %s : %s", remote, c.arg)
	uuid, interfaces, _ := strings.Cut(c.arg, " ")
	if _, tcp := remote.(*net.TCPAddr); !tcp || !uuidForm.MatchString(uuid) || interfaces == "" || s.peerID != "" && s.peerID != uuid {
		s.srv.log.Error().Str("client", s.who()).Msg("PROXYSQL CLUSTER_NODE_UUID is not acceptable, closing the connection")
		return answer{}, errHangUp
	}
	if s.peerID == uuid {
		return answer{}, nil
	}
	s.peerID = uuid
	if s.srv.peers == nil {
		return answer{}, nil
	}
	peer, err := s.srv.peers.Announced(remote, uuid, interfaces)
	if err != nil {
		s.srv.log.Error().Err(err).Str("client", s.who()).Msg("cluster node refused, closing the connection")
		return answer{}, errHangUp
	}
	s.peer = peer
	return answer{}, nil
}
