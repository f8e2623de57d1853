package cnfwriter

import (
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// joinUsers makes one row of a frontend and a backend row that are alike otherwise, as SAVE MYSQL USERS FROM RUNTIME leaves
// them: together they are what the file says with one.
func joinUsers(rows *schema.Rows) *schema.Rows {
	frontend, backend := rows.Index("frontend"), rows.Index("backend")
	if frontend < 0 || backend < 0 {
		return rows
	}
	identity := func(r schema.Row) string {
		var b strings.Builder
		for i, c := range r {
			if i != frontend && i != backend {
				b.WriteString(quote(c.Text))
			}
		}
		return b.String()
	}
	out := &schema.Rows{Columns: rows.Columns}
	half := map[string]int{} // row of out by identity, of those that are one half
	for _, r := range rows.Rows {
		id := identity(r)
		if i, twin := half[id]; twin && out.Rows[i][frontend].Text == r[backend].Text && out.Rows[i][backend].Text == r[frontend].Text {
			out.Rows[i][frontend], out.Rows[i][backend] = schema.Text("1"), schema.Text("1")
			delete(half, id)
			continue
		}
		if r[frontend].Text != r[backend].Text {
			half[id] = len(out.Rows)
		}
		out.Rows = append(out.Rows, slices.Clone(r))
	}
	return out
}
