package verdict

import (
	"fmt"
	"time"
)

// lag takes the result of a replication check in, for every hostgroup that sets a limit. A server that is no replica is never
// late; errors change nothing.
func (j *Judge) lag(n *node, e Lag) (out []Action) {
	if e.Failure != None {
		return nil
	}
	for _, s := range j.config.Servers {
		if s.Addr != e.Addr || s.MaxLag == 0 || s.Unwanted {
			continue
		}
		l := n.late[s.Hostgroup]
		if l == nil {
			l = &lateness{}
			n.late[s.Hostgroup] = l
		}
		lag := e.Lag
		if e.Null {
			lag = s.LagNull
		}
		out = append(out, Behind{s.Hostgroup, e.Addr, lag, e.Replica})
		if !e.Replica || lag <= s.MaxLag {
			l.count = 0
		} else {
			l.count++
		}
		switch seconds := int(lag / time.Second); {
		case l.count == 0 && l.on:
			l.on = false
			out = append(out, Late{s.Hostgroup, e.Addr, false, lag},
				Say{Warning, fmt.Sprintf("Re-enabling server %s from HG %d with replication lag of %d second", e.Addr, s.Hostgroup, seconds)})
		case l.count >= max(1, j.config.Limits.LagCount):
			if !l.on {
				out = append(out, Say{Warning, fmt.Sprintf("Shunning server %s from HG %d with replication lag of %d second, count number: '%d'",
					e.Addr, s.Hostgroup, seconds, l.count)})
			}
			l.on = true
			out = append(out, Late{s.Hostgroup, e.Addr, true, lag})
		}
	}
	return out
}
