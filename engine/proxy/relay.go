package proxy

import (
	"errors"

	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// errExtra is a server that says more than it was asked.
var errExtra = errors.New("server sent data behind its answer")

// errFile is a server that asks for a file although the client was not heard to offer one.
var errFile = errors.New("server asked for a local file")

// relay passes the server's answer on to the client as it arrives.
func (s *session) relay(b *backend, st *statement) outcome {
	s.current, s.told = b, told{}
	defer func() { s.current = nil }()
	var o outcome
	if from := b.conn.Info.Capabilities; wire.Compatible(from, s.caps) && !st.uploads && s.sameNumbers(b) && !s.hidesGTIDs() {
		s.answer.Reset(st.command, from)
		s.answer.Hide = s.hidden(b)
		o = s.relayAs(b, st, &s.answer, nil)
		if !o.boundary {
			o.next, o.boundary = s.answer.Boundary()
		}
	} else {
		o = s.relayTranslated(b, st, from)
	}
	if o.err == nil {
		s.shard.Add(stats.BackendBytesRecv, s.answer.Bytes)
		s.shard.Add(stats.FrontendBytesSent, s.answer.Bytes)
	}
	return o
}

// hidden are the status flags that are the connection's but not the session's: reads outside of a transaction run with
// autocommit on although the session has it off.
func (s *session) hidden(b *backend) uint16 {
	if !s.vars.Autocommit() && s.autocommits(b) {
		return wire.StatusAutocommit
	}
	return 0
}

// sameNumbers reports whether the server's packets have the numbers that the client expects: not where the command took
// another number of packets after a rule had rewritten it, and not with compression, which has numbers of its own.
func (s *session) sameNumbers(b *backend) bool {
	return s.client.Seq() == b.conn.Seq() && !s.client.Compressed() && !b.conn.Compressed()
}

// relayTranslated is relay for a server that lacks one of the client's capabilities that change the form of answers, or whose
// packets have other numbers than the client's.
func (s *session) relayTranslated(b *backend, st *statement, from wire.Capability) outcome {
	t := &st.relaying.Translator
	t.StateChanged = s.answer.StateChanged
	t.Reset(st.command, from, s.caps, s.status())
	t.Number(s.client.Seq())
	t.Hide, t.HideGTIDs = s.hidden(b), s.hidesGTIDs()
	o := s.relayAs(b, st, &t.Answer, t)
	if !o.boundary {
		o.next, o.boundary = t.Boundary()
	}
	s.answer = t.Answer
	return o
}

// translation is the memory that a translated answer takes.
type translation struct {
	wire.Translator
	out []byte
}

// reset gives up what is too large to keep.
func (t *translation) reset() {
	t.StateChanged = nil // is a session's
	if cap(t.out) > maxKeptText {
		t.out = nil
	}
}

// relayAs passes an answer on that a follows; t is the Translator that a belongs to, nil where nothing is translated.
func (s *session) relayAs(b *backend, st *statement, a *wire.Answer, t *wire.Translator) outcome {
	answered := false
	held := 0 // bytes of a packet that came in part, which the client gets once it is whole
	out := st.relaying.out
	most := s.p.settings.Load().bytesPerSecond
	for done := false; !done; {
		chunk, err := b.conn.ReadBehind(held)
		if err != nil {
			return withheld(outcome{err: err, answered: answered}, a, held)
		}
		pass, n := chunk, 0
		if t == nil {
			n, done, err = a.Feed(chunk[held:])
			n += held
			held = 0
			if k, _ := a.Unfinished(); !done && k <= min(mostHeld, len(chunk)) {
				held, pass = k, chunk[:len(chunk)-k]
			}
		} else {
			out, n, done, err = t.Feed(out[:0], chunk)
			pass, st.relaying.out = out, out
		}
		if err == nil && n < len(chunk) {
			err = errExtra
		}
		if err == nil && a.File && !st.uploads {
			err = errFile
		}
		if a.Err != nil && !answered && st.forgotten(a.Err) {
			err = errForgotten
		}
		if err != nil {
			return outcome{err: err, answered: answered}
		}
		if done && a.Err == nil && st.changesTables() {
			s.p.prepared.Changed() // before anybody can know
		}
		if a.Err != nil && !answered && s.view.outcome() == timedOut {
			err = s.fail(&queryTimeout)
		} else {
			err = s.client.WriteRaw(pass)
		}
		if err != nil {
			return outcome{err: err, client: true, answered: true}
		}
		answered = answered || len(pass) > 0
		st.keep.add(pass)
		if most > 0 && !s.pace(len(pass), most) {
			return outcome{err: errSession, client: true, answered: true}
		}
		if a.File {
			if o := s.upload(b, t); o.err != nil {
				return o
			}
			done = false
		}
	}
	return outcome{}
}

// mostHeld is how much of a packet that came in part is held back, in bytes.
const mostHeld = 8 << 10

// withheld adds to the end of an answer whose last packet the client has not seen anything of.
func withheld(o outcome, a *wire.Answer, held int) outcome {
	if _, seq := a.Unfinished(); held > 0 {
		o.next, o.boundary = seq, true
	}
	return o
}

func (s *session) trackSchema(name string) {
	if s.current == nil || s.current.conn.Schema == name {
		return
	}
	s.current.conn.Schema = name
	s.useSchema(name)
}
