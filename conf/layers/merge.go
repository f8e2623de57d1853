package layers

import (
	"slices"

	"github.com/keepsql/keepsql/conf/schema"
)

// edit is what an edit of the config file did to one table: the rows it added or changed and
// the keys of those it took out.
type edit struct {
	put *schema.Rows
	del *schema.Rows // key columns only
}

func (e edit) empty() bool { return len(e.put.Rows) == 0 && len(e.del.Rows) == 0 }

// diff compares the rows the file has with those it had when it was last applied.
func diff(base, file *schema.Rows, key []string) edit {
	e := edit{put: &schema.Rows{Columns: file.Columns}, del: &schema.Rows{Columns: key}}
	had := byKey(base.Project(file.Columns...), key)
	has := byKey(file, key)
	for _, r := range file.Rows {
		if old, known := had[keyText(file, r, key)]; !known || !slices.Equal(old, r) {
			e.put.Rows = append(e.put.Rows, r)
		}
	}
	for i, r := range base.Rows {
		if _, still := has[keyText(base, r, key)]; !still {
			e.del.Rows = append(e.del.Rows, base.Project(key...).Rows[i])
		}
	}
	return e
}

// patch makes the same edit to other rows of the table, of which it knows only the key.
func (e edit) patch(rows *schema.Rows, key []string) *schema.Rows {
	gone := byKey(e.del, key)
	put := byKey(e.put.Project(rows.Columns...), key)
	out := &schema.Rows{Columns: rows.Columns}
	for _, r := range rows.Rows {
		k := keyText(rows, r, key)
		if _, deleted := gone[k]; deleted {
			continue
		}
		if changed, ok := put[k]; ok {
			r = changed
			delete(put, k)
		}
		out.Rows = append(out.Rows, r)
	}
	for _, r := range e.put.Project(rows.Columns...).Rows {
		if _, left := put[keyText(rows, r, key)]; left {
			out.Rows = append(out.Rows, r)
		}
	}
	return out
}

func byKey(rows *schema.Rows, key []string) map[string]schema.Row {
	m := make(map[string]schema.Row, len(rows.Rows))
	for _, r := range rows.Rows {
		m[keyText(rows, r, key)] = r
	}
	return m
}

// keyText joins the key of a row; lengths keep ("a","bc") and ("ab","c") apart.
func keyText(rows *schema.Rows, r schema.Row, key []string) string {
	var text []byte
	for _, c := range key {
		cell := r[rows.Index(c)].Text
		text = append(text, itoa(len(cell))...)
		text = append(text, ':')
		text = append(text, cell...)
	}
	return string(text)
}

func sameRows(a, b *schema.Rows) bool {
	return slices.Equal(a.Columns, b.Columns) &&
		slices.EqualFunc(a.Rows, b.Rows, func(x, y schema.Row) bool { return slices.Equal(x, y) })
}
