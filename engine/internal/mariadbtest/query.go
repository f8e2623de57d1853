package mariadbtest

import (
	"database/sql"
	"testing"
)

// Exec runs statements as root, one connection for all of them, and fails the test on the first error.
func (s *Server) Exec(t testing.TB, stmts ...string) {
	t.Helper()
	db := s.DB("")
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range stmts {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("mariadbtest: run %q: %v", q, err)
		}
	}
}

// Query runs one statement as root and returns its rows as text, NULL as "NULL". It fails the test on an error.
func (s *Server) Query(t testing.TB, q string) [][]string {
	t.Helper()
	db := s.DB("")
	defer db.Close()
	rows, err := db.Query(q)
	if err != nil {
		t.Fatalf("mariadbtest: query %q: %v", q, err)
	}
	defer rows.Close()
	out, err := textRows(rows)
	if err != nil {
		t.Fatalf("mariadbtest: read %q: %v", q, err)
	}
	return out
}

func textRows(rows *sql.Rows) ([][]string, error) {
	cols, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]string
	for rows.Next() {
		vals, ptrs := make([]sql.NullString, len(cols)), make([]any, len(cols))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return nil, err
		}
		row := make([]string, len(cols))
		for i, v := range vals {
			row[i] = v.String
			if !v.Valid {
				row[i] = "NULL"
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
