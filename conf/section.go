package conf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// Section is the rows that the files give for one table: all its columns, defaults filled in.
type Section struct {
	Pos  confparse.Pos
	Rows schema.Rows
	At   []confparse.Pos // of each row

	given []map[string]*confparse.Setting // of each row: what set a column
	byKey map[string]int                  // row number by keyOf
}

// PosOf is where the files set a column of a row, and how wide that place is; the place of the
// row where they leave the column alone.
func (s *Section) PosOf(row int, column string) (pos confparse.Pos, width int) {
	if set := s.setting(row, column); set != nil {
		return set.Pos, len(set.Name)
	}
	if row < len(s.At) {
		return s.At[row], 1
	}
	return s.Pos, 1
}

func (s *Section) setting(row int, column string) *confparse.Setting {
	if row >= len(s.given) {
		return nil
	}
	return s.given[row][column]
}

// rows decodes one section of rows.
func (d *decoder) rows(s *confparse.Setting, spec *sectionSpec) {
	if s.Value.Kind != confparse.List && (s.Value.Kind != confparse.Array || len(s.Value.Elems) > 0) {
		d.errorAt(s.Value.Pos, 1, CodeType, fmt.Sprintf("write %s = ( { … }, { … } )", s.Name),
			"%s wants a list of groups", s.Name)
		return
	}
	table := schema.Lookup("main", spec.table)
	section := &Section{Pos: s.Pos, Rows: schema.Rows{Columns: table.ColumnNames()}}
	d.file.Tables[spec.table] = section
	for _, v := range s.Value.Elems {
		if v.Kind != confparse.Group {
			d.errorAt(v.Pos, 1, CodeType, "", "%s wants groups in its list: { name=value, … }", s.Name)
			continue
		}
		r := rowDecoder{d: d, spec: spec, table: table, group: v, given: map[string]*confparse.Setting{}}
		if r.decode() {
			section.add(table, &r)
		}
	}
}

// add appends a row; of two rows with one key the later wins, as upstream.
func (s *Section) add(table *schema.Table, r *rowDecoder) {
	key := keyOf(table, r.row)
	if i, duplicate := s.byKey[key]; duplicate {
		r.d.warnAt(r.group.Pos, 1, CodeDuplicateRow, "", "this row replaces the one at %s:%d, which has the same %s",
			s.At[i].File, s.At[i].Line, strings.Join(table.Key, ", "))
		s.Rows.Rows[i], s.At[i], s.given[i] = r.row, r.group.Pos, r.given
		return
	}
	if s.byKey == nil {
		s.byKey = map[string]int{}
	}
	s.byKey[key] = len(s.Rows.Rows)
	s.Rows.Rows = append(s.Rows.Rows, r.row)
	s.At = append(s.At, r.group.Pos)
	s.given = append(s.given, r.given)
}

// keyOf joins the key of a row; lengths keep ("a","bc") and ("ab","c") apart.
func keyOf(table *schema.Table, row schema.Row) string {
	var key []byte
	for i, c := range table.Columns {
		if slices.Contains(table.Key, c.Name) {
			key = fmt.Appendf(key, "%d:%s", len(row[i].Text), row[i].Text)
		}
	}
	return string(key)
}

// rowDecoder makes one row of one group.
type rowDecoder struct {
	d     *decoder
	spec  *sectionSpec
	table *schema.Table
	group confparse.Value
	row   schema.Row
	given map[string]*confparse.Setting
	bad   map[string]*confparse.Setting // what tried to set a column with a value of no use; reported
}

// decode fills the row; false where the group cannot become one.
func (r *rowDecoder) decode() bool {
	r.row = make(schema.Row, len(r.table.Columns))
	r.bad = map[string]*confparse.Setting{}
	for i, c := range r.table.Columns {
		r.row[i] = r.spec.initial(c)
	}
	for _, s := range r.group.Group {
		i, known := r.column(s)
		if !known {
			continue
		}
		c := r.table.Columns[i]
		if first := r.given[c.Name]; first != nil {
			r.d.warnAt(s.Pos, len(s.Name), CodeIgnored, "", "%s is ignored: %s says the same before it", s.Name, first.Name)
			continue
		}
		if cell, usable := r.cell(s, c); usable {
			r.row[i], r.given[c.Name] = cell, s
		} else {
			r.bad[c.Name] = s
		}
	}
	return r.complete()
}

// initial is what a column holds that the group does not set. Upstream writes ” for a text,
// never NULL, except in rules and jobs.
func (s *sectionSpec) initial(c schema.Column) schema.Cell {
	if text, ok := s.defaults[c.Name]; ok {
		return schema.Text(text)
	}
	if text, ok := s.fixed[c.Name]; ok {
		return schema.Text(text)
	}
	if c.Default.Null && !c.Integer() && !s.nulls {
		return schema.Text("")
	}
	return c.Default
}

// complete looks for the mandatory columns. Without one there is no row: an error, as else a
// server or user would be lost with nothing but a line in the log.
func (r *rowDecoder) complete() bool {
	var missing []string
	usable := true
	for _, c := range r.spec.mandatory {
		switch {
		case r.given[c] != nil:
			continue
		case r.bad[c] == nil:
			missing = append(missing, c)
		case !r.spec.skip:
			r.d.raise(r.bad[c].Value.Pos)
		}
		usable = false
	}
	if len(missing) == 0 {
		return usable
	}
	list := strings.Join(missing, ", ")
	if r.spec.skip || r.foreign(missing) {
		r.d.warnAt(r.group.Pos, 1, CodeMandatory, "", "%s: a row without %s is skipped", r.spec.section, list)
	} else {
		r.d.errorAt(r.group.Pos, 1, CodeMandatory, r.synonym(missing), "%s: a row without %s", r.spec.section, list)
	}
	return false
}

// foreign tells whether a row has nothing of what makes one here: hostgroup pairs that hold a
// rule's keys are seen in real files, and nothing is lost with them.
func (r *rowDecoder) foreign(missing []string) bool {
	return len(missing) == len(r.spec.mandatory) && len(missing) > 1 && len(r.given) == 0 && len(r.bad) == 0
}

// synonym is the hint for a column that goes by another name in the file too.
func (r *rowDecoder) synonym(missing []string) string {
	for _, synonym := range slices.Sorted(maps.Keys(r.spec.synonyms)) {
		if column := r.spec.synonyms[synonym]; column == missing[0] {
			return fmt.Sprintf("write %s=… or %s=…", synonym, column)
		}
	}
	return ""
}

// column finds the column that a key of a group sets.
func (r *rowDecoder) column(s *confparse.Setting) (int, bool) {
	name := s.Name
	if column, ok := r.spec.synonyms[name]; ok {
		name = column
	}
	if text, fixed := r.spec.fixed[name]; fixed {
		if given, ok := scalar(s.Value); !ok || given != text {
			r.d.warnAt(s.Pos, len(s.Name), CodeIgnored, "", "%s cannot be set in %s and is ignored: it is always %s", s.Name, r.spec.section, text)
		}
		return 0, false
	}
	i := slices.IndexFunc(r.table.Columns, func(c schema.Column) bool { return c.Name == name })
	if i < 0 {
		known := slices.AppendSeq(r.table.ColumnNames(), maps.Keys(r.spec.synonyms))
		r.d.warnAt(s.Pos, len(s.Name), CodeUnknownColumn, suggestion(s.Name, known),
			"%s has no column %q; it is ignored", r.spec.section, s.Name)
	}
	return i, i >= 0
}
