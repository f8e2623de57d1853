package proxy

import (
	"github.com/keepsql/keepsql/conf/charset"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// set serves SET: what is understood is remembered and taken to servers with later statements; what is not binds the
// session to the connection that executes it.
func (s *session) set(st *statement, set *settings) (done bool, err error) {
	if s.lockedOn >= 0 || s.user.fastForward {
		s.shard.Add(stats.LockedSetCommands, 1)
		return false, nil
	}
	parsed := setting.Parse(st.sql)
	switch parsed.Verdict {
	case setting.Track:
		return s.setTracked(st, parsed)
	case setting.Once:
		if s.transaction() >= 0 { // the server says that this is too late
			return false, nil
		}
		s.once = string(st.sql)
		return true, s.reply()
	case setting.Forward:
		return false, nil
	}
	if set.lockOnSet && st.multiplex == rule.Unset {
		s.lockedOn, st.binds = s.route(st), true
		s.shard.Add(stats.ClientConnectionsLocked, 1)
		s.shard.Add(stats.LockedSetCommands, 1)
		s.p.log.Debug().Uint32("session", s.id).Int("hostgroup", s.lockedOn).Str("client", s.clientAddr()).
			Msgf("Unable to parse unknown SET query from client %s. Setting lock_hostgroup. Query: %s", s.clientAddr(), cut(st.loggable(set)))
	}
	st.multiplex, st.opaque = 0, true // the connection stays with the session, and is reset after it
	return false, nil
}

// setTracked remembers variables.
func (s *session) setTracked(st *statement, parsed *setting.Statement) (done bool, err error) {
	if parsed.SetsNames {
		s.shard.Add(stats.ComFrontendSetNames, 1)
	}
	if parsed.Charset != "" && !charset.Exists(parsed.Charset) {
		return true, s.fail(wire.Errorf(1115, "42000", "Unknown character set: '%s'", parsed.Charset))
	}
	on, touched := parsed.Autocommit()
	if touched {
		s.shard.Add(stats.ComAutocommit, 1)
	}
	next := s.vars.With(parsed)
	if touched && on && !s.vars.Autocommit() && s.transaction() >= 0 {
		return true, s.commitByAutocommit(next)
	}
	s.setVars(next)
	if st.client != nil { // the server's answer has flags that follow from the values
		return false, nil
	}
	if touched {
		s.shard.Add(stats.ComAutocommitFiltered, 1)
	}
	return true, s.reply()
}

// commitByAutocommit tells the servers with open transactions at once: turning autocommit on commits.
func (s *session) commitByAutocommit(next *setting.State) error {
	for i := range s.backends {
		b := &s.backends[i]
		if !b.inTrx {
			continue
		}
		if err := b.roundTrip([]byte("\x03SET autocommit=1")); err != nil {
			return s.lost(b, err)
		}
		s.learnChanges(b)
		if have, ok := b.conn.State.(*setting.State); ok {
			b.setState(have.WithAutocommit(true))
		}
		b.inTrx = false
		b.flags &^= stickySavepoint
	}
	s.setVars(next)
	for i := len(s.backends) - 1; i >= 0; i-- {
		s.settle(i)
	}
	return s.reply()
}

// loggable is the text of a statement that was not understood as the log has it.
func (st *statement) loggable(set *settings) []byte {
	if set.logDigests {
		return st.text
	}
	return st.sql
}
