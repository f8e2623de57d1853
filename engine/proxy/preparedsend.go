package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// ready makes sure that the statement exists on the connection and puts the connection's id, and the types of the
// parameters where the server lacks them, into the command.
func (s *session) ready(b *backend, st *statement) error {
	in, err := s.instance(b, st.prep)
	if err != nil {
		return err
	}
	st.packet = append(st.packet[:0], st.payload...)
	binary.LittleEndian.PutUint32(st.packet[1:], in.id)
	if st.command == wire.ComStmtExecute {
		st.packet = st.prep.withTypes(in, st.packet)
	}
	return nil
}

// instance finds the statement on a connection or prepares it there.
func (s *session) instance(b *backend, ps *prepared) (*instance, error) {
	if in := ps.on[b.hostgroup]; in != nil {
		return in, nil
	}
	s.shard.Add(stats.ComBackendStmtPrepare, 1)
	c := b.conn
	c.BeginCommand()
	if err := errors.Join(c.WritePacket(append([]byte{byte(wire.ComStmtPrepare)}, ps.sql...)), c.Flush()); err != nil {
		return nil, err
	}
	var a wire.Answer
	a.Reset(wire.ComStmtPrepare, c.Info.Capabilities)
	for done := false; !done; {
		chunk, err := c.ReadChunk()
		if err != nil {
			return nil, err
		}
		if _, done, err = a.Feed(chunk); err != nil {
			return nil, err
		}
	}
	if a.Err != nil {
		return nil, &replayError{refusal: a.Err}
	}
	in := &instance{id: a.StatementID}
	ps.on[b.hostgroup] = in
	b.stmts++
	b.flags |= stickyStatements
	return in, nil
}

// withTypes looks at the types in a COM_STMT_EXECUTE command: what the client sends is remembered; where it relies on
// having sent them before, and this server was not told, they are put in.
func (ps *prepared) withTypes(in *instance, p []byte) []byte {
	if ps.params == 0 {
		return p
	}
	at := 1 + 4 + 1 + 4 + (ps.params+7)/8 // the flag behind the null bitmap
	size := 2 * ps.params
	switch {
	case len(p) <= at:
		return p // malformed; the server will say so
	case p[at] == 1 && len(p) >= at+1+size:
		if types := p[at+1 : at+1+size]; !bytes.Equal(types, ps.types) {
			ps.types = bytes.Clone(types)
		}
		in.typed = true
		return p
	case in.typed || len(ps.types) != size:
		return p
	}
	values := bytes.Clone(p[at+1:])
	p = append(append(p[:at], 1), ps.types...)
	in.typed = true
	return append(p, values...)
}

// longData serves COM_STMT_SEND_LONG_DATA, which has no answer; the connection is kept anyway, for the statement.
func (s *session) longData(ps *prepared, p []byte) error {
	if ps == nil {
		return nil
	}
	st := s.statement(wire.ComStmtSendLongData, p)
	defer s.done(st)
	set := s.p.settings.Load()
	st.prep, st.sql, st.hostgroup = ps, ps.sql, s.preparedTarget(ps)
	i, err := s.attach(st, set)
	if err != nil {
		return errSession // there is no way to tell the client
	}
	b := &s.backends[i]
	ps.longOn = st.hostgroup
	if err := s.bring(b, st, set); err != nil {
		return errSession
	}
	if err := s.ready(b, st); err != nil {
		return errSession
	}
	b.conn.BeginCommand()
	if err := errors.Join(b.conn.WritePacket(st.packet), b.conn.Flush()); err != nil {
		return errSession
	}
	return nil
}

// tell sends a command about a statement that the server does not answer.
func (b *backend) tell(cmd wire.Command, id uint32) error {
	b.conn.BeginCommand()
	p := binary.LittleEndian.AppendUint32(append(b.conn.StartPacket(), byte(cmd)), id)
	return errors.Join(b.conn.EndPacket(p), b.conn.Flush())
}
