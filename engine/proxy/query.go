package proxy

import (
	"time"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// query serves COM_QUERY.
func (s *session) query(p []byte) error {
	s.shard.Add(stats.Questions, 1)
	if done, err := s.answerKnown(p[1:]); done {
		return err
	}
	st := s.statement(wire.ComQuery, p)
	defer s.done(st)
	set := s.p.settings.Load()
	comment := st.parse(p[1:], &set.digest)
	s.decide(st, set, comment)
	if err := s.detect(st, set); err != nil {
		return err
	}
	if done, err := s.answerByRule(st, set); done {
		return err
	}
	if done, err := s.answerLocally(st, set); done {
		return err
	}
	return s.serve(st, set)
}

// serve has a server answer a statement, or the query cache, if the firewall lets it pass.
func (s *session) serve(st *statement, set *settings) error {
	if done, err := s.guard(st, set); done {
		return err
	}
	if done, err := s.fromCache(st, set, st.start); done {
		return err
	}
	s.mirror(st, set)
	return s.execute(st, set)
}

// answerByRule serves statements for which the rules have an answer, and delays those they want delayed.
func (s *session) answerByRule(st *statement, set *settings) (done bool, err error) {
	d := &st.decision
	switch {
	case st.refusal != nil:
		s.accountRefused(st, set)
		return true, s.fail(st.refusal)
	case d.ErrorMsg.Valid:
		s.accountRefused(st, set)
		return true, s.fail(wire.Errorf(1148, "42000", "%s", d.ErrorMsg.V))
	case d.OKMsg.Valid:
		s.accountLocal(st, set)
		return true, s.ok(wire.OK{Info: d.OKMsg.V})
	}
	delay := set.queryDelay
	if d.Delay > 0 {
		delay = time.Duration(d.Delay) * time.Millisecond
	}
	if st.hints.QueryDelay > 0 {
		delay = time.Duration(st.hints.QueryDelay) * time.Millisecond
	}
	if delay > 0 {
		return false, s.pause(st, delay)
	}
	return false, nil
}

// pause holds a statement back.
func (s *session) pause(st *statement, delay time.Duration) error {
	s.view.reach("Delay", st.sql, -1, st.start, time.Time{})
	if !s.sleep(delay) {
		return errSession
	}
	return nil
}

// sleep lets time pass, off the event loop. It is false where the session ends meanwhile.
func (s *session) sleep(d time.Duration) bool {
	s.task.Leave()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// answerLocally serves the statements that need no server.
func (s *session) answerLocally(st *statement, set *settings) (done bool, err error) {
	switch st.class {
	case digest.CommandSet:
		done, err = s.set(st, set)
	case digest.CommandCommit, digest.CommandRollback:
		done, err = s.endTransaction(st)
	case digest.CommandKill:
		done, err = s.kill(st)
	case digest.CommandLoad:
		done, err = s.loadData(st, set)
	case digest.CommandShow:
		done, err = s.showWarnings(st)
	case digest.CommandUnknown:
		done, err = s.use(st)
	}
	if set.loadLocal && !done && st.traits&traitSeveral != 0 {
		done, err = s.loadData(st, set)
	}
	if done {
		s.rememberLocal(st)
		s.accountLocal(st, set)
	}
	return done, err
}

// numberOf is n, or def where n is rule.Unset.
func numberOf(n, def int) int {
	if n == rule.Unset {
		return def
	}
	return n
}
