package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/schema"
)

// Tx is the database inside Store.Tx; it is of no use after the function returns.
type Tx struct{ db *sqlite3.Conn }

// Query runs one statement with bound arguments and returns its rows.
func (tx Tx) Query(sql string, args ...schema.Cell) (*schema.Rows, error) {
	return query(tx.db, sql, args...)
}

// Exec runs one statement with bound arguments.
func (tx Tx) Exec(sql string, args ...schema.Cell) error {
	_, err := query(tx.db, sql, args...)
	return err
}

// Fill puts the rows in place of everything the table holds. table is qualified:
// "main.mysql_users"; the rows' columns need not be all of the table's.
func (tx Tx) Fill(table string, rows *schema.Rows) error {
	if err := tx.Exec("DELETE FROM " + table); err != nil {
		return err
	}
	return tx.Insert(table, rows)
}

// Copy puts the rows of one table in place of everything another one holds, inside SQLite. Both are qualified, and have the same
// columns, which may stand in another order.
func (tx Tx) Copy(from, to string) error {
	if err := tx.Exec("DELETE FROM " + to); err != nil {
		return err
	}
	var columns [2][]string
	for i, table := range []string{from, to} {
		none, err := tx.Query("SELECT * FROM " + table + " LIMIT 0")
		if err != nil {
			return err
		}
		columns[i] = none.Columns
	}
	if slices.Equal(columns[0], columns[1]) {
		return tx.Exec("INSERT INTO " + to + " SELECT * FROM " + from) // which SQLite does page by page where it can
	}
	list := idents(columns[1])
	return tx.Exec("INSERT INTO " + to + "(" + list + ") SELECT " + list + " FROM " + from + " ORDER BY rowid")
}

// Insert adds the rows, each in place of a row with the same key.
func (tx Tx) Insert(table string, rows *schema.Rows) error {
	if len(rows.Rows) == 0 {
		return nil
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(rows.Columns)), ",")
	stmt, _, err := tx.db.Prepare(fmt.Sprintf("INSERT OR REPLACE INTO %s(%s) VALUES(%s)", table, idents(rows.Columns), marks))
	if err != nil {
		return cause(err)
	}
	for _, row := range rows.Rows {
		if err := bind(stmt, row); err != nil {
			return errors.Join(err, stmt.Close())
		}
		if err := stmt.Exec(); err != nil {
			return errors.Join(cause(err), stmt.Close())
		}
	}
	return cause(stmt.Close())
}

// Delete removes the rows whose columns equal those of the rows given (their keys).
func (tx Tx) Delete(table string, keys *schema.Rows) error {
	conditions := make([]string, len(keys.Columns))
	for i, c := range keys.Columns {
		conditions[i] = ident(c) + " = ?"
	}
	for _, row := range keys.Rows {
		if err := tx.Exec("DELETE FROM "+table+" WHERE "+strings.Join(conditions, " AND "), row...); err != nil {
			return err
		}
	}
	return nil
}

// run runs the first statement of a text.
func run(db *sqlite3.Conn, sql string, rights Rights) (Result, error) {
	stmt, _, err := db.Prepare(sql)
	// What a statement may do is decided by now; VACUUM runs statements of its own, which nobody has to permit.
	if err := errors.Join(cause(err), cause(db.SetAuthorizer(nil))); err != nil {
		return Result{}, err
	}
	if stmt == nil {
		return Result{}, ErrEmpty
	}
	defer stmt.Close()
	if (rights.ReadOnly || rights.StatsOnly) && !stmt.ReadOnly() {
		return Result{}, errReadOnly
	}
	before := db.TotalChanges()
	rows, err := collect(stmt, rights.MaxResult)
	if err != nil {
		return Result{}, err
	}
	if stmt.ColumnCount() == 0 {
		if db.TotalChanges() == before {
			return Result{}, nil
		}
		return Result{Affected: db.Changes()}, nil
	}
	return Result{Rows: rows}, nil
}

func query(db *sqlite3.Conn, sql string, args ...schema.Cell) (*schema.Rows, error) {
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return nil, cause(err)
	}
	if stmt == nil {
		return nil, ErrEmpty
	}
	defer stmt.Close()
	if err := bind(stmt, args); err != nil {
		return nil, err
	}
	return collect(stmt, 0)
}

func bind(stmt *sqlite3.Stmt, args []schema.Cell) error {
	for i, a := range args {
		var err error
		if a.Null {
			err = stmt.BindNull(i + 1)
		} else {
			err = stmt.BindText(i+1, a.Text)
		}
		if err != nil {
			return cause(err)
		}
	}
	return nil
}

// slab gives rows out of larger and larger pieces: tables of 50 000 rows are read as a whole.
type slab struct {
	free []schema.Cell
	rows int // of the piece that free is what is left of
}

const slabRows = 64 // at most, so that one row that is kept does not keep much else

func (s *slab) row(width int) schema.Row {
	if len(s.free) < width {
		s.rows = min(2*s.rows+1, slabRows)
		s.free = make([]schema.Cell, s.rows*width)
	}
	row := s.free[:width:width]
	s.free = s.free[width:]
	return row
}

// cellSize is about what a cell takes in memory beside its text.
const cellSize = 32

// collect steps a statement to its end; limit bounds the bytes it keeps, unless it is 0.
func collect(stmt *sqlite3.Stmt, limit int64) (*schema.Rows, error) {
	var size int64
	rows := &schema.Rows{Columns: make([]string, stmt.ColumnCount())}
	for i := range rows.Columns {
		rows.Columns[i] = stmt.ColumnName(i)
	}
	var text []byte // of one row; its cells share one string
	ends := make([]int, len(rows.Columns))
	var cells slab
	for stmt.Step() {
		row := cells.row(len(rows.Columns))
		text = text[:0]
		for i := range row {
			if stmt.ColumnType(i) == sqlite3.NULL {
				row[i].Null = true
			} else {
				text = append(text, stmt.ColumnRawText(i)...)
			}
			ends[i] = len(text)
		}
		all, start := string(text), 0
		for i, end := range ends {
			row[i].Text, start = all[start:end], end
		}
		size += int64(len(all)) + int64(len(row))*cellSize
		if limit > 0 && size > limit {
			return nil, &Error{Message: fmt.Sprintf("result larger than %d MiB", limit>>20), Code: int(sqlite3.TOOBIG)}
		}
		rows.Rows = append(rows.Rows, row)
	}
	if err := stmt.Err(); err != nil {
		return nil, cause(err)
	}
	return rows, nil
}

// Error is SQLite's own message, as upstream's clients see it.
type Error struct {
	Message string
	Code    int // SQLite's primary result code
	err     error
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the library's error.
func (e *Error) Unwrap() error { return e.err }

// cause strips what the library puts before SQLite's own message: its name and the class of the error.
func cause(err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Message: strings.TrimPrefix(err.Error(), "sqlite3: "), err: err}
	if code := sqlite3.ErrorCode(0); errors.As(err, &code) {
		e.Code = int(code)
	}
	var lib *sqlite3.Error
	if errors.As(err, &lib) {
		class := strings.TrimPrefix(lib.ExtendedCode().Error(), "sqlite3: ")
		e.Message = strings.TrimPrefix(e.Message, class+": ")
	}
	return e
}

// quote makes an SQL string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ident quotes a column name, for those that are SQL words.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ",")
}
