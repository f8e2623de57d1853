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
	s.current = b
	defer func() { s.current = nil }()
	if st.command == wire.ComStmtPrepare { // the statement's id stands in the first bytes
		if _, err := b.conn.Peek(9); err != nil {
			return outcome{err: err}
		}
	}
	var o outcome
	if from := b.conn.Info.Capabilities; wire.Compatible(from, s.caps) {
		s.answer.Reset(st.command, from)
		o = s.relayAs(b, st, &s.answer, plainFeed)
		o.next, o.boundary = s.answer.Boundary()
	} else {
		o = s.relayTranslated(b, st, from)
	}
	if o.err == nil {
		s.shard.Add(stats.BackendBytesRecv, s.answer.Bytes)
		s.shard.Add(stats.FrontendBytesSent, s.answer.Bytes)
	}
	return o
}

// relayTranslated is relay for a server that lacks one of the client's capabilities that change the form of answers.
func (s *session) relayTranslated(b *backend, st *statement, from wire.Capability) outcome {
	var t wire.Translator
	var out []byte
	t.StateChanged = s.answer.StateChanged
	t.Reset(st.command, from, s.caps, s.status())
	o := s.relayAs(b, st, &t.Answer, func(_ *wire.Answer, chunk []byte) (pass []byte, n int, done bool, err error) {
		out, n, done, err = t.Feed(out[:0], chunk)
		return out, n, done, err
	})
	o.next, o.boundary = t.Boundary()
	s.answer = t.Answer
	return o
}

// feed consumes a chunk of an answer and gives what the client is to get for it.
type feed func(a *wire.Answer, chunk []byte) (pass []byte, n int, done bool, err error)

func plainFeed(a *wire.Answer, chunk []byte) (pass []byte, n int, done bool, err error) {
	n, done, err = a.Feed(chunk)
	return chunk, n, done, err
}

func (s *session) relayAs(b *backend, st *statement, a *wire.Answer, next feed) outcome {
	answered := false
	for done := false; !done; {
		chunk, err := b.conn.ReadChunk()
		if err != nil {
			return outcome{err: err, answered: answered}
		}
		if st.command == wire.ComStmtPrepare && !answered {
			s.rename(b, chunk)
		}
		var pass []byte
		var n int
		if pass, n, done, err = next(a, chunk); err == nil && n < len(chunk) {
			err = errExtra
		}
		if err == nil && a.Kind == wire.KindFile {
			err = errFile
		}
		if err != nil {
			return outcome{err: err, answered: answered}
		}
		if a.Err != nil && !answered && s.view.outcome() == timedOut {
			err = s.fail(&queryTimeout)
		} else {
			err = s.client.WriteRaw(pass)
		}
		if err != nil {
			return outcome{err: err, client: true, answered: true}
		}
		answered = true
		st.keep.add(pass)
	}
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
