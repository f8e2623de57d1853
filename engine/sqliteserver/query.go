package sqliteserver

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/engine/wire"
)

// query answers COM_QUERY: one statement, or several where the client may send them.
func (s *session) query(sql string) error {
	sql = skip(sql)
	if sql == "" {
		return s.out.Error(errEmpty)
	}
	for sql != "" {
		st, err := s.plan(sql)
		if err == nil {
			st.rest = skip(st.rest)
			if st.rest != "" && s.login.Capabilities&wire.CapMultiStatements == 0 {
				err = errMulti
			}
		}
		if err == nil {
			err = s.answer(st)
		}
		st.close()
		if se, broken := err.(*failure); broken {
			return se.err
		}
		if err != nil {
			return s.out.Error(sqlError(err))
		}
		sql = st.rest
	}
	return nil
}

// failure is an error of the connection to the client: nothing more can be sent.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }

func sent(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err}
}

// planned is a statement ready to run: done holds what is not SQLite's business, stmt what is.
type planned struct {
	done func() error
	stmt *sqlite3.Stmt
	rest string // the text behind it
	more uint16 // wire.StatusMoreResults if rest is not empty
}

func (p *planned) close() {
	if p.stmt != nil {
		p.stmt.Close()
	}
}

// plan takes the first statement off a text. Nothing is executed yet.
func (s *session) plan(sql string) (planned, error) {
	var (
		p   planned
		own bool
		err error
	)
	statement, rest, tokens := sql, "", []token(nil)
	if needsTokens(sql) {
		own = true
		statement, rest, tokens = split(sql)
		if p.done, statement, err = s.translate(statement, tokens); err != nil {
			return p, err
		}
	}
	p.rest = rest
	if p.done != nil {
		return p, nil
	}
	db, err := s.database()
	if err != nil {
		return p, err
	}
	var tail string
	if p.stmt, tail, err = db.Prepare(statement); err != nil {
		return p, err
	}
	if !own {
		p.rest = tail
	}
	if p.stmt == nil {
		return p, errEmpty
	}
	return p, s.bind(p.stmt)
}

// answer runs a statement and sends what it gives.
func (s *session) answer(p planned) error {
	if p.rest != "" {
		p.more = wire.StatusMoreResults
	}
	if p.done != nil {
		if err := p.done(); err != nil {
			return err
		}
		return sent(s.ok(wire.OK{Status: p.more}))
	}
	if s.server.readOnly.Load() && !p.stmt.ReadOnly() {
		return errReadOnly
	}
	if err := s.enter(s.db); err != nil {
		return err
	}
	if p.stmt.ColumnCount() == 0 {
		return s.change(p)
	}
	return s.rows(p)
}

// change runs a statement without result columns.
func (s *session) change(p planned) error {
	ok := wire.OK{Status: p.more}
	before := s.db.TotalChanges()
	s.db.SetLastInsertRowID(0)
	defer func() { s.db.SetLastInsertRowID(s.lastInsert) }()
	if err := p.stmt.Exec(); err != nil {
		return err
	}
	if s.db.TotalChanges() != before {
		ok.AffectedRows = uint64(s.db.Changes())
	}
	if id := s.db.LastInsertRowID(); id != 0 {
		ok.LastInsertID, s.lastInsert = uint64(id), id
	}
	return sent(s.ok(ok))
}

// rows runs a statement with result columns and sends its rows as they come. An error that comes before the first row is
// sent in place of the result set.
func (s *session) rows(p planned) error {
	some := p.stmt.Step()
	if err := p.stmt.Err(); err != nil {
		return err
	}
	columns := s.columns(p.stmt)
	if err := s.out.Columns(s.status()|p.more, columns...); err != nil {
		return sent(err)
	}
	row := make([]wire.Value, len(columns))
	for ; some; some = p.stmt.Step() {
		for i := range row {
			row[i] = wire.Value{Null: true}
			if p.stmt.ColumnType(i) != sqlite3.NULL {
				row[i] = wire.Text(p.stmt.ColumnText(i))
			}
		}
		if err := s.out.Row(row...); err != nil {
			return sent(err)
		}
	}
	if err := p.stmt.Close(); err != nil { // before the status is read: it may have ended a transaction
		return err
	}
	return sent(s.out.End(s.status()|p.more, 0))
}

// columnWidth is the display width announced for every column, in bytes.
const columnWidth = 1020

func (s *session) columns(stmt *sqlite3.Stmt) []wire.Column {
	columns := make([]wire.Column, stmt.ColumnCount())
	for i := range columns {
		table := stmt.ColumnTableName(i)
		columns[i] = wire.Column{
			Schema: s.schema, Table: table, OrgTable: table, Name: stmt.ColumnName(i), OrgName: stmt.ColumnOriginName(i),
			Charset: wire.CharsetUTF8MB4, Length: columnWidth, Type: wire.TypeVarString, Decimals: 31,
		}
	}
	return columns
}
