package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
)

// longestPull bounds how long a client may let a session wait.
const longestPull = time.Hour

// pullVersion is PULL VERSION MYSQL SERVERS version seconds: the answer comes when the servers in force have a later version, or
// when the time is over. The session waits, nothing else does.
func pullVersion(ctx context.Context, s *session, c call) (answer, error) {
	version, seconds, _ := strings.Cut(c.arg, " ")
	after, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return s.sql(ctx, c.text)
	}
	wait, err := strconv.ParseUint(strings.TrimSpace(seconds), 10, 31)
	if err != nil {
		return s.sql(ctx, c.text)
	}
	ctx, cancel := context.WithTimeout(ctx, min(time.Duration(wait)*time.Second, longestPull))
	defer cancel()
	defer watchClient(s.nc, cancel).stop()
	for {
		changed := s.srv.layers.Changed()
		if now := s.srv.serversVersion(); now > after || ctx.Err() != nil {
			return cell("version", strconv.FormatUint(now, 10)), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (s *Server) serversVersion() uint64 {
	if snap := s.layers.Snapshot(schema.MySQLServers); snap != nil {
		return snap.Stamp().Version
	}
	return 0
}
