package schema

import "slices"

// Cell is one value of a table as text. The zero Cell is the empty string, not NULL.
type Cell struct {
	Text string
	Null bool
}

// Text makes a Cell that is not NULL.
func Text(s string) Cell { return Cell{Text: s} }

// Null is the NULL cell.
var Null = Cell{Null: true}

// Row is the cells of one row, in the order of its Rows' Columns.
type Row []Cell

// Rows is an ordered set of rows under named columns.
type Rows struct {
	Columns []string
	Rows    []Row
}

// Index returns the position of a column, -1 where there is none of that name.
func (r *Rows) Index(column string) int { return slices.Index(r.Columns, column) }

// Get returns one cell by row number and column name; a column that does not exist is NULL.
func (r *Rows) Get(row int, column string) Cell {
	i := r.Index(column)
	if i < 0 {
		return Null
	}
	return r.Rows[row][i]
}

// Clone copies the rows deeply enough that either side may be changed.
func (r *Rows) Clone() *Rows {
	out := &Rows{Columns: slices.Clone(r.Columns), Rows: make([]Row, len(r.Rows))}
	for i, row := range r.Rows {
		out.Rows[i] = slices.Clone(row)
	}
	return out
}

// Project returns the same rows with only the named columns, in that order. A column that r
// does not have is NULL in every row.
func (r *Rows) Project(columns ...string) *Rows {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = r.Index(c)
	}
	out := &Rows{Columns: columns, Rows: make([]Row, len(r.Rows))}
	for n, row := range r.Rows {
		cells := make(Row, len(columns))
		for i, j := range at {
			if cells[i] = Null; j >= 0 {
				cells[i] = row[j]
			}
		}
		out.Rows[n] = cells
	}
	return out
}

// Filter returns the rows for which keep is true, sharing the cells.
func (r *Rows) Filter(keep func(Row) bool) *Rows {
	out := &Rows{Columns: r.Columns}
	for _, row := range r.Rows {
		if keep(row) {
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}
