package store

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// Upgrade is a table that another version had written. Its rows are in the table of today, with the defaults for columns
// that it did not have, and it is still there as Kept.
type Upgrade struct {
	Table string // qualified: "disk.mysql_servers"
	Kept  string // the name the old table has now, in the same schema
	Rows  int
	Lost  []string // columns that today's table does not have; their values are in Kept only
}

// upgrade puts today's table in place of an old one, whose columns are given, in one transaction.
func (s *Store) upgrade(schemaName string, t *schema.Table, have []string) error {
	u := Upgrade{Table: schemaName + "." + t.Name}
	shared := slices.DeleteFunc(lower(t.ColumnNames()), func(c string) bool { return !slices.Contains(have, c) })
	for _, c := range have {
		if !slices.Contains(shared, c) {
			u.Lost = append(u.Lost, c)
		}
	}
	if len(shared) == 0 {
		return fmt.Errorf("it shares no column with today's")
	}
	var err error
	if u.Kept, err = s.unusedName(schemaName, t.Name); err != nil {
		return err
	}
	err = transaction(s.db, func() error {
		if err := s.db.Exec(fmt.Sprintf("ALTER TABLE %s RENAME TO %s", u.Table, ident(u.Kept))); err != nil {
			return cause(err)
		}
		if err := create(s.db, schemaName, t); err != nil {
			return err
		}
		list := idents(shared)
		if err := s.db.Exec(fmt.Sprintf("INSERT INTO %s(%s) SELECT %s FROM %s.%s ORDER BY rowid", u.Table, list, list,
			schemaName, ident(u.Kept))); err != nil {
			return cause(err)
		}
		u.Rows = int(s.db.Changes())
		return nil
	})
	if err != nil {
		return err
	}
	s.Upgraded = append(s.Upgraded, u)
	return nil
}

// unusedName gives a name for the old table: mysql_servers_old, mysql_servers_old2, …
func (s *Store) unusedName(schemaName, table string) (string, error) {
	for n := 1; ; n++ {
		name := table + "_old"
		if n > 1 {
			name = fmt.Sprintf("%s_old%d", table, n)
		}
		if columns, err := s.columns(schemaName, name); err != nil || len(columns) == 0 {
			return name, err
		}
	}
}

func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	return out
}
