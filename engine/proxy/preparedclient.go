package proxy

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// paramDefinition is how clients are told of a parameter, as upstream has it: VAR_STRING, binary, called "?".
var paramDefinition = func() []byte {
	c := wire.Column{Name: "?", Charset: wire.CharsetBinary, Type: wire.TypeVarString, Flags: 128}
	return c.Append(nil)
}()

// prepare serves COM_STMT_PREPARE: from the cache where the statement is known, else by a server.
func (s *session) prepare(p []byte) error {
	s.shard.Add(stats.ComFrontendStmtPrepare, 1)
	st := s.statement(wire.ComStmtPrepare, p)
	defer s.done(st)
	set := s.p.settings.Load()
	comment := st.parse(p[1:], &set.digest)
	s.decide(st, set, comment)
	if err := s.detect(st, set); err != nil {
		return err
	}
	if d := &st.decision; d.ErrorMsg.Valid || d.OKMsg.Valid {
		s.accountLocal(st, set)
		return s.fail(wire.Errorf(1148, "42000", "%s%s", d.ErrorMsg.V, d.OKMsg.V))
	}
	if done, err := s.guard(st, set); done {
		return err
	}
	if s.stmts.full() {
		return s.fail(wire.Errorf(1461, "42000", "Can't create more than max_prepared_stmt_count statements (current value: %d)", maxStatements))
	}
	st.hostgroup = s.route(st)
	known := s.known(st)
	if known != nil && known.Fresh() {
		err := s.answerPrepared(st, known)
		s.record(st, set, st.hostgroup, 0, 0)
		return err
	}
	st.prep = known
	if known == nil {
		st.prep = s.p.prepared.New(s.described(st, comment))
	}
	err := s.executeOn(st, set)
	if st.prep != nil { // nobody got it
		st.prep.Drop()
	}
	return err
}

// known finds the statement in the cache. Temporary tables may give a text a meaning that nobody else knows of.
func (s *session) known(st *statement) *prepared.Statement {
	for i := range s.backends {
		if s.backends[i].flags&stickyTemporary != 0 {
			return nil
		}
	}
	return s.p.prepared.Find(&prepared.Key{
		User: s.user.name, Schema: s.schema, Hostgroup: s.routeUnbound(st), Vars: s.vars, Text: st.sql,
	})
}

// described makes a statement of what is known of it without a server.
func (s *session) described(st *statement, comment []byte) *prepared.Statement {
	return &prepared.Statement{
		User: s.user.name, Schema: s.schema, Hostgroup: s.routeUnbound(st), Vars: s.vars,
		Text: slices.Clone(st.sql), Comment: slices.Clone(comment),
		DigestText: slices.Clone(st.text), Digest: st.hash, Class: st.class, Traits: uint16(st.traits),
	}
}

// exchangePrepare has a server prepare the client's statement and answers the client.
func (s *session) exchangePrepare(b *backend, st *statement, set *settings) outcome {
	if in := b.conn.Prepared.Get(st.prep); in != nil && !in.Held { // what is known of it is outdated
		if err := s.closeInstance(b, in); err != nil {
			return outcome{err: err, unsent: true}
		}
	}
	_, err := s.ready(b, st, set)
	var refused *prepareError
	switch {
	case errors.As(err, &refused):
		s.answer.Err, s.answer.Kind = refused.refusal, wire.KindError
		if err := s.send(refused.refusal.Append(s.client.StartPacket())); err != nil {
			return outcome{err: err, client: true}
		}
		return outcome{}
	case err != nil:
		return outcome{err: err, unsent: true} // at any rate nothing was executed
	}
	ps := st.prep
	if ps.ID == 0 && b.flags&stickyTemporary == 0 {
		ps = s.share(b, ps)
	}
	st.prep = nil
	if err := s.answerPrepared(st, ps); err != nil {
		return outcome{err: err, client: true, answered: true}
	}
	return outcome{}
}

// share puts a statement that was just prepared into the cache. Another session may have been faster.
func (s *session) share(b *backend, ps *prepared.Statement) *prepared.Statement {
	in := b.conn.Prepared.Get(ps)
	shared := s.p.prepared.Add(ps, s.p.settings.Load().maxStmtsCache)
	ps.Drop()
	if shared != ps {
		b.conn.Prepared.Rename(in, shared)
	}
	return shared
}

// answerPrepared gives the statement an id and tells the client of it.
func (s *session) answerPrepared(st *statement, ps *prepared.Statement) error {
	m, c, cs := ps.Meta(), s.client, s.stmts.add(ps)
	st.client = cs
	before := c.BytesOut()
	b := binary.LittleEndian.AppendUint32(append(c.StartPacket(), 0), cs.id)
	b = binary.LittleEndian.AppendUint16(b, uint16(m.Columns))
	b = binary.LittleEndian.AppendUint16(b, uint16(m.Params))
	err := c.EndPacket(append(b, 0, 0, 0))
	for range m.Params {
		err = errors.Join(err, c.EndPacket(append(c.StartPacket(), paramDefinition...)))
	}
	if m.Params > 0 {
		err = errors.Join(err, s.endDefinitions())
	}
	for defs := m.Definitions; len(defs) > 0; {
		n := int(defs[0]) | int(defs[1])<<8 | int(defs[2])<<16
		err = errors.Join(err, c.EndPacket(append(c.StartPacket(), defs[3:3+n]...)))
		defs = defs[3+n:]
	}
	if m.Columns > 0 {
		err = errors.Join(err, s.endDefinitions())
	}
	if err = errors.Join(err, c.Flush()); err != nil {
		return errSession
	}
	s.shard.Add(stats.FrontendBytesSent, c.BytesOut()-before)
	return nil
}

// endDefinitions writes the EOF packet behind definitions, for clients that expect one.
func (s *session) endDefinitions() error {
	if s.caps&wire.CapDeprecateEOF != 0 {
		return nil
	}
	e := wire.EOF{Status: s.status()}
	return s.client.EndPacket(e.Append(s.client.StartPacket()))
}
