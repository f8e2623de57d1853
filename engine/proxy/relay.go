package proxy

import (
	"errors"

	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// errExtra is a server that says more than it was asked.
var errExtra = errors.New("server sent data behind its answer")

// errFile is a server that asks for a file although the connection does not allow it.
var errFile = errors.New("server asked for a local file")

// relay passes the server's answer on to the client as it arrives.
func (s *session) relay(b *backend, st *statement) outcome {
	a := &s.answer
	s.current = b
	defer func() { s.current = nil }()
	a.Reset(st.command, b.conn.Info.Capabilities)
	answered := false
	if st.command == wire.ComStmtPrepare { // the statement's id stands in the first bytes
		if _, err := b.conn.Peek(9); err != nil {
			return outcome{err: err}
		}
	}
	for done := false; !done; {
		chunk, err := b.conn.ReadChunk()
		if err != nil {
			return outcome{err: err, answered: answered}
		}
		if st.command == wire.ComStmtPrepare && !answered {
			s.rename(b, chunk)
		}
		var n int
		if n, done, err = a.Feed(chunk); err != nil {
			return outcome{err: err, answered: answered}
		}
		if n < len(chunk) {
			return outcome{err: errExtra, answered: answered}
		}
		if a.Kind == wire.KindFile {
			return outcome{err: errFile, answered: answered}
		}
		if a.Err != nil && !answered && s.view.outcome() == timedOut {
			return outcome{err: errTimeout}
		}
		if err := s.client.WriteRaw(chunk); err != nil {
			return outcome{err: err, client: true, answered: true}
		}
		answered = true
	}
	s.shard.Add(stats.BackendBytesRecv, a.Bytes)
	s.shard.Add(stats.FrontendBytesSent, a.Bytes)
	return outcome{}
}

// stateChanged follows the schema by what the server tells of it: a USE inside of a procedure, or among several statements.
func (s *session) stateChanged(state []byte) {
	for len(state) > 2 {
		kind, size := state[0], int(state[1])
		if size > 250 || len(state) < 2+size { // nothing of interest is that long
			return
		}
		body := state[2 : 2+size]
		state = state[2+size:]
		if kind == 1 && len(body) > 0 && int(body[0]) == len(body)-1 { // SESSION_TRACK_SCHEMA
			s.trackSchema(string(body[1:]))
		}
	}
}

func (s *session) trackSchema(name string) {
	if s.current == nil || s.current.conn.Schema == name {
		return
	}
	s.current.conn.Schema = name
	s.useSchema(name)
}
