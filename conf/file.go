package conf

import (
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

	tree *confparse.Tree // for positions: the order of files, and their lines
}

// Variable is one variable set by the files.
type Variable struct {
	Pos   confparse.Pos
	Name  string // full: "mysql-threads"
	Value string
}

// Parse gives a generation its meaning. The File is complete only if no diagnostic is an error.
func (g *Generation) Parse() (*File, confparse.Diagnostics) {
	tree, ds := confparse.ParseWith(g.Host, g, g.Names...)
	d := &decoder{ds: ds, file: &File{Tables: map[string]*Section{}, tree: tree}}
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
	d.file.Arrange(d.ds)
	return d.file, d.ds
}

// decoder walks the settings of a tree and collects what is wrong with them.
type decoder struct {
	ds   confparse.Diagnostics
	file *File
}

// setting dispatches one top-level setting.
func (d *decoder) setting(s *confparse.Setting) {
	if spec := findSection(s.Name); spec != nil {
		d.rows(s, spec)
		return
	}
	if prefix, ok := variableSections[s.Name]; ok {
		d.variables(s, prefix)
		return
	}
	d.process(s)
}
