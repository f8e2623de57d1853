package admin

import (
	"context"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/wire"
)

// describeCommands describe tables in MySQL's form, which mysqldump asks for.
func describeCommands() []command {
	return []command{
		{text: "SHOW FIELDS FROM ", arg: true, stats: true, run: showFields},
		{text: "SHOW TABLE STATUS LIKE ", arg: true, stats: true, run: showTableStatus},
	}
}

var errNoTable = wire.Errorf(1045, "28000", "Table does not exist")

// tableInfo gives SQLite's description of a table's columns, nil where the session sees no such table.
func (s *session) tableInfo(ctx context.Context, from, name string) (*store.Result, error) {
	if s.class == statsClass && !strings.HasPrefix(from, "stats") && from != "monitor" {
		return nil, errNoTable
	}
	r, err := s.srv.store.Exec(ctx, "PRAGMA "+ident(from)+".table_info("+ident(name)+")")
	if err != nil {
		return nil, err
	}
	if len(r.Rows.Rows) == 0 {
		return nil, errNoTable
	}
	return &r, nil
}

func showFields(ctx context.Context, s *session, c call) (answer, error) {
	from, name := s.tableName(c.arg)
	info, err := s.tableInfo(ctx, from, name)
	if err != nil {
		return answer{}, err
	}
	a := table([]string{"Field", "Type", "Null", "Key", "Default", "Extra"})
	for i := range info.Rows.Rows {
		null, key := "NO", ""
		if info.Rows.Get(i, "notnull").Text == "0" {
			null = "YES"
		}
		if info.Rows.Get(i, "pk").Text != "0" {
			key = "PRI"
		}
		row := table(nil, []string{info.Rows.Get(i, "name").Text, "varchar(255)", null, key, "", ""})
		a.rows.Rows = append(a.rows.Rows, row.rows.Rows...)
	}
	return a, nil
}

// showTableStatus takes an exact name, as mysqldump gives it. A table counts at least one row, as upstream's.
func showTableStatus(ctx context.Context, s *session, c call) (answer, error) {
	from, name := s.tableName(strings.ReplaceAll(strings.Trim(c.arg, `'"`), `\`, ""))
	if _, err := s.tableInfo(ctx, from, name); err != nil {
		return answer{}, err
	}
	r, err := s.runSelect(ctx, "SELECT count(*) FROM "+ident(from)+"."+ident(name))
	if err != nil {
		return answer{}, err
	}
	n, err := strconv.Atoi(r.rows.Rows[0][0].Text)
	if err != nil {
		return answer{}, err
	}
	const never = "0000-00-00 00:00:00"
	return table([]string{
		"Name", "Engine", "Version", "Row_format", "Rows", "Avg_row_length", "Data_length", "Max_data_length", "Index_length", "Data_free",
		"Auto_increment", "Create_time", "Update_time", "Check_time", "Collation", "Checksum", "Create_options", "Comment",
	}, []string{
		name, "SQLite", "10", "Dynamic", strconv.Itoa(max(n, 1)), "0", "0", "0", "0", "0",
		"NULL", never, never, never, "utf8_bin", "NULL", "", "",
	}), nil
}
