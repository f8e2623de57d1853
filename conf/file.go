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

// Parse gives a generation its meaning and tries its rows out. The File is complete only if no
// diagnostic is an error.
func (g *Generation) Parse() (*File, confparse.Diagnostics) { return g.parse(true) }

// ParseAgain is Parse for a generation that passed it before, in another process: the rows are
// not tried out once more.
func (g *Generation) ParseAgain() (*File, confparse.Diagnostics) { return g.parse(false) }

func (g *Generation) parse(try bool) (*File, confparse.Diagnostics) {
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
	if try && !d.ds.HasErrors() {
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

// KeywordIn is where a keyword stands in the block of keepalived's grammar that begins at pos,
// and how wide it is; the place of the block where it has none of that name.
func (f *File) KeywordIn(block confparse.Pos, name string) (pos confparse.Pos, width int) {
	if k := findBlock(f.tree.Keywords, block); k != nil {
		for _, inner := range k.Block {
			if inner.Name() == name {
				return inner.Pos, len(name)
			}
		}
	}
	return block, 1
}

func findBlock(keywords []*confparse.Keyword, at confparse.Pos) *confparse.Keyword {
	for _, k := range keywords {
		if k.Pos == at {
			return k
		}
		if inner := findBlock(k.Block, at); inner != nil {
			return inner
		}
	}
	return nil
}

// Block is where the first block of that name stands at the root of keepalived's grammar.
func (f *File) Block(name string) (pos confparse.Pos, ok bool) {
	for _, k := range f.tree.Keywords {
		if k.Name() == name {
			return k.Pos, true
		}
	}
	return confparse.Pos{}, false
}

// Variable finds what the files set a variable to; nil where they do not.
func (f *File) Variable(name string) *Variable {
	for i := range f.Variables {
		if f.Variables[i].Name == name {
			return &f.Variables[i]
		}
	}
	return nil
}
