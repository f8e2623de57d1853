package proxy

import (
	"bytes"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/wire"
)

// lastStatement is what the session knows of its last statement. Servers tell it of the last statement of a connection, which may
// have been another session's.
type lastStatement struct {
	affected  int64       // ROW_COUNT()
	rows      uint64      // FOUND_ROWS()
	unknown   bool        // only the server could tell affected and rows
	err       *wire.Error // SHOW ERRORS; nil for none
	hostgroup int         // where it was executed
	idOnWire  bool        // LAST_INSERT_ID() was changed by something that does not tell its value: a procedure
}

// remember notes how a statement ended.
func (s *session) remember(b *backend, st *statement) {
	a, l := &s.answer, &s.last
	l.hostgroup = b.hostgroup
	if a.Err != nil {
		refusal := *a.Err
		l.affected, l.unknown, l.err = -1, false, &refusal
		return
	}
	l.unknown = st.traits&traitSeveral != 0 || st.class == digest.CommandCall || st.client != nil && a.Kind != wire.KindOK
	if a.Kind == wire.KindOK {
		l.affected = int64(a.AffectedRows)
	} else {
		l.affected, l.rows = -1, a.Rows
	}
	if st.class != digest.CommandShow { // SHOW WARNINGS may be asked twice
		l.err = nil
	}
}

// rememberLocal is remember for a statement that the proxy answered with OK.
func (s *session) rememberLocal(st *statement) {
	s.last.affected, s.last.unknown = 0, false
	if st.class != digest.CommandShow {
		s.last.err = nil
	}
}

// answerLast answers what was asked about the last statement; text is the whole question in lower case.
func (s *session) answerLast(sql []byte, text string) (done bool, err error) {
	l := &s.last
	switch text {
	case "select row_count()":
		if l.unknown {
			return false, nil
		}
		err = s.integer(sql, strconv.FormatInt(l.affected, 10), 0x81)
	case "select found_rows()":
		if l.unknown || s.countedOn() >= 0 {
			return false, nil
		}
		err = s.integer(sql, strconv.FormatUint(l.rows, 10), 0xa1)
	case "select @@warning_count", "select @@error_count":
		if s.warned >= 0 || l.err != nil && s.attachedTo(l.hostgroup) {
			return false, nil
		}
		n := uint64(0)
		if l.err != nil {
			n = 1
		}
		return true, s.number(sql, n) // and the question may be repeated
	}
	l.affected, l.rows, l.err = -1, 1, nil
	return true, err
}

// showConditions answers SHOW WARNINGS and SHOW ERRORS where the connection that raised them is not the session's any more: an
// error gives its connection back.
func (s *session) showConditions(count bool, kind string) error {
	e := s.last.err
	switch {
	case count && e == nil:
		return s.rows([]string{"@@session." + kind + "_count"}, []string{"0"})
	case count:
		return s.rows([]string{"@@session." + kind + "_count"}, []string{"1"})
	}
	columns := []wire.Column{wire.TextColumn("Level"), wire.TextColumn("Code"), wire.TextColumn("Message")}
	columns[1].Charset, columns[1].Length, columns[1].Type, columns[1].Flags = wire.CharsetBinary, 4, wire.TypeLong, 0xa1
	if e == nil {
		return s.result(columns, nil)
	}
	return s.result(columns, []wire.Value{wire.Text("Error"), wire.Text(strconv.Itoa(int(e.Code))), wire.Text(e.Message)})
}

// attachedTo reports whether the session has a connection to a hostgroup in its hands.
func (s *session) attachedTo(hostgroup int) bool {
	for i := range s.backends {
		if s.backends[i].hostgroup == hostgroup {
			return true
		}
	}
	return false
}

// askedSoon is how long a connection is kept after a procedure, in case the session asks for the id of a row it made.
const askedSoon = 500 * time.Millisecond

// insertIDOn notes that LAST_INSERT_ID() is the business of one connection from now on.
func (s *session) insertIDOn(b *backend) {
	for i := range s.backends {
		s.backends[i].hasID = false
	}
	b.hasID, s.lastWrite = true, b.hostgroup
}

// insertIDOnServer reports whether only the server knows LAST_INSERT_ID(), and is still at hand.
func (s *session) insertIDOnServer() bool {
	for i := range s.backends {
		if s.backends[i].hasID {
			return s.last.idOnWire
		}
	}
	return false
}

// lacksInsertID reports whether the session's LAST_INSERT_ID() is to be set on a connection before a statement, because the
// statement uses it and it was made elsewhere.
func (s *session) lacksInsertID(b *backend, st *statement) bool {
	if b.hasID || st.command == wire.ComStmtPrepare {
		return false
	}
	return st.traits&traitInsertID != 0 || st.class == digest.CommandCall
}

// setsInsertID reports whether a statement may have changed LAST_INSERT_ID() without its answer telling of it.
func (st *statement) setsInsertID() bool {
	switch st.class {
	case digest.CommandCall:
		return true
	case digest.CommandSet:
		return bytes.Contains(bytes.ToLower(st.text), []byte("last_insert_id"))
	}
	if st.traits&traitInsertID == 0 {
		return false
	}
	text := bytes.ToLower(st.text)
	for {
		_, rest, found := bytes.Cut(text, []byte("last_insert_id"))
		if !found {
			return false
		}
		text = bytes.TrimLeft(rest, " ")
		if len(text) > 1 && text[0] == '(' && text[1] != ')' {
			return true
		}
	}
}

// releases reports whether the server closes the connection behind its answer: COMMIT and ROLLBACK with RELEASE.
func (st *statement) releases() bool {
	if st.class != digest.CommandCommit && st.class != digest.CommandRollback {
		return false
	}
	text := bytes.ToLower(st.text)
	return bytes.HasSuffix(text, []byte(" release")) && !bytes.HasSuffix(text, []byte(" no release"))
}
