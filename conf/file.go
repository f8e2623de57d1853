package conf

import (
	"cmp"
	"slices"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
)

// File is what a generation says, typed.
type File struct {
	Process   Process
	Tables    map[string]*Section // by table of schema main; only those the files mention
	Variables []Variable          // in the order of the text
	VRRP      *vrrpconf.Config    // never nil
	Main      string              // the first file, for logs and origins
}

// Section is the rows that the files give for one table: all its columns, defaults filled in.
type Section struct {
	Pos  confparse.Pos
	Rows schema.Rows
	At   []confparse.Pos // of each row
}

// Variable is one variable set by the files.
type Variable struct {
	Pos   confparse.Pos
	Name  string // full: "mysql-threads"
	Value string
}

// Parse gives a generation its meaning. The File is complete only if no diagnostic is an error.
func (g *Generation) Parse() (*File, confparse.Diagnostics) {
	tree, ds := confparse.Parse(g, g.Names...)
	d := &decoder{g: g, ds: ds, file: &File{Tables: map[string]*Section{}}}
	if len(g.Names) > 0 {
		d.file.Main = g.Names[0]
	}
	for _, s := range tree.Settings {
		d.setting(s)
	}
	vrrp, more := vrrpconf.Build(tree)
	d.file.VRRP = vrrp
	d.ds = append(d.ds, more...)
	if !d.ds.HasErrors() {
		d.tryRows()
	}
	d.sortDiagnostics()
	return d.file, d.ds
}

// decoder walks the settings of a tree and collects what is wrong with them.
type decoder struct {
	g    *Generation
	ds   confparse.Diagnostics
	file *File
}

// report adds a diagnostic about width bytes at pos.
func (d *decoder) report(sev confparse.Severity, pos confparse.Pos, width int, hint, message string) {
	d.ds = append(d.ds, confparse.Diagnostic{Pos: pos, Severity: sev, Message: message, Hint: hint, Width: width})
}

// sortDiagnostics puts them in the order of the text and adds the source lines that lack.
func (d *decoder) sortDiagnostics() {
	order := map[string]int{}
	for i, name := range d.g.Names {
		order[name] = i
	}
	slices.SortStableFunc(d.ds, func(a, b confparse.Diagnostic) int {
		return cmp.Or(cmp.Compare(order[a.Pos.File], order[b.Pos.File]), cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	for i := range d.ds {
		if d.ds[i].Line == "" {
			d.ds[i].Line = d.g.line(d.ds[i].Pos)
		}
	}
}

// setting dispatches one top-level setting.
func (d *decoder) setting(s *confparse.Setting) {
	if spec, ok := sections[s.Name]; ok {
		d.rows(s, spec)
		return
	}
	if prefix, ok := variableSections[s.Name]; ok {
		d.variables(s, prefix)
		return
	}
	d.process(s)
}
