package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// cnfFile is what the proxysql.cnf files say.
type cnfFile struct {
	file *conf.File
	tree *confparse.Tree
}

// readConfig reads proxysql.cnf files; none give nil. A file that ProxySQL could not read either
// is an error; what it would ignore or lose is reported.
func readConfig(names []string, r *report) (*cnfFile, error) {
	if len(names) == 0 {
		return nil, nil
	}
	g, ds := conf.Read(names)
	if ds.HasErrors() {
		return nil, fmt.Errorf("read %s:\n%s", strings.Join(names, ", "), strings.TrimSuffix(ds.String(), "\n"))
	}
	tree, _ := confparse.ParseWith(g.Host, g, names...)
	if len(tree.Keywords) > 0 {
		return nil, fmt.Errorf("read %v: %q is keepalived's grammar; a file that holds both needs no import",
			tree.Keywords[0].Pos, tree.Keywords[0].Name())
	}
	file, ds := g.Parse()
	for _, d := range ds {
		for _, f := range conf.Forms() {
			if section := file.Tables[f.Table]; section != nil && strings.HasPrefix(d.Message, f.Section+": ") {
				for _, row := range section.Rows.Rows {
					d.Message = hide(f, row, d.Message)
				}
			}
		}
		r.add(Warning, d.Pos.String(), "%s", diagnosis(d))
	}
	return &cnfFile{file: file, tree: tree}, nil
}

// diagnosis is a diagnostic without its source line, which may hold a password.
func diagnosis(d confparse.Diagnostic) string {
	if d.Hint != "" {
		return oneLine(d.Message + " (" + d.Hint + ")")
	}
	return oneLine(d.Message)
}

// process gives the settings at top level that mean something.
func (c *cnfFile) process(r *report) []*confparse.Setting {
	var out []*confparse.Setting
	for _, s := range c.tree.Settings {
		if !slices.Contains(conf.ProcessSettings(), s.Name) {
			continue
		}
		if strings.HasSuffix(s.Name, "_plugin") {
			r.add(Note, s.Pos.String(), "%s is not written: keepsql has no plug-ins", s.Name)
			continue
		}
		if _, ok := settingText(s.Value); ok {
			out = append(out, s)
		}
	}
	return out
}

func (c *cnfFile) rows(table string) []schema.Row {
	if s := c.file.Tables[table]; s != nil {
		return s.Rows.Rows
	}
	return nil
}

// variables are those that the cnf sets to something else than their default.
func (c *cnfFile) variables() map[string]string {
	out := map[string]string{}
	for _, v := range c.file.Variables {
		if inForce, differs := changed(schema.FindVariable(v.Name), v.Value); differs {
			out[v.Name] = inForce
		}
	}
	return out
}

// datadir is the data directory the cnf names, or upstream's default.
func (c *cnfFile) datadir() string {
	if c == nil || c.file.Process.Datadir == "" {
		return conf.DefaultDatadir
	}
	return c.file.Process.Datadir
}
