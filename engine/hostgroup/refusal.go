package hostgroup

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// timedOut is the answer to a statement that got no connection in time: the server's own refusal, or upstream's 9001 with
// the reason behind it.
func (a *attempt) timedOut() error {
	a.m.counters.timeouts.Add(1)
	var own *wire.Error
	if errors.As(a.last, &own) {
		return own
	}
	ms := a.m.now().Sub(a.start).Milliseconds()
	return wire.Errorf(9001, "HY000", "Max connect timeout reached while reaching hostgroup %d after %dms (%s)",
		a.r.Hostgroup, ms, a.reason())
}

// failed is the answer after too many connect errors.
func (a *attempt) failed() error {
	var own *wire.Error
	if errors.As(a.last, &own) {
		return own
	}
	return wire.Errorf(9002, "HY000", "Max connect failure while reaching hostgroup %d (%s)", a.r.Hostgroup, a.reason())
}

// reason counts the servers of the hostgroup by what keeps them from being used:
// "servers: 3, shunned 2 (connection refused, 4 s ago), at max_connections 1 (200/200)".
func (a *attempt) reason() string {
	g := a.m.view.Load().groups[a.r.Hostgroup]
	if g == nil {
		return "the hostgroup has no servers"
	}
	n := tally(g, a.m.settings.Load(), a.r, a.m.now())
	text := fmt.Sprintf("servers: %d%s", len(g.servers), n.text())
	if online := len(g.servers) - n.shunned - n.late - n.spare - n.soft - n.hard; online > g.attributes.maxOnline {
		text += fmt.Sprintf(", more ONLINE than max_num_online_servers %d", g.attributes.maxOnline)
	}
	if a.last != nil {
		text += fmt.Sprintf(", last error from %s: %s", a.on, cause(a.last))
	}
	return text
}

// counts of servers by state.
type counts struct {
	shunned, soft, hard, full, slow, weightless int
	late, spare                                 int
	lag                                         string // of the last of them
	used, max                                   int    // of those that are full
	behind                                      int    // that are not known to have executed what the statement wants
	after                                       string // what that is
	above                                       int    // that lag behind by more than the statement's limit
	limit                                       time.Duration
	shunCause                                   string // of the one shunned last
	shunAge                                     time.Duration
}

func tally(g *groupView, set *settings, r *Request, now time.Time) (n counts) {
	if !r.After.None() {
		n.after = r.After.GTID.String()
	}
	n.limit = r.LagLimit
	for _, s := range g.servers {
		conf := s.conf.Load()
		switch st := s.Status(); {
		case st == Shunned && s.bars.Load() == barSpare:
			n.spare++
		case st == Shunned:
			n.addShunned(s, now)
		case st == ShunnedLag:
			n.late++
			n.lag, _ = s.barred(now)
		case st == OfflineSoft:
			n.soft++
		case st == OfflineHard:
			n.hard++
		case !s.has(r.After):
			n.behind++
		case s.behindMore(r.LagLimit):
			n.above++
		case s.full():
			n.full++
			n.used += int(s.used.Load())
			n.max += conf.maxConnections
		case !s.candidate(&choice{set: set, request: r}):
			n.slow++
		case conf.weight == 0:
			n.weightless++
		}
	}
	return n
}

func (n *counts) addShunned(s *Server, now time.Time) {
	if why, age := s.barred(now); n.shunned == 0 || age < n.shunAge {
		n.shunCause, n.shunAge = why, age
	}
	n.shunned++
}

func (n *counts) text() string {
	var b strings.Builder
	if n.shunned > 0 {
		fmt.Fprintf(&b, ", shunned %d (%s, %d s ago)", n.shunned, n.shunCause, int(n.shunAge.Seconds()))
	}
	if n.late > 0 {
		fmt.Fprintf(&b, ", late %d (%s)", n.late, n.lag)
	}
	if n.behind > 0 {
		fmt.Fprintf(&b, ", have not executed GTID %d (%s)", n.behind, n.after)
	}
	if n.above > 0 {
		fmt.Fprintf(&b, ", above max_lag_ms=%d %d", n.limit.Milliseconds(), n.above)
	}
	if n.full > 0 {
		fmt.Fprintf(&b, ", at max_connections %d (%d/%d)", n.full, n.used, n.max)
	}
	for _, c := range []struct {
		what string
		n    int
	}{{"backup writers", n.spare}, {"OFFLINE_SOFT", n.soft}, {"OFFLINE_HARD", n.hard}, {"above max_latency_ms", n.slow}, {"with weight 0", n.weightless}} {
		if c.n > 0 {
			fmt.Fprintf(&b, ", %s %d", c.what, c.n)
		}
	}
	return b.String()
}

// cause is the innermost part of an error, "connection refused"; of several errors in one, that of the last.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if several, ok := err.(interface{ Unwrap() []error }); ok {
			all := several.Unwrap()
			next = all[len(all)-1]
		}
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// logLack notes, at most once a second, that a hostgroup has no usable server.
func (m *Manager) logLack(g *groupView, set *settings) {
	if !m.lackSaid.first(m.now()) {
		return
	}
	wait := int(max(time.Second, set.shun.wait()/10).Seconds())
	m.log.Error().Int("hostgroup", g.id).Msgf("Hostgroup %d has no servers available! Checking servers shunned for more than %d second%s",
		g.id, wait, plural(wait))
}

// secondly lets one through in each second: what may repeat must not fill the log.
type secondly struct{ last atomic.Int64 } // unix seconds

// first reports whether nobody was let through in this second yet.
func (s *secondly) first(now time.Time) bool {
	last := s.last.Load()
	return last != now.Unix() && s.last.CompareAndSwap(last, now.Unix())
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
