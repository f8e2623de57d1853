package importer

import (
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
)

// maxPerTable bounds how many rows of one table the report names for one reason.
const maxPerTable = 20

// differences says how cnf and database differ, in words. The database is what is in force.
func differences(cnf *cnfFile, db *database, r *report) {
	all := db.raw()
	for _, v := range schema.Variables("") {
		if inSection(v.Name) && v.Kind != schema.Release {
			differentVariable(cnf, all, &v, r)
		}
	}
	if a, b := cnf.file.Process.UUID, db.uuid(); a != "" && b != "" && a != b {
		r.add(Warning, "uuid", "the cnf (in force) says %s, the database says %s", word(a), word(b))
	}
	for _, f := range conf.Forms() {
		differentRows(cnf, db, f, r)
	}
}

func differentVariable(cnf *cnfFile, db map[string]string, v *schema.Variable, r *report) {
	inForce := v.Default
	if value, ok := db[v.Name]; ok {
		inForce, _ = changed(v, value)
	}
	usual, err := v.Check(v.Default)
	if err != nil {
		usual = v.Default
	}
	for _, set := range cnf.file.Variables {
		if set.Name != v.Name {
			continue
		}
		if value, _ := changed(v, set.Value); value != inForce {
			r.add(Warning, set.Pos.String(), "%s: %s", v.Name, disagree(secretVariable(v.Name), sayVariable(v, value), sayVariable(v, inForce)))
		}
		return
	}
	if inForce != usual {
		shown := sayVariable(v, inForce)
		if secretVariable(v.Name) {
			shown = "another value (not shown)"
		}
		r.add(Note, v.Name, "the cnf does not set it, the database (in force) says %s", shown)
	}
}

// differentRows compares one table, row by key and column by column.
func differentRows(cnf *cnfFile, db *database, f conf.Form, r *report) {
	inForce := map[string]schema.Row{}
	var order []string
	if t := db.tables[f.Table]; t != nil {
		rows := t.Project(schema.Lookup("main", f.Table).ColumnNames()...).Rows
		if f.Table == "mysql_users" {
			rows, _ = joinHalves(f, rows)
		}
		for _, row := range rows {
			said, _ := sayable(f, row)
			inForce[keyWords(f, row)] = said
			order = append(order, keyWords(f, row))
		}
	}
	section := cnf.file.Tables[f.Table]
	if section == nil {
		if len(order) > 0 && f.Upstream {
			r.add(Note, f.Section, "the cnf has no such section, the database (in force) has %s", count(len(order), "row"))
		}
		return
	}
	in := map[string]bool{}
	l := limited{r: r, severity: Warning, where: f.Section, what: "row"}
	for n, row := range section.Rows.Rows {
		key := keyWords(f, row)
		in[key] = true
		where := section.At[n].String()
		if other, ok := inForce[key]; !ok {
			l.add(where, "%s (%s): only the cnf has this row, the database (in force) does not", f.Section, key)
		} else if text := differentColumns(f, row, other); text != "" {
			l.add(where, "%s (%s): %s", f.Section, key, text)
		}
	}
	l.rest("differ too")
	only := limited{r: r, severity: Note, where: f.Section, what: "row"}
	for _, key := range order {
		if !in[key] {
			only.add(f.Section, "(%s): only the database (in force) has this row, the cnf does not", key)
		}
	}
	only.rest("are only in the database too")
}

func differentColumns(f conf.Form, cnf, db schema.Row) string {
	var out []string
	for i, c := range f.Columns {
		if cnf[i] != db[i] {
			out = append(out, c.Name+": "+disagree(secretColumn(f.Table, c.Name), say(c.Column, cnf[i]), say(c.Column, db[i])))
		}
	}
	return strings.Join(out, "; ")
}

// limited reports the first maxPerTable of many findings and counts the rest.
type limited struct {
	r        *report
	severity Severity
	where    string
	what     string
	n        int
}

func (l *limited) add(where, format string, args ...any) {
	if l.n++; l.n <= maxPerTable {
		l.r.add(l.severity, where, format, args...)
	}
}

func (l *limited) rest(predicate string) {
	if more := l.n - maxPerTable; more > 0 {
		l.r.add(l.severity, l.where, "%s more %s", count(more, l.what), predicate)
	}
}
