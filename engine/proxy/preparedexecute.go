package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// executePrepared serves COM_STMT_EXECUTE: rules decide anew each time where it goes, as they do for text.
func (s *session) executePrepared(cmd wire.Command, cs *clientStatement, p []byte) error {
	s.shard.Add(stats.Questions, 1)
	s.shard.Add(stats.ComFrontendStmtExecute, 1)
	st := s.statement(cmd, p)
	defer s.done(st)
	set := s.p.settings.Load()
	st.uses(cs)
	if cs.tooLong {
		return s.fail(wire.Errorf(1105, "HY000",
			"Parameter of prepared statement which is set through mysql_send_long_data() is longer than 'max_allowed_packet' bytes"))
	}
	if refusal := cs.check(cmd, p); refusal != nil {
		return s.fail(refusal)
	}
	s.decide(st, set, cs.shared.Comment)
	if done, err := s.answerByRule(st, set); done {
		return err
	}
	if done, err := s.executeLocally(st, set); done {
		return err
	}
	if done, err := s.guard(st, set); done {
		return err
	}
	if cmd == wire.ComStmtExecute && len(cs.long) == 0 && p[5] == 0 { // the parameters are in p, and no cursor is wanted
		if done, err := s.fromCache(st, set, st.start); done {
			return err
		}
	}
	return s.execute(st, set)
}

// uses makes st an execution of a prepared statement.
func (st *statement) uses(cs *clientStatement) {
	ps := cs.shared
	st.client, st.prep = cs, ps
	st.sql, st.hash, st.class, st.traits = ps.Text, ps.Digest, ps.Class, trait(ps.Traits)
	st.text = append(st.text[:0], ps.DigestText...)
}

// executeLocally serves what is answered, or noted, without a server. The values of SET are noted but the statement is sent
// as well: the server's answer has flags that follow from them.
func (s *session) executeLocally(st *statement, set *settings) (done bool, err error) {
	switch st.class {
	case digest.CommandSet, digest.CommandCommit, digest.CommandRollback, digest.CommandKill, digest.CommandUnknown:
		return s.answerLocally(st, set)
	case digest.CommandShow:
		if s.warned >= 0 && beginsWith(st.text, "show warnings") {
			st.hints.Hostgroup = s.warned
		}
	}
	return false, nil
}

// paramTypes gives the place of the parameter types in a COM_STMT_EXECUTE command: behind the flag that says whether there
// are any. It is 0 where the command ends before.
func (cs *clientStatement) paramTypes(p []byte) (flag, size int) {
	n := cs.shared.Meta().Params
	flag = 1 + 4 + 1 + 4 + (n+7)/8
	if n == 0 || len(p) <= flag {
		return 0, 0
	}
	return flag, 2 * n
}

// check finds commands that must not reach a server, which may remember types that another client has sent. The types that
// this client sends are remembered.
func (cs *clientStatement) check(cmd wire.Command, p []byte) *wire.Error {
	if cmd != wire.ComStmtExecute {
		return nil
	}
	if len(p) < 10 {
		return wire.Errorf(1045, "28000", "Error in prepared statement execution")
	}
	flag, size := cs.paramTypes(p)
	if cs.shared.Meta().Params > 0 && (flag == 0 || p[flag] == 0 && len(cs.types) != size || p[flag] != 0 && len(p) < flag+1+size) {
		return wire.Errorf(1210, "HY000", "Incorrect arguments to mysqld_stmt_execute")
	}
	if flag > 0 && p[flag] != 0 {
		if types := p[flag+1 : flag+1+size]; !bytes.Equal(types, cs.types) {
			cs.types = append(cs.types[:0], types...)
		}
	}
	return nil
}

// exchangePrepared makes sure that the statement exists on the connection, sends the command and relays the answer. A server
// that has lost the statement is told of it once more.
func (s *session) exchangePrepared(b *backend, st *statement, set *settings) outcome {
	for {
		in, err := s.ready(b, st, set)
		if err != nil {
			return outcome{err: asReplay(err), unsent: true}
		}
		payload, err := s.queueExecution(b, st, in)
		if err == nil {
			b.conn.BeginCommand()
			err = errors.Join(b.conn.WritePacket(payload), b.conn.Flush())
		}
		if err != nil {
			return outcome{err: err, unsent: wire.Unsent(err) && len(st.client.long) == 0}
		}
		s.shard.Add(stats.BackendBytesSent, uint64(len(payload)))
		o := s.relay(b, st)
		if o.err == nil {
			s.executed(b, st, in)
		}
		if o.err != errForgotten {
			return o
		}
		st.again = true
		if err := s.closeInstance(b, in); err != nil {
			return outcome{err: err, unsent: true}
		}
	}
}

// asReplay makes a refusal to prepare a statement that the client has prepared already one of the session's state.
func asReplay(err error) error {
	var refused *prepareError
	if errors.As(err, &refused) {
		return &replayError{refusal: refused.refusal}
	}
	return err
}

// errForgotten is a server that has to be told of a prepared statement anew.
var errForgotten = errors.New("server does not know the statement any more")

// forgotten reports whether an error means that, and that nothing was executed.
func (st *statement) forgotten(e *wire.Error) bool {
	return st.client != nil && !st.again && (e.Code == 1243 || e.Code == 1615)
}

// queueExecution puts the connection's own id of the statement, and the types of the parameters where the server was not
// told them or others, into the command, and collects long data to be sent before it.
func (s *session) queueExecution(b *backend, st *statement, in *prepared.Instance) ([]byte, error) {
	p := st.payload
	binary.LittleEndian.PutUint32(p[1:], in.ID)
	switch st.command {
	case wire.ComStmtBulkExecute:
		in.Untold()
	case wire.ComStmtExecute:
		s.shard.Add(stats.ComBackendStmtExecute, 1)
		for _, data := range st.client.long {
			binary.LittleEndian.PutUint32(data[1:], in.ID)
			b.conn.BeginCommand()
			if err := b.conn.WritePacket(data); err != nil {
				return nil, err
			}
		}
		return st.withTypes(in), nil
	}
	return p, nil
}

// withTypes gives the command with the types of the parameters if the server lacks them.
func (st *statement) withTypes(in *prepared.Instance) []byte {
	p, cs := st.payload, st.client
	flag, _ := cs.paramTypes(p)
	if flag == 0 || in.Knows(cs.types) {
		return p
	}
	in.Told(cs.types)
	if p[flag] != 0 {
		return p
	}
	st.packet = append(append(append(st.packet[:0], p[:flag]...), 1), cs.types...)
	st.packet = append(st.packet, p[flag+1:]...)
	return st.packet
}

// executed notes what an answer told of the statement.
func (s *session) executed(b *backend, st *statement, in *prepared.Instance) {
	a := &s.answer
	if a.Err != nil {
		in.Untold() // it may not have got so far
	}
	if a.Status&wire.StatusMetadataChanged != 0 {
		in.Statement.Spoil()
	}
	s.noteCursor(b, st, in)
}
