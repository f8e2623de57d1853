package admin

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/wire"
)

// answer is what a statement gives: rows, or an acknowledgement.
type answer struct {
	rows    *schema.Rows  // nil: OK
	columns []wire.Column // of rows; nil: text columns
	status  uint16        // of rows; 0: statusOK

	affected uint64
	info     string
}

// table makes an answer of columns and rows of text.
func table(columns []string, rows ...[]string) answer {
	r := &schema.Rows{Columns: columns}
	for _, row := range rows {
		cells := make(schema.Row, len(row))
		for i, text := range row {
			cells[i] = schema.Text(text)
		}
		r.Rows = append(r.Rows, cells)
	}
	return answer{rows: r}
}

// cell makes an answer of one value.
func cell(column, value string) answer { return table([]string{column}, []string{value}) }

// write sends the answer or the error.
func (s *session) write(a answer, err error) error {
	switch {
	case errors.Is(err, errHangUp):
		return err
	case err != nil:
		return s.out.Error(clientError(err))
	case a.rows == nil:
		return s.out.OK(wire.OK{AffectedRows: a.affected, Status: statusOK, Info: a.info})
	}
	return s.writeRows(a)
}

func (s *session) writeRows(a answer) error {
	columns, status := a.columns, a.status
	if columns == nil {
		columns = make([]wire.Column, len(a.rows.Columns))
		for i, name := range a.rows.Columns {
			columns[i] = wire.TextColumn(name)
		}
	}
	if status == 0 {
		status = statusOK
	}
	if err := s.out.Columns(status, columns...); err != nil {
		return err
	}
	values := make([]wire.Value, len(columns))
	for _, row := range a.rows.Rows {
		for i, c := range row {
			values[i] = wire.Value{Text: c.Text, Null: c.Null}
		}
		if err := s.out.Row(values...); err != nil {
			return err
		}
	}
	return s.out.End(status, 0)
}

// clientError puts an error into the words of the protocol. One that is a *wire.Error already is sent as it is.
func clientError(err error) *wire.Error {
	if own, ok := errors.AsType[*wire.Error](err); ok {
		return own
	}
	if errors.Is(err, store.ErrEmpty) {
		return adminError("not an error") // SQLite's words for a text without a statement
	}
	if e, ok := errors.AsType[*store.Error](err); ok && e.Code == int(sqlite3.BUSY) {
		return wire.Errorf(1205, "HY000", "%s%s", errorPrefix, err)
	}
	return adminError("%s", err)
}

const errorPrefix = "ProxySQL Admin Error: "

// adminError is an error as upstream words nearly all of them.
func adminError(format string, args ...any) *wire.Error {
	return wire.Errorf(1045, "28000", errorPrefix+format, args...)
}
