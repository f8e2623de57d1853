package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// sectionSpec says how a list of groups in proxysql.cnf becomes rows of a table. Columns are
// spelled as in the table unless a synonym is listed.
type sectionSpec struct {
	table     string
	synonyms  map[string]string // key in the file → column
	mandatory []string          // columns without which upstream skips the row
	fixed     map[string]string // columns the file cannot set
	defaults  map[string]string // where they differ from the table's
}

var sections = map[string]sectionSpec{
	"mysql_users": {
		table: "mysql_users", mandatory: []string{"username"},
		fixed: map[string]string{"backend": "1", "frontend": "1"},
	},
	"mysql_servers": {
		table: "mysql_servers", mandatory: []string{"hostname", "hostgroup_id"},
		synonyms: map[string]string{"address": "hostname", "hostgroup": "hostgroup_id"},
	},
	"mysql_query_rules": {table: "mysql_query_rules", mandatory: []string{"rule_id"}},
	"mysql_replication_hostgroups": {
		table: "mysql_replication_hostgroups", mandatory: []string{"writer_hostgroup", "reader_hostgroup"},
	},
	"mysql_group_replication_hostgroups": {
		table: "mysql_group_replication_hostgroups", fixed: map[string]string{"active": "1"},
		mandatory: []string{"writer_hostgroup", "backup_writer_hostgroup", "reader_hostgroup", "offline_hostgroup"},
	},
	"mysql_galera_hostgroups": {
		table: "mysql_galera_hostgroups", fixed: map[string]string{"active": "1"},
		mandatory: []string{"writer_hostgroup", "backup_writer_hostgroup", "reader_hostgroup", "offline_hostgroup"},
	},
	"mysql_aws_aurora_hostgroups": {
		table: "mysql_aws_aurora_hostgroups", fixed: map[string]string{"active": "1"},
		mandatory: []string{"writer_hostgroup", "reader_hostgroup"},
		defaults:  map[string]string{"check_timeout_ms": "1000"},
	},
	"mysql_servers_ssl_params": {table: "mysql_servers_ssl_params", mandatory: []string{"hostname"}},
	"proxysql_servers": {
		table: "proxysql_servers", mandatory: []string{"hostname", "port"},
		synonyms: map[string]string{"address": "hostname"},
	},
	"scheduler": {table: "scheduler", mandatory: []string{"id", "interval_ms", "filename"}},
	"restapi": {
		table: "restapi_routes", mandatory: []string{"id", "timeout_ms", "method", "uri", "script"},
		synonyms: map[string]string{"interval_ms": "timeout_ms"},
	},
}

// rows decodes one section of rows.
func (d *decoder) rows(s *confparse.Setting, spec sectionSpec) {
	if s.Value.Kind != confparse.List && (s.Value.Kind != confparse.Array || len(s.Value.Elems) > 0) {
		d.report(confparse.Error, s.Value.Pos, 1, fmt.Sprintf("write %s = ( { … }, { … } )", s.Name),
			fmt.Sprintf("%s wants a list of groups", s.Name))
		return
	}
	table := schema.Lookup("main", spec.table)
	section := &Section{Pos: s.Pos, Rows: schema.Rows{Columns: table.ColumnNames()}}
	d.file.Tables[spec.table] = section
	for _, v := range s.Value.Elems {
		if v.Kind != confparse.Group {
			d.report(confparse.Error, v.Pos, 1, "", fmt.Sprintf("%s wants groups in its list: { name=value, … }", s.Name))
			continue
		}
		if row, ok := d.row(s.Name, v, table, spec); ok {
			section.add(table, row, v.Pos, d)
		}
	}
}

// add appends a row; of two rows with one key the later wins, as upstream.
func (s *Section) add(table *schema.Table, row schema.Row, pos confparse.Pos, d *decoder) {
	key := keyOf(table, row)
	for i, other := range s.Rows.Rows {
		if slices.Equal(keyOf(table, other), key) {
			d.report(confparse.Warning, pos, 1, "", fmt.Sprintf("this row replaces the one at %s:%d, which has the same %s",
				s.At[i].File, s.At[i].Line, strings.Join(table.Key, ", ")))
			s.Rows.Rows[i], s.At[i] = row, pos
			return
		}
	}
	s.Rows.Rows = append(s.Rows.Rows, row)
	s.At = append(s.At, pos)
}

