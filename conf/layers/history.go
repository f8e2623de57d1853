package layers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// keptRevisions is how many revisions of a module can be listed and gone back to.
const keptRevisions = 100

// Revision is one state that a module's runtime was in. A load that changes no row is none.
type Revision struct {
	Module   string    `json:"module"`
	Revision uint64    `json:"revision"` // counts from 1 in each module
	Version  uint64    `json:"version"`  // 0 where the module has none
	Epoch    int64     `json:"epoch"`    // unix seconds; 0 where the module has none
	Checksum string    `json:"checksum"`
	Origin   string    `json:"origin"` // who loaded it, as in Snapshot
	Time     time.Time `json:"time"`
	Summary  string    `json:"summary"` // which rows changed, by their keys: no values
}

// History lists the revisions of a module, or of all with an empty name; the newest of each module first.
func (m *Manager) History(module string) ([]Revision, error) {
	if module != "" {
		if _, err := find(module); err != nil {
			return nil, err
		}
	}
	saved, err := m.state.Revisions(module)
	if err != nil {
		return nil, err
	}
	out := make([]Revision, len(saved))
	for i, r := range saved {
		out[i] = Revision{
			Module: r.Module, Revision: r.Revision, Version: r.Version, Epoch: r.Epoch, Checksum: r.Checksum,
			Origin: r.Origin, Time: time.Unix(r.Time, 0).UTC(), Summary: r.Summary,
		}
	}
	return out, nil
}

// record writes down what a load changed. before is nil at boot, where the last revision that is kept takes its place.
func (m *Manager) record(before, next *Snapshot) error {
	what, err := m.changes(before, next)
	if err != nil || what == "" {
		return err
	}
	r := store.Revision{Module: next.Module.Name, Origin: next.Origin, Time: next.Loaded.Unix(), Summary: what}
	if len(next.Module.Checksums) > 0 {
		stamp := next.Stamp()
		r.Version, r.Epoch, r.Checksum = stamp.Version, stamp.Epoch, stamp.Checksum
	}
	_, err = m.state.AddRevision(r, next.Source, keptRevisions)
	return err
}

// changes says what a load changed, "" for nothing.
func (m *Manager) changes(before, next *Snapshot) (string, error) {
	if before != nil {
		if what := summary(next.Module, before.Source, next.Source); what != "" {
			return what, nil
		}
		if sameChecksums(before, next) {
			return "", nil // what is in force has not changed either
		}
		if what := summary(next.Module, before.Runtime, next.Runtime); what != "" {
			return "in force only: " + what, nil
		}
		return "", nil
	}
	name := next.Module.Name
	same, err := m.state.SameAsLast(name, next.Source)
	if err != nil || same {
		return "", err
	}
	known, err := m.state.Revisions(name)
	if err != nil {
		return "", err
	}
	last := map[string]*schema.Rows{}
	if len(known) > 0 {
		if last, err = m.state.Content(name, known[0].Revision); err != nil {
			return "", err
		}
	}
	if what := summary(next.Module, last, next.Source); what != "" {
		return what, nil
	}
	if len(known) > 0 {
		return "rows in another order", nil
	}
	return "no rows", nil
}

// sameChecksums tells whether all checksums of a module that has some agree.
func sameChecksums(before, next *Snapshot) bool {
	for _, name := range next.Module.Checksums {
		if before.Stamps[name].Checksum != next.Stamps[name].Checksum {
			return false
		}
	}
	return len(next.Module.Checksums) > 0
}

// summary says which rows of a module differ, table by table.
func summary(mod schema.Module, before, next map[string]*schema.Rows) string {
	tables := mod.Tables
	if mod.Prefix != "" {
		tables = []string{mod.VariablesTable()}
	}
	var parts []string
	for _, table := range tables {
		if what := tableSummary(table, before[table], next[table]); what != "" {
			parts = append(parts, table+": "+what)
		}
	}
	return strings.Join(parts, "; ")
}

// namedKeys is how many rows a summary names of each kind.
const namedKeys = 3

func tableSummary(table string, before, next *schema.Rows) string {
	key := schema.Lookup("main", table).Key
	if before == nil {
		before = &schema.Rows{Columns: next.Columns}
	}
	if next == nil {
		next = &schema.Rows{Columns: before.Columns}
	}
	if !slices.Equal(before.Columns, next.Columns) {
		before = before.Project(next.Columns...)
	}
	before, next = withoutCommon(before, next)
	e := diff(before, next, key)
	had := byKey(before, key)
	var added, changed []string
	for _, r := range e.put.Rows {
		if _, known := had[keyText(e.put, r, key)]; known {
			changed = append(changed, keyName(e.put, r, key))
		} else {
			added = append(added, keyName(e.put, r, key))
		}
	}
	var deleted []string
	for _, r := range e.del.Rows {
		deleted = append(deleted, keyName(e.del, r, key))
	}
	var parts []string
	for _, kind := range []struct {
		word string
		keys []string
	}{{"added", added}, {"changed", changed}, {"deleted", deleted}} {
		if n := len(kind.keys); n > 0 {
			names := strings.Join(kind.keys[:min(n, namedKeys)], ", ")
			if n > namedKeys {
				names += ", …"
			}
			parts = append(parts, fmt.Sprintf("%d %s (%s)", n, kind.word, names))
		}
	}
	return strings.Join(parts, ", ")
}

// withoutCommon cuts off the rows that both begin and both end with, which are nearly all of a large table.
func withoutCommon(a, b *schema.Rows) (*schema.Rows, *schema.Rows) {
	x, y := a.Rows, b.Rows
	for len(x) > 0 && len(y) > 0 && slices.Equal(x[0], y[0]) {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && slices.Equal(x[len(x)-1], y[len(y)-1]) {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return &schema.Rows{Columns: a.Columns, Rows: x}, &schema.Rows{Columns: b.Columns, Rows: y}
}

// keyName names a row in a summary: "app:1", "0:db1:3306".
func keyName(rows *schema.Rows, r schema.Row, key []string) string {
	words := make([]string, len(key))
	for i, c := range key {
		words[i] = r[rows.Index(c)].Text
	}
	return strings.Join(words, ":")
}
