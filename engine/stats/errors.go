package stats

import (
	"sync"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
)

// maxErrorRows bounds stats_mysql_errors. Further kinds of errors are not recorded until the table is reset.
const maxErrorRows = 4096

// ErrorKey identifies a row of stats_mysql_errors.
type ErrorKey struct {
	Hostgroup int
	Host      string
	Port      int
	User      string
	Client    string // address without port; upstream leaves it empty unless query_digests_track_hostname
	Schema    string
	Code      int
}

type errorRow struct {
	count       int
	first, last time.Time
	text        string
}

// Errors are the errors that servers answered with.
type Errors struct {
	mu   sync.Mutex // guards rows
	rows map[ErrorKey]*errorRow
}

// Add counts an error.
func (e *Errors) Add(key ErrorKey, text string, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.rows[key]
	if r == nil {
		if len(e.rows) >= maxErrorRows {
			return
		}
		if e.rows == nil {
			e.rows = map[ErrorKey]*errorRow{}
		}
		r = &errorRow{first: now}
		e.rows[key] = r
	}
	r.count++
	r.last, r.text = now, text
}

// Rows is stats_mysql_errors; with reset the table is empty afterwards.
func (e *Errors) Rows(reset bool) *schema.Rows {
	e.mu.Lock()
	defer e.mu.Unlock()
	rows := table("stats_mysql_errors")
	for k, r := range e.rows {
		rows.Rows = append(rows.Rows, cells(k.Hostgroup, k.Host, k.Port, k.User, k.Client, k.Schema, k.Code,
			r.count, r.first.Unix(), r.last.Unix(), r.text))
	}
	if reset {
		e.rows = nil
	}
	return rows
}
