package sqliteserver

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/engine/wire"
)

// status gives the flags for OK and EOF packets. With autocommit=0 a transaction shows once it has read or written.
func (s *session) status() uint16 {
	var flags uint16
	if s.autocommit {
		flags |= wire.StatusAutocommit
	}
	if s.db == nil || s.db.GetAutocommit() {
		return flags
	}
	if !s.implicit || s.db.TxnState("main") != sqlite3.TXN_NONE {
		flags |= wire.StatusInTrans
	}
	return flags
}

// begin starts a transaction for the client; an open one is committed first, as MySQL does.
func (s *session) begin() error {
	if err := s.finish("COMMIT"); err != nil {
		return err
	}
	db, err := s.database()
	if err != nil {
		return err
	}
	s.implicit = false
	return db.Exec("BEGIN")
}

// finish ends the open transaction, if there is one, by COMMIT or ROLLBACK.
func (s *session) finish(how string) error {
	if s.db == nil || s.db.GetAutocommit() {
		return nil
	}
	return s.db.Exec(how)
}

// setAutocommit switches autocommit; on commits what is open.
func (s *session) setAutocommit(on bool) error {
	if on && !s.autocommit {
		if err := s.finish("COMMIT"); err != nil {
			return err
		}
	}
	s.autocommit = on
	return nil
}

// enter begins the transaction that autocommit=0 puts around a statement.
func (s *session) enter(db *sqlite3.Conn) error {
	if !db.GetAutocommit() {
		return nil
	}
	s.implicit = !s.autocommit
	if s.autocommit {
		return nil
	}
	return db.Exec("BEGIN")
}
