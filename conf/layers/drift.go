package layers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// Drift is one difference between the layers: a row that some of them lack, or a column in
// which they disagree.
type Drift struct {
	Module string `json:"module"`
	Table  string `json:"table"`
	Key    string `json:"key"`    // "username=app, backend=1"
	Column string `json:"column"` // empty where the row itself is missing somewhere
	// What each layer has: the value, or "present"; nil where the layer has no such row. The
	// file is nil too where it never mentioned the row. Secrets are shown as "***".
	File    *string `json:"file"`
	Disk    *string `json:"disk"`
	Memory  *string `json:"memory"`
	Runtime *string `json:"runtime"`
	Advice  string  `json:"advice"` // what would bring the layers together
}

// view is one table in one layer.
type view map[string]map[string]string // key → column → value

// Drift compares file, disk, memory and runtime row by row. No differences give an empty list.
func (m *Manager) Drift() ([]Drift, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Drift
	for _, mod := range schema.Modules() {
		tables, prefix := mod.Tables, mod.Prefix
		if prefix != "" {
			tables = []string{mod.VariablesTable()}
		}
		for _, table := range tables {
			base := m.bases[table]
			if prefix != "" {
				base = m.bases[mod.Name]
			}
			found, err := m.driftOf(mod, table, base)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
	}
	return out, nil
}

// layerCount is file, disk, memory, runtime, in this order.
const layerCount = 4

func (m *Manager) driftOf(mod schema.Module, table string, base *schema.Rows) ([]Drift, error) {
	key := schema.Lookup("main", table).Key
	var rows [layerCount]*schema.Rows
	rows[0] = base
	err := m.store.Tx(func(tx store.Tx) (err error) {
		for i, s := range []string{"disk", "main"} {
			query := "SELECT * FROM " + s + "." + table
			if mod.Prefix != "" {
				query += " WHERE substr(variable_name, 1, " + itoa(len(mod.Prefix)) + ") = '" + mod.Prefix + "'"
			}
			if rows[1+i], err = tx.Query(query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	rows[3] = m.current[mod.Name].Load().Source[table]
	var layers [layerCount]view
	keys := map[string]bool{}
	for i, r := range rows {
		layers[i] = viewOf(r, key)
		for k := range layers[i] {
			keys[k] = true
		}
	}
	var out []Drift
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		out = append(out, compareRow(mod, table, k, layers)...)
	}
	return out, nil
}

// viewOf indexes rows by a key in words.
func viewOf(rows *schema.Rows, key []string) view {
	v := view{}
	if rows == nil {
		return v
	}
	for _, r := range rows.Rows {
		var words []string
		row := map[string]string{}
		for i, c := range rows.Columns {
			row[c] = r[i].Text
			if slices.Contains(key, c) {
				words = append(words, c+"="+r[i].Text)
			}
		}
		v[strings.Join(words, ", ")] = row
	}
	return v
}

// compareRow compares one row over the layers. A file that never mentioned the row has no say.
func compareRow(mod schema.Module, table, key string, layers [layerCount]view) []Drift {
	var have [layerCount]map[string]string
	missing := false
	for i, v := range layers {
		have[i] = v[key]
		missing = missing || i > 0 && have[i] == nil
	}
	d := Drift{Module: mod.Name, Table: table, Key: key}
	if missing {
		var present [layerCount]*string
		for i, row := range have {
			if row != nil {
				present[i] = new("present")
			}
		}
		return []Drift{d.with(mod, present)}
	}
	var out []Drift
	for _, column := range slices.Sorted(maps.Keys(have[2])) {
		var values [layerCount]*string
		differ := false
		for i, row := range have {
			if row != nil {
				values[i] = new(row[column])
				differ = differ || row[column] != have[2][column]
			}
		}
		if differ {
			d.Column = column
			out = append(out, d.with(mod, hide(key, column, values)))
		}
	}
	return out
}

// hide masks values that are secrets; that they differ is shown all the same.
func hide(key, column string, values [layerCount]*string) [layerCount]*string {
	name := column
	if column == "variable_value" {
		name = key
	}
	if !strings.Contains(name, "password") && !strings.Contains(name, "credentials") {
		return values
	}
	for i, v := range values {
		if v != nil {
			values[i] = new("***")
		}
	}
	return values
}

// with fills the layers in and says what would help.
func (d Drift) with(mod schema.Module, v [layerCount]*string) Drift {
	d.File, d.Disk, d.Memory, d.Runtime = v[0], v[1], v[2], v[3]
	same := func(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b && *a != "***") }
	var advice []string
	if !same(d.Memory, d.Runtime) {
		advice = append(advice, "LOAD "+mod.Command+" TO RUNTIME")
	}
	if !same(d.Memory, d.Disk) {
		advice = append(advice, "SAVE "+mod.Command+" TO DISK")
	}
	if len(advice) == 0 {
		advice = append(advice, "edit the file")
	}
	d.Advice = strings.Join(advice, "; ")
	return d
}

// String puts a difference into one line.
func (d Drift) String() string {
	text := func(v *string) string {
		if v == nil {
			return "absent"
		}
		if d.Column == "" {
			return *v
		}
		return fmt.Sprintf("%q", *v)
	}
	what := d.Table + " (" + d.Key + ")"
	if d.Column != "" {
		what += " " + d.Column
	}
	file := "not mentioned"
	if d.File != nil {
		file = text(d.File)
	}
	return fmt.Sprintf("%s: file %s, disk %s, memory %s, runtime %s: %s",
		what, file, text(d.Disk), text(d.Memory), text(d.Runtime), d.Advice)
}
