package proxy

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// endTransaction serves COMMIT and ROLLBACK: without a transaction there is nothing to do; with one they go to where it is,
// and where several hostgroups have one, to all of them.
func (s *session) endTransaction(st *statement) (done bool, err error) {
	exact := bytes.EqualFold(st.text, []byte("commit")) || bytes.EqualFold(st.text, []byte("rollback"))
	trx := s.transaction()
	switch {
	case trx < 0 && exact && s.lockedOn < 0:
		filtered := stats.ComCommitFiltered
		if st.class == digest.CommandRollback {
			filtered = stats.ComRollbackFiltered
		}
		s.shard.Add(filtered, 1)
		return true, s.reply()
	case trx < 0:
		return false, nil
	}
	st.hints.Hostgroup = trx
	if !exact {
		return false, nil
	}
	for i := range s.backends {
		b := &s.backends[i]
		if !b.inTrx || b.hostgroup == trx {
			continue
		}
		if err := b.roundTrip(append([]byte{byte(wire.ComQuery)}, st.sql...)); err != nil {
			return true, s.lost(b, err)
		}
		s.learnChanges(b)
		b.inTrx = false
	}
	return false, nil
}

// kill serves KILL [CONNECTION|QUERY] n, where n is a session of the proxy. As upstream has it the answer is always OK, and
// only sessions of the same user are touched.
func (s *session) kill(st *statement) (done bool, err error) {
	words := strings.Fields(strings.ToLower(strings.TrimRight(string(st.sql), "; \t\r\n")))
	query := false
	if len(words) == 3 && (words[1] == "query" || words[1] == "connection") {
		query = words[1] == "query"
		words = append(words[:1], words[2])
	}
	if len(words) != 2 || words[0] != "kill" {
		return false, nil
	}
	id, err := strconv.ParseUint(words[1], 10, 32)
	if err != nil {
		return false, nil
	}
	if uint32(id) == s.id {
		if query {
			return true, s.fail(&queryKilled)
		}
		s.closing = true
		return true, s.fail(&queryKilled)
	}
	if other := s.p.registry.find(uint32(id)); other != nil && other.view.userIs(s.user.name) {
		v := killedConn
		if query {
			v = killedQuery
		}
		s.p.interrupt(other, v, "killed by session "+strconv.FormatUint(uint64(s.id), 10))
	}
	return true, s.reply()
}

// resetConnection serves COM_RESET_CONNECTION: the session begins anew, but for its schema.
func (s *session) resetConnection() error {
	s.dropBackends()
	s.forget()
	return s.reply()
}

// changeUser serves COM_CHANGE_USER: a new login on the same connection.
func (s *session) changeUser(p []byte) error {
	s.dropBackends()
	l, err := s.p.auth.Load().ChangeUser(s.client, s.login, p)
	if err != nil {
		s.countDenial(err)
		return errSession
	}
	s.leave()
	if err := s.enter(l); err != nil {
		s.refuse(err)
		return errSession
	}
	return s.reply()
}

// fieldList serves COM_FIELD_LIST: the columns of a table, and no rows.
func (s *session) fieldList(p []byte) error {
	st := s.statement(wire.ComFieldList, p)
	defer s.done(st)
	set := s.p.settings.Load()
	table, _, _ := bytes.Cut(p[1:], []byte{0})
	text := []byte("SELECT * FROM `" + strings.ReplaceAll(string(table), "`", "``") + "` WHERE 1=0")
	comment := st.parse(text, &set.digest)
	s.decide(st, set, comment)
	st.payload = p // the command itself is what servers understand
	return s.execute(st, set)
}