func keyOf(table *schema.Table, row schema.Row) []string {
	var key []string
	for i, c := range table.Columns {
		if slices.Contains(table.Key, c.Name) {
			key = append(key, row[i].Text)
		}
	}
	return key
}

// row decodes one group; ok is false where it cannot become a row.
func (d *decoder) row(section string, v confparse.Value, table *schema.Table, spec sectionSpec) (row schema.Row, ok bool) {
	row = make(schema.Row, len(table.Columns))
	given := map[string]bool{}
	for i, c := range table.Columns {
		row[i] = c.Default
		if text, other := spec.defaults[c.Name]; other {
			row[i] = schema.Text(text)
		}
		if text, fixed := spec.fixed[c.Name]; fixed {
			row[i] = schema.Text(text)
		}
		// Upstream writes '' for a text the group does not have, never NULL, except in rules.
		if row[i].Null && !c.Integer() && table.Name != "mysql_query_rules" {
			row[i] = schema.Text("")
		}
	}
	for _, s := range v.Group {
		i, known := d.column(section, s, table, spec)
		if !known {
			continue
		}
		if cell, usable := d.cell(s, table.Columns[i]); usable {
			row[i] = cell
			given[table.Columns[i].Name] = true
		}
	}
	for _, c := range spec.mandatory {
		if !given[c] {
			d.report(confparse.Error, v.Pos, 1, "", fmt.Sprintf("%s: a row without %s", section, c))
			return nil, false
		}
	}
	return row, true
}

// column finds the column that a key of a group sets.
func (d *decoder) column(section string, s *confparse.Setting, table *schema.Table, spec sectionSpec) (int, bool) {
	name := s.Name
	if column, ok := spec.synonyms[name]; ok {
		name = column
	}
	if _, fixed := spec.fixed[name]; fixed {
		d.report(confparse.Warning, s.Pos, len(s.Name), "", fmt.Sprintf("%s cannot be set in %s and is ignored", s.Name, section))
		return 0, false
	}
	i := slices.IndexFunc(table.Columns, func(c schema.Column) bool { return c.Name == name })
	if i < 0 {
		known := table.ColumnNames()
		for synonym := range spec.synonyms {
			known = append(known, synonym)
		}
		d.report(confparse.Warning, s.Pos, len(s.Name), suggestion(s.Name, known),
			fmt.Sprintf("%s has no column %q; it is ignored", section, s.Name))
	}
	return i, i >= 0
}

// cell turns a value into a cell; a value of the wrong type is ignored with a warning, as
// upstream ignores it without one.
func (d *decoder) cell(s *confparse.Setting, c schema.Column) (schema.Cell, bool) {
	v := s.Value
	if !c.Integer() {
		if v.Kind == confparse.String {
			return schema.Text(v.Str), true
		}
		d.report(confparse.Warning, v.Pos, 1, "write it in double quotes", fmt.Sprintf("%s wants a string; it is ignored", s.Name))
		return schema.Cell{}, false
	}
	switch v.Kind {
	case confparse.Int:
		return schema.Text(strconv.FormatInt(v.Int, 10)), true
	case confparse.Float:
		whole := strconv.FormatInt(int64(v.Float), 10)
		d.report(confparse.Warning, v.Pos, 1, "write "+s.Name+"="+whole, fmt.Sprintf("%s wants a whole number; it is ignored", s.Name))
	case confparse.Bool:
		number := map[bool]string{false: "0", true: "1"}[v.Bool]
		d.report(confparse.Warning, v.Pos, 1, "write "+s.Name+"="+number,
			fmt.Sprintf("%s wants a number; it is ignored and the default %s is used", s.Name, c.Default.Text))
	default:
		d.report(confparse.Warning, v.Pos, 1, "", fmt.Sprintf("%s wants a whole number without quotes or L; it is ignored", s.Name))
	}
	return schema.Cell{}, false
}
