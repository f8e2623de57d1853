package admin

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/keepsql/keepsql/engine/wire"
)

// session is one client that is logged in.
type session struct {
	srv   *Server
	conn  *wire.Conn
	nc    net.Conn // below conn, to see whether the client is still there
	auth  *wire.Authenticator
	login *wire.Login
	out   wire.ResultWriter
	id    uint32
	class class
	audit *audited

	affected uint64      // of the last INSERT, UPDATE or DELETE; other statements repeat it
	peer     PeerSession // of the cluster node at the other end, nil until it told
}

// become makes the session that of a login.
func (s *session) become(l *wire.Login) {
	s.login = l
	s.class = l.Credential.Data.(class)
	s.out = wire.NewResultWriter(s.conn, l.Capabilities)
	limit := wire.DefaultLimit
	if s.class == statsClass {
		limit = statsLimit
	}
	s.conn.SetLimit(limit)
}

// run answers commands until the client leaves, the connection breaks or the server stops.
func (s *session) run(ctx context.Context) {
	defer s.forgetPeer()
	for {
		p, err := s.conn.ReadPacket()
		if errors.Is(err, wire.ErrTooLarge) {
			_ = s.out.Error(wire.Errorf(1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes"))
		}
		if err != nil || len(p) == 0 {
			return
		}
		if s.peer != nil {
			s.peer.Seen()
		}
		if err := s.command(ctx, wire.Command(p[0]), p[1:], p); err != nil {
			if !errors.Is(err, errHangUp) {
				s.srv.log.Debug().Err(err).Str("client", s.conn.RemoteAddr().String()).Msg("admin session broken off")
			}
			return
		}
	}
}

// who names the client in logs and as the origin of what it loads.
func (s *session) who() string {
	return fmt.Sprintf("%s@%s", s.login.User, wire.HostOf(s.conn.RemoteAddr()))
}
