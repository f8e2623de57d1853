package proxy

import (
	"iter"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/wire"
)

// trackEverything has a server tell of what changes in its session, beyond the few things it tells by itself.
const trackEverything = "SET session_track_system_variables='*', session_track_state_change=1"

// told is what a server told of its session in an answer.
type told struct {
	vars  setting.Set // tracked variables that changed
	other bool        // others did
	state bool        // something changed: also temporary tables, user variables, prepared statements
}

// The kinds of session state changes in OK packets.
const (
	toldVariable = 0
	toldSchema   = 1
	toldState    = 2
	toldGTIDs    = 3
)

// stateChanged follows the server's session by what the server tells of it: a USE or SET inside of a procedure, or among
// several statements.
func (s *session) stateChanged(state []byte) {
	for kind, body := range changesIn(state) {
		if s.learnFrom(s.current, kind, body) {
			continue
		}
		switch kind {
		case toldVariable:
			if name, _, ok := lenenc(body); ok && !s.told.vars.Add(string(name)) {
				s.told.other = true
			}
		case toldSchema:
			if name, _, ok := lenenc(body); ok {
				s.trackSchema(string(name))
			}
		case toldState:
			s.told.state = true
		}
	}
}

// changesIn are the changes that an OK packet tells of, as far as it can be read: the kind of each and what is said of it.
func changesIn(state []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for len(state) > 1 {
			kind := state[0]
			body, rest, ok := lenenc(state[1:])
			if !ok || !yield(kind, body) {
				return
			}
			state = rest
		}
	}
}

// lenenc takes a string with its length before it, of less than 64 KiB.
func lenenc(b []byte) (value, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	n, at := int(b[0]), 1
	if n == 0xfc && len(b) >= 3 {
		n, at = int(b[1])|int(b[2])<<8, 3
	} else if n > 250 {
		return nil, nil, false
	}
	if len(b) < at+n {
		return nil, nil, false
	}
	return b[at : at+n], b[at+n:], true
}

// adopt takes over what a statement other than SET has changed of the session's variables, a call of a procedure for
// instance: their values are asked for, because the server tells those in the middle of a routine.
func (s *session) adopt(b *backend, st *statement) {
	t := s.told
	s.told = told{}
	switch {
	case st.class == digest.CommandSet:
		b.muted = b.muted || beginsWith(st.text, "set statement ") // it told, or will tell, of values that hold no longer
		return
	case t == told{}:
		return
	case b.muted:
		b.muted = false
		return
	}
	if t.state && st.class == digest.CommandCall {
		b.flags |= stickyRoutine
	}
	if t.other || t.vars != 0 && !s.takeValues(b, t.vars) {
		b.flags |= stickySet
	}
}

// takeValues asks for variables. It is false where they are not known afterwards.
func (s *session) takeValues(b *backend, vars setting.Set) bool {
	have, ok := b.conn.State.(*setting.State)
	if !ok || s.answer.Warnings > 0 { // the client may want to see those
		return false
	}
	row, err := b.conn.Row(vars.Query(b.mariadb()))
	if err != nil {
		if asServerError(err) == nil {
			b.flags |= stickyUnknown
		}
		return false
	}
	values := pointers(row)
	next, fine := s.vars.WithValues(vars, values)
	now, ok := have.WithValues(vars, values)
	if !fine || !ok {
		return false
	}
	b.setState(now)
	s.setVars(next)
	s.good = next
	return true
}

// pointers gives the texts of a row, nil for NULL.
func pointers(row []wire.Value) []*string {
	out := make([]*string, len(row))
	for i := range row {
		if !row[i].Null {
			out[i] = &row[i].Text
		}
	}
	return out
}
