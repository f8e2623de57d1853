package proxy

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// prepareError is a server's refusal to prepare a statement.
type prepareError struct{ refusal *wire.Error }

func (e *prepareError) Error() string { return "prepare statement: " + e.refusal.Error() }

func (e *prepareError) Unwrap() error { return e.refusal }

// ready brings a connection to the session's state and makes sure that the statement exists there: in one round trip at
// most, save where the session's schema, character set or sql_mode is another one than when the client prepared it.
func (s *session) ready(b *backend, st *statement, set *settings) (*prepared.Instance, error) {
	in := b.conn.Prepared.Get(st.prep)
	if in != nil && in.Held && st.client != nil && st.client.cursor != in {
		st.client.unshare()
		st.prep, in = st.client.shared, nil
	}
	if in != nil && st.client != nil && st.client.cursor == in && st.command != wire.ComStmtFetch && st.command != wire.ComStmtReset {
		s.cursorClosed(b, st.client) // executing it anew does that on the server
	}
	if in != nil {
		return in, s.bring(b, st, set)
	}
	g := s.goal(b, st, set)
	if then := st.prep; then.Schema != s.schema || then.Vars.Parsing() != s.vars.Parsing() {
		g.schema, g.vars, g.once = then.Schema, g.vars.WithParsing(then.Vars), ""
		if in, err := s.prepareFor(b, st, g, set); err != nil {
			return in, err
		}
		return b.conn.Prepared.Get(st.prep), s.bring(b, st, set)
	}
	return s.prepareFor(b, st, g, set)
}

// shedPause is how long a server is given to notice that connections were closed, and other sessions to come to the end of
// what they execute, before it is asked again; shedTries is how often.
const (
	shedPause = 20 * time.Millisecond
	shedTries = 50
)

// prepareFor brings a connection to a state and prepares the statement there. Where the server has no room for more
// statements, those that nobody is using have to go.
func (s *session) prepareFor(b *backend, st *statement, g goal, set *settings) (*prepared.Instance, error) {
	ps := st.prep
	for b.conn.Prepared.Len() >= set.maxStmtsPerConn {
		in := b.conn.Prepared.Oldest()
		if in == nil {
			break
		}
		if err := s.closeInstance(b, in); err != nil {
			return nil, err
		}
	}
	for try := 0; ; try++ {
		g.prepare = ps
		refusal, err := s.bringTo(b, g, set)
		if err != nil {
			return nil, err
		}
		if refusal == nil {
			return b.conn.Prepared.Get(ps), nil
		}
		const tooMany = 1461
		if refusal.Code != tooMany || try == shedTries || !s.makeRoom(b) {
			return nil, &prepareError{refusal}
		}
	}
}

// makeRoom closes the statements of this connection, or else of the server's free ones; where there are none it waits for some
// to become free. It reports whether it is worth asking the server again: the client is still there.
func (s *session) makeRoom(b *backend) bool {
	some := false
	b.conn.Prepared.Each(func(in *prepared.Instance) {
		if !in.Held {
			some = s.closeInstance(b, in) == nil || some
		}
	})
	if some {
		return true
	}
	s.p.servers.Shed(b.conn.Server())
	return s.sleep(shedPause)
}

// queuePrepare collects the command that prepares a statement.
func (s *session) queuePrepare(b *backend, ps *prepared.Statement) error {
	s.shard.Add(stats.ComBackendStmtPrepare, 1)
	b.conn.BeginCommand()
	if len(ps.Text) < maxKeptText/8 {
		return b.conn.EndPacket(append(append(b.conn.StartPacket(), byte(wire.ComStmtPrepare)), ps.Text...))
	}
	return b.conn.WritePacket(append([]byte{byte(wire.ComStmtPrepare)}, ps.Text...))
}

// readPrepared reads the answer and notes what it tells.
func (s *session) readPrepared(b *backend, ps *prepared.Statement) (*wire.Error, error) {
	epoch := s.p.prepared.Epoch()
	p, err := b.conn.ReadPacket()
	if err != nil {
		return nil, err
	}
	s.answer.Reset(wire.ComStmtPrepare, 0)
	s.answer.Bytes = uint64(len(p))
	if len(p) > 0 && p[0] == 0xff {
		var e wire.Error
		if err := e.Decode(p); err != nil {
			return nil, err
		}
		return &e, nil
	}
	if len(p) < 9 || p[0] != 0 {
		return nil, fmt.Errorf("read answer to COM_STMT_PREPARE: %w", wire.ErrMalformed)
	}
	s.answer.Kind = wire.KindPrepared
	id := binary.LittleEndian.Uint32(p[1:])
	m := &prepared.Meta{
		Columns: int(binary.LittleEndian.Uint16(p[5:])), Params: int(binary.LittleEndian.Uint16(p[7:])), Epoch: epoch,
	}
	if _, err = s.readDefinitions(b, m.Params, nil); err == nil {
		m.Definitions, err = s.readDefinitions(b, m.Columns, []byte{})
	}
	if err != nil {
		return nil, err
	}
	b.conn.Prepared.Add(ps, id)
	ps.SetMeta(m)
	return nil, nil
}

// readDefinitions reads n column definitions and what ends them, and appends them to out if that is not nil.
func (s *session) readDefinitions(b *backend, n int, out []byte) ([]byte, error) {
	if n == 0 {
		return out, nil
	}
	for range n {
		p, err := b.conn.ReadPacket()
		if err != nil {
			return out, err
		}
		s.answer.Bytes += uint64(len(p))
		if out != nil {
			out = append(append(out, byte(len(p)), byte(len(p)>>8), byte(len(p)>>16)), p...)
		}
	}
	if b.conn.Info.Capabilities&wire.CapDeprecateEOF != 0 {
		return out, nil
	}
	_, err := b.conn.ReadPacket()
	return out, err
}
