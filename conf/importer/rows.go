package importer

import (
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
)

// table is the rows of one section on their way into the file.
type table struct {
	form conf.Form
	rows []schema.Row
	left []left
	// changed counts the rows that are written with '' where the database has NULL, which a
	// file cannot say.
	changed int
	merged  int // users whose two halves became one row
}

// left is a row that the file cannot have.
type left struct {
	key string
	why string
}

func (t *table) leave(row schema.Row, why string) {
	why = strings.TrimPrefix(why, t.form.Section+": ")
	t.left = append(t.left, left{key: keyWords(t.form, row), why: oneLine(hide(t.form, row, why))})
}

// newTable picks the rows that a file can have.
func newTable(f conf.Form, rows []schema.Row) *table {
	t := &table{form: f}
	if f.Table == "mysql_users" {
		rows, t.merged = joinHalves(f, rows)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		said, changed := sayable(f, row)
		if _, err := rowText(f, said); err != nil {
			t.leave(row, err.Error())
			continue
		}
		if key := keyWords(f, row); !seen[key] {
			seen[key] = true
		} else { // only where a table of an older version has a larger key
			t.leave(row, "another row has the same key")
			continue
		}
		if changed {
			t.changed++
		}
		t.rows = append(t.rows, said)
	}
	return t
}

// sayable is the row with ” for each NULL that a file cannot say: that of a text column whose
// absence means something else.
func sayable(f conf.Form, row schema.Row) (out schema.Row, changed bool) {
	out = slices.Clone(row)
	for i, c := range f.Columns {
		if row[i].Null && !c.Absent.Null && !c.Integer() {
			out[i], changed = schema.Text(""), true
		}
	}
	return out, changed
}

// joinHalves puts the two rows that SAVE MYSQL USERS FROM RUNTIME makes of a user, one for each
// side, together again where they say the same.
func joinHalves(f conf.Form, rows []schema.Row) (out []schema.Row, joined int) {
	column := func(name string) int {
		return slices.IndexFunc(f.Columns, func(c conf.FormColumn) bool { return c.Name == name })
	}
	name, backend, frontend := column("username"), column("backend"), column("frontend")
	whole := func(row schema.Row) schema.Row {
		row = slices.Clone(row)
		row[backend], row[frontend] = schema.Text("1"), schema.Text("1")
		return row
	}
	half := func(row schema.Row) bool {
		return (row[backend].Text == "1") != (row[frontend].Text == "1")
	}
	first := map[string]int{} // user → place in out of its first half
	for _, row := range rows {
		if half(row) {
			at, seen := first[row[name].Text]
			if seen && slices.Equal(whole(out[at]), whole(row)) {
				out[at] = whole(row)
				joined++
				continue
			}
			first[row[name].Text] = len(out)
		}
		out = append(out, row)
	}
	return out, joined
}
