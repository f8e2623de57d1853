package proxy

import (
	"time"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/stats"
)

// decide asks the rules and the statement's first comment, and rewrites the statement where a rule says so.
func (s *session) decide(st *statement, set *settings, comment []byte) {
	if !s.p.extras.Load().hints {
		comment = nil
	}
	rule.ParseAnnotations(comment, &st.hints)
	st.query = rule.Query{
		Text: st.sql, DigestText: st.text, Digest: st.hash, NoDigest: !set.queryDigests,
		Username: s.user.name, Schemaname: s.schema, ClientAddr: s.host,
		ProxyAddr: s.proxyHost, ProxyPort: s.proxyPort, FlagIN: s.flagIN,
	}
	s.match(st, set)
	d := &st.decision
	if d.NextQueryFlagIN != rule.Unset {
		s.flagIN = d.NextQueryFlagIN
	}
	if d.Rewritten != nil && st.client == nil { // what is executed was rewritten when it was prepared
		st.packet = append(append(st.packet[:0], byte(st.command)), d.Rewritten...)
		st.payload = st.packet
		st.parse(st.packet[1:], &set.digest)
	}
	st.multiplex = d.Multiplex
	st.retries = numberOf(st.hints.QueryRetries, numberOf(d.Retries, set.queryRetries))
	st.fresh = st.hints.CreateNewConnection == 1
	st.timeout = set.queryTimeout
	if ms := numberOf(st.hints.QueryTimeout, d.Timeout); ms > 0 {
		st.timeout = time.Duration(ms) * time.Millisecond
	}
	if st.hints.MaxLag != rule.Unset || st.hints.MinEpoch != rule.Unset {
		st.limitLag()
	}
	if d.GtidFromHostgroup >= 0 || len(st.hints.MinGTID) > 0 {
		s.want(st)
	}
}

// route chooses the hostgroup: where the session is bound to, where its transaction is, else where the statement belongs.
func (s *session) route(st *statement) int {
	if s.lockedOn >= 0 {
		s.shard.Add(stats.LockedQueries, 1)
		return s.lockedOn
	}
	if trx := s.transaction(); trx >= 0 && s.user.transactionStays {
		return trx
	}
	return s.routeUnbound(st)
}

// routeUnbound is route for a session that nothing binds: what the comment says, where the last insert id came from if that
// is asked for, what the rules say, the user's default. A read goes to the temporary tables and user variables it names.
func (s *session) routeUnbound(st *statement) int {
	switch {
	case s.user.fastForward:
		return s.user.defaultHostgroup
	case st.hints.Hostgroup != rule.Unset:
		return st.hints.Hostgroup
	case st.traits&traitInsertID != 0 && s.lastWrite >= 0:
		return s.lastWrite
	case st.traits&traitAskFoundRows != 0 && s.countedOn() >= 0:
		return s.countedOn()
	case st.traits&traitDiagnostics != 0 && s.attachedTo(s.last.hostgroup):
		return s.last.hostgroup
	case st.decision.DestinationHostgroup != rule.Unset:
		return s.follow(st, st.decision.DestinationHostgroup)
	}
	return s.follow(st, s.user.defaultHostgroup)
}

// follow sends a read to the connection that has what it names, a user variable or a temporary table, where rules would send
// it elsewhere. Writes go where rules say.
func (s *session) follow(st *statement, hostgroup int) int {
	if len(s.backends) == 0 || st.class != digest.CommandSelect || st.traits&(traitLocking|traitSeveral) != 0 {
		return hostgroup
	}
	to := hostgroup
	for i := range s.backends {
		b := &s.backends[i]
		variable := b.flags&stickyUserVariable != 0 && st.traits&traitUserVariable != 0 && st.multiplex != 2
		if variable || b.flags&stickyTemporary != 0 && b.held != nil && b.held.tables.namedIn(st.sql) {
			if b.hostgroup == hostgroup {
				return hostgroup
			}
			to = b.hostgroup
		}
	}
	return to
}

// transaction is the hostgroup of the open transaction, -1 for none.
func (s *session) transaction() int {
	for i := range s.backends {
		if s.backends[i].inTrx {
			return s.backends[i].hostgroup
		}
	}
	return -1
}
