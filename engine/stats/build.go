package stats

import (
	"strconv"

	"github.com/keepsql/keepsql/conf/schema"
)

// table begins the rows of a table of schema stats. That it exists is an invariant: the names are constants of this package.
func table(name string) *schema.Rows {
	return &schema.Rows{Columns: schema.Lookup("stats", name).ColumnNames()}
}

// cells makes a row of strings and numbers.
func cells(values ...any) schema.Row {
	row := make(schema.Row, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			row[i] = schema.Text(v)
		case int:
			row[i] = schema.Text(strconv.Itoa(v))
		case int64:
			row[i] = schema.Text(strconv.FormatInt(v, 10))
		case uint64:
			row[i] = schema.Text(strconv.FormatUint(v, 10))
		case schema.Cell:
			row[i] = v
		default:
			panic("stats: cell of an unknown type")
		}
	}
	return row
}
