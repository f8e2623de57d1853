package proxy

import (
	"math"
	"slices"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/gtid"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// lastGTID is the variable by which MariaDB tells of what a session has committed.
const lastGTID = "last_gtid"

// gtids is what a session has committed last in each hostgroup, as far as servers told.
type gtids struct {
	list  []committed
	last  int  // place of the latest in list
	fresh bool // the statement at hand has committed it
}

type committed struct {
	hostgroup int
	after     hostgroup.After
}

// find gives what was committed in a hostgroup; nil for nothing.
func (g *gtids) find(hostgroup int) *committed {
	for i := range g.list {
		if g.list[i].hostgroup == hostgroup {
			return &g.list[i]
		}
	}
	return nil
}

// hostgroup is where the session has committed last, -1 for nowhere.
func (g *gtids) hostgroup() int {
	if len(g.list) == 0 {
		return -1
	}
	return g.list[g.last].hostgroup
}

// in gives the GTID of what was committed in a hostgroup last, "" for nothing.
func (g *gtids) in(hostgroup int) string {
	if c := g.find(hostgroup); c != nil {
		return c.after.GTID.String()
	}
	return ""
}

// news is the GTID of what the statement at hand has committed, "" for nothing.
func (g *gtids) news() string {
	if !g.fresh {
		return ""
	}
	return g.in(g.hostgroup())
}

// learn notes what the session has committed on a server.
func (s *session) learn(b *backend, text []byte) {
	id, err := gtid.Latest(text)
	if err != nil || b == nil { // MariaDB tells of an empty one where the binary log is off
		return
	}
	s.shard.Add(stats.GTIDSessionCollected, 1)
	i := slices.IndexFunc(s.gtids.list, func(c committed) bool { return c.hostgroup == b.hostgroup })
	if i < 0 {
		i = len(s.gtids.list)
		s.gtids.list = append(s.gtids.list, committed{hostgroup: b.hostgroup})
	}
	on := b.conn.Server()
	s.gtids.list[i].after = hostgroup.After{GTID: id, Host: on.Host, Port: on.Port}
	s.gtids.last, s.gtids.fresh = i, true
}

// learnFrom learns from a change of the server's session if that is about GTIDs, which it reports. MySQL tells the form, of which
// there is one, and the text; MariaDB tells of a variable.
func (s *session) learnFrom(b *backend, kind byte, body []byte) bool {
	switch kind {
	case toldGTIDs:
		if len(body) > 0 && body[0] == 0 {
			if text, _, ok := lenenc(body[1:]); ok {
				s.learn(b, text)
			}
		}
		return true
	case toldVariable:
		name, value, ok := lenenc(body)
		if !ok || string(name) != lastGTID {
			return false
		}
		if text, _, ok := lenenc(value); ok {
			s.learn(b, text)
		}
		return true
	}
	return false
}

// learnChanges looks for GTIDs in the answer to a command of the proxy's own that may have committed something.
func (s *session) learnChanges(b *backend) {
	for kind, body := range changesIn(b.changes) {
		s.learnFrom(b, kind, body)
	}
}

// want works out what a statement's server must have executed: what its comment says, or what the session has committed in the
// hostgroup of gtid_from_hostgroup.
func (s *session) want(st *statement) {
	switch text := st.hints.MinGTID; {
	case st.command == wire.ComStmtPrepare: // reads nothing
	case len(text) > 0:
		id, err := gtid.ParseID(text)
		if err != nil {
			st.refusal = wire.Errorf(1105, "HY000", "Cannot read hint min_gtid=%s: %v", cut(text), err)
			return
		}
		st.after = hostgroup.After{GTID: id}
		st.wants = &st.after
	default:
		if c := s.gtids.find(st.decision.GtidFromHostgroup); c != nil {
			st.after = c.after
			st.wants = &st.after
		}
	}
}

// limitLag works out by how much the replication of the statement's server may lag behind, from the hints max_lag_ms and
// min_epoch_ms, which is the time of which it has to know.
func (st *statement) limitLag() {
	ms := int64(st.hints.MaxLag)
	if st.hints.MinEpoch != rule.Unset {
		ms = max(0, st.start.UnixMilli()-int64(st.hints.MinEpoch))
	}
	const most = int64(math.MaxInt64 / time.Millisecond)
	if ms >= 0 {
		st.lagLimit = max(1, time.Duration(min(ms, most))*time.Millisecond) // 0 ms is a limit, too
	}
}

// outrun reports whether a connection that the session holds, but does not need, is to a server that is not as far as the
// statement wants.
func (s *session) outrun(b *backend, st *statement) bool {
	return !b.inTrx && b.flags&^stickyHarmless == 0 && !b.conn.Meets(st.wants, st.lagLimit)
}

// catchUp waits until the server of a connection that the session needs has executed what the statement wants. Within a
// transaction the server shows what it did at the beginning anyway.
func (s *session) catchUp(b *backend, st *statement) error {
	if st.wants == nil || b.inTrx || b.conn.Has(st.wants) {
		return nil
	}
	st.request = hostgroup.Request{
		Hostgroup: st.hostgroup, Login: s.backend, Capabilities: s.capabilities(st), Charset: s.charsetID, Schema: s.schema, After: st.wants, Waits: s.task,
	}
	return s.p.servers.Await(&s.ctx, b.conn, &st.request)
}

// capabilities are those that a server connection must have: beside the client's, session tracking where it matters what the
// session commits.
func (s *session) capabilities(st *statement) wire.Capability {
	caps := s.caps & sharedCapabilities
	if s.p.settings.Load().serverEOF && !s.user.fastForward { // whose answers nobody translates
		caps &^= wire.CapDeprecateEOF
	}
	if (s.tracksGTIDs || s.p.rules.Load().WantsGTIDs(st.hostgroup)) && !s.user.fastForward {
		caps |= wire.CapSessionTrack
	}
	return caps
}

// hidesGTIDs reports whether the client is not to be told of GTIDs although servers may tell them.
func (s *session) hidesGTIDs() bool {
	return s.caps&wire.CapSessionTrack != 0 && !s.p.settings.Load().passGTIDs
}

// executed is stats_mysql_gtid_executed.
func (p *Proxy) executed() *schema.Rows {
	var list []stats.Executed
	for _, e := range p.servers.Executed() {
		list = append(list, stats.Executed(e))
	}
	return stats.ExecutedRows(list)
}
