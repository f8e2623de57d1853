package admin

import (
	"context"
	"strconv"
	"strings"
	"time"
)

const (
	// canWait tells a peer, in the info of the OK packet, that CLUSTER_WAIT is understood. ProxySQL never looks there.
	canWait = "CLUSTER_WAIT"
	// maxClusterWait bounds one wait, and with it how long a peer that vanished is kept.
	maxClusterWait = 10 * time.Second
)

// canTell does so for CLUSTER_STATE.
const canTell = "CLUSTER_STATE"

// abilities are the words for peers in the answer to CLUSTER_NODE_UUID.
func (s *Server) abilities() string {
	if s.state == nil {
		return canWait
	}
	return canWait + " " + canTell
}

// tellState is PROXYSQL CLUSTER_STATE: what this node tells peers of itself, as they asked for by its name.
func tellState(_ context.Context, s *session, _ call) (answer, error) {
	if s.srv.state == nil {
		return answer{}, adminError("this node has nothing to tell")
	}
	text, _ := s.srv.state()
	return cell("STATE", text), nil
}

// stateChanged is closed when there is something new to tell; nil where there never is.
func (s *Server) stateChanged() <-chan struct{} {
	if s.state == nil {
		return nil
	}
	_, changed := s.state()
	return changed
}

// waitForChange is PROXYSQL CLUSTER_WAIT checksum milliseconds: it answers with the global checksum as soon as that is another
// than the one given, or CLUSTER_STATE is, and when the time is over.
func waitForChange(ctx context.Context, s *session, c call) (answer, error) {
	known, text, _ := strings.Cut(c.arg, " ")
	ms, err := strconv.ParseUint(text, 10, 31)
	if err != nil || s.peer == nil {
		return answer{}, adminError("PROXYSQL CLUSTER_WAIT <checksum> <milliseconds> is for cluster nodes that told their UUID")
	}
	defer s.srv.waiters.Add(-1)
	if s.srv.waiters.Add(1) > s.srv.maxWaits {
		return answer{}, adminError("too many cluster nodes wait")
	}
	timer := time.NewTimer(min(time.Duration(ms)*time.Millisecond, maxClusterWait))
	defer timer.Stop()
	for over := false; ; {
		changed, news := s.srv.layers.Changed(), s.srv.stateChanged()
		if now := strconv.FormatUint(s.srv.layers.GlobalChecksum(), 10); now != known || over {
			return cell("GLOBAL_CHECKSUM()", now), nil
		}
		select {
		case <-ctx.Done():
			return answer{}, errHangUp
		case <-timer.C:
			over = true
		case <-changed:
		case <-news:
			over = true
		}
	}
}
