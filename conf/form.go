package conf

import (
	"maps"
	"slices"

	"github.com/keepsql/keepsql/conf/schema"
)

// Form is how the rows of one table are written in a config file, for those who write one.
type Form struct {
	Section  string // the name of the list in the file
	Table    string // of schema main
	Upstream bool   // ProxySQL reads the section too
	Skip     bool   // a row without a mandatory column is skipped, not refused
	Columns  []FormColumn
}

// FormColumn is one column of a Form, in the order of the table.
type FormColumn struct {
	schema.Column
	Absent    schema.Cell // what a row holds where the file leaves the column out
	Fixed     bool        // the file cannot set the column: it always holds Absent
	Mandatory bool        // a row without it is none
	Synonyms  []string    // other names of the column in the file, sorted
}

// Forms lists every section of rows that Parse reads, in the order of the reference page.
func Forms() []Form {
	out := make([]Form, 0, len(sectionSpecs))
	for i := range sectionSpecs {
		spec := &sectionSpecs[i]
		f := Form{Section: spec.section, Table: spec.table, Upstream: !spec.extra, Skip: spec.skip}
		for _, c := range schema.Lookup("main", spec.table).Columns {
			_, fixed := spec.fixed[c.Name]
			f.Columns = append(f.Columns, FormColumn{
				Column: c, Absent: spec.initial(c), Fixed: fixed, Mandatory: slices.Contains(spec.mandatory, c.Name),
				Synonyms: spec.synonymsOf(c.Name),
			})
		}
		out = append(out, f)
	}
	return out
}

// synonymsOf lists the other names of a column.
func (s *sectionSpec) synonymsOf(column string) []string {
	var out []string
	for name, c := range s.synonyms {
		if c == column {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// ProcessSettings lists the names at top level that say how the process runs.
func ProcessSettings() []string { return slices.Clone(processNames) }

// VariableSections maps each group of variables to the prefix its names lack.
func VariableSections() map[string]string { return maps.Clone(variableSections) }

// ProcessType says in words what a setting of ProcessSettings wants.
func ProcessType(name string) string {
	target, _ := new(Process).target(name)
	return wanted(target)
}

// ForeignSections lists sections that are known by name and skipped; the value says why.
func ForeignSections() map[string]string { return maps.Clone(foreignSections) }
