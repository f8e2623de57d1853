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
	Columns  []FormColumn
}

// FormColumn is one column of a Form, in the order of the table.
type FormColumn struct {
	schema.Column
	Absent    schema.Cell // what a row holds where the file leaves the column out
	Fixed     bool        // the file cannot set the column: it always holds Absent
	Mandatory bool        // a row without it is none
}

// Forms lists every section of rows that Parse reads, in the order of the reference page.
func Forms() []Form {
	out := make([]Form, 0, len(sectionSpecs))
	for i := range sectionSpecs {
		spec := &sectionSpecs[i]
		f := Form{Section: spec.section, Table: spec.table, Upstream: !spec.extra}
		for _, c := range schema.Lookup("main", spec.table).Columns {
			_, fixed := spec.fixed[c.Name]
			f.Columns = append(f.Columns, FormColumn{
				Column: c, Absent: spec.initial(c), Fixed: fixed, Mandatory: slices.Contains(spec.mandatory, c.Name),
			})
		}
		out = append(out, f)
	}
	return out
}

// ProcessSettings lists the names at top level that say how the process runs.
func ProcessSettings() []string { return slices.Clone(processNames) }

// VariableSections maps each group of variables to the prefix its names lack.
func VariableSections() map[string]string { return maps.Clone(variableSections) }
