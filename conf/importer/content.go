package importer

import (
	"maps"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// content is what goes into the proxysql.cnf part of the file.
type content struct {
	process   []*confparse.Setting
	variables map[string]string // by full name; only what differs from the defaults
	tables    []*table
}

// pick takes what is in force: of the database where there is one, else of the cnf.
func pick(cnf *cnfFile, db *database, r *report) *content {
	c := &content{variables: map[string]string{}}
	if cnf != nil {
		c.process = cnf.process(r)
	}
	switch {
	case db != nil:
		c.variables = db.variables(r)
	case cnf != nil:
		c.variables = cnf.variables()
	}
	for _, f := range conf.Forms() {
		var rows []schema.Row
		if db != nil {
			if t := db.tables[f.Table]; t != nil {
				rows = t.Project(schema.Lookup("main", f.Table).ColumnNames()...).Rows
			}
		} else if cnf != nil {
			rows = cnf.rows(f.Table)
		}
		if len(rows) > 0 {
			c.tables = append(c.tables, newTable(f, rows))
		}
	}
	return c
}

// inSection tells whether a config file has a section for the variable.
func inSection(name string) bool {
	for _, prefix := range conf.VariableSections() {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// changed gives the value of a variable as it is in force, and whether it is not the default.
func changed(v *schema.Variable, value string) (string, bool) {
	inForce, err := v.Check(value)
	if err != nil {
		return v.Default, false
	}
	usual, err := v.Check(v.Default)
	if err != nil {
		usual = v.Default
	}
	return inForce, inForce != usual
}

// raw is the variables as the database has them.
func (d *database) raw() map[string]string {
	out := map[string]string{}
	for _, mod := range schema.Modules() {
		if t := d.tables[mod.VariablesTable()]; mod.Prefix != "" && t != nil {
			for n := range t.Rows {
				out[t.Get(n, "variable_name").Text] = t.Get(n, "variable_value").Text
			}
		}
	}
	return out
}

// uuid is the name the database gives to its node, empty where it has none.
func (d *database) uuid() string {
	if t := d.tables["global_settings"]; t != nil {
		for n := range t.Rows {
			if t.Get(n, "variable_name").Text == "uuid" {
				return t.Get(n, "variable_value").Text
			}
		}
	}
	return ""
}

// variables are those of the database that do not have their default, as they are in force.
func (d *database) variables(r *report) map[string]string {
	out := map[string]string{}
	all := d.raw()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v, value := schema.FindVariable(name), all[name]
		switch {
		case v == nil:
			r.add(Warning, d.file, "variable %s is not known to this release and not written; it has no effect", word(name))
			continue
		case v.Kind == schema.Release:
			if value != v.Default {
				r.add(Note, d.file, "%s is %s: that wrote the database last", name, word(value))
			}
			continue
		}
		if _, err := v.Check(value); err != nil {
			r.add(Warning, d.file, "variable %s is not written: the database has a value it cannot take, its default is in force", name)
			continue
		}
		inForce, differs := changed(v, value)
		switch {
		case differs && inSection(name):
			out[name] = inForce
		case differs:
			r.add(Warning, d.file, "variable %s is not written: keepsql has no section for it", name)
		}
	}
	return out
}
