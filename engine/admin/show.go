package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// showCommands show what schemas and tables there are.
func showCommands() []command {
	return []command{
		{text: "SHOW DATABASES", stats: true, run: showDatabases},
		{text: "SHOW SCHEMAS", stats: true, run: showDatabases},
		{text: "SHOW TABLES", stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.showTables(ctx, s.home(), "")
		}},
		{text: "SHOW TABLES FROM ", arg: true, stats: true, run: showTablesFrom},
		{text: "SHOW TABLES IN ", arg: true, stats: true, run: showTablesFrom},
		{text: "SHOW TABLES LIKE ", arg: true, stats: true, run: func(ctx context.Context, s *session, c call) (answer, error) {
			return s.showTables(ctx, s.home(), " AND name LIKE "+c.arg)
		}},
		{text: "SHOW KEEPSQL TABLES", run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.runSelect(ctx, "SELECT name AS tables FROM (SELECT name FROM main.sqlite_master UNION SELECT name FROM stats.sqlite_master) WHERE name IN ("+ownTables()+") ORDER BY name")
		}},
		{text: "SHOW CREATE TABLE ", arg: true, stats: true, run: showCreateTable},
		{text: "SHOW CHARSET", stats: true, run: showCharset},
		{text: "SHOW MYSQL USERS", run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.runSelect(ctx, "SELECT * FROM main.mysql_users ORDER BY username, active DESC")
		}},
		{text: "SHOW MYSQL SERVERS", run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.runSelect(ctx, "SELECT * FROM main.mysql_servers ORDER BY hostgroup_id, hostname, port")
		}},
		{text: "SHOW MYSQL STATUS", stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.runSelect(ctx, "SELECT Variable_Name AS Variable_name, Variable_Value AS Value FROM stats.stats_mysql_global ORDER BY Variable_Name")
		}},
	}
}

// home is the schema whose tables the session sees without naming one.
func (s *session) home() string {
	if s.class == statsClass {
		return "stats"
	}
	return "main"
}

func showDatabases(ctx context.Context, s *session, _ call) (answer, error) {
	r, err := s.srv.store.Exec(ctx, "PRAGMA database_list")
	if err != nil {
		return answer{}, err
	}
	visible := r.Rows.Rows[:0]
	for _, row := range r.Rows.Rows {
		if name := row[1].Text; name != "temp" && (s.class == adminClass || strings.HasPrefix(name, "stats") || name == "monitor") {
			visible = append(visible, row)
		}
	}
	r.Rows.Rows = visible
	return answer{rows: r.Rows}, nil
}

// showTablesFrom takes the schema as it stands, so that the errors are SQLite's.
func showTablesFrom(ctx context.Context, s *session, c call) (answer, error) {
	return s.showTables(ctx, c.arg, "")
}

func (s *session) showTables(ctx context.Context, from, condition string) (answer, error) {
	return s.runSelect(ctx, "SELECT name AS tables FROM "+from+".sqlite_master WHERE type='table' AND name<>'sqlite_sequence' AND name NOT IN ("+ownTables()+")"+condition+" ORDER BY name")
}

// ownTables lists the tables that ProxySQL does not have, as SQL strings: SHOW TABLES leaves them out, since clients compare.
func ownTables() string {
	var names []string
	for _, s := range schema.Schemas {
		for _, t := range schema.Tables(s) {
			if t.Own() {
				names = append(names, literal(t.Name))
			}
		}
	}
	return strings.Join(names, ",")
}

// showCreateTable shows the columns of a definition on lines of their own. It gives no row for a table that does not exist, as
// upstream.
func showCreateTable(ctx context.Context, s *session, c call) (answer, error) {
	from, name := s.tableName(c.arg)
	const newLine = "char(10)||'    '"
	head := literal("CREATE TABLE " + name + " (")
	text := fmt.Sprintf("REPLACE(REPLACE(sql,' , ',','||%s),%s,%s||%s)", newLine, head, head, newLine)
	return s.runSelect(ctx, "SELECT name AS 'table', "+text+" AS 'Create Table' FROM "+ident(from)+
		".sqlite_master WHERE type='table' AND name="+literal(name))
}

// tableName reads [schema.]table, with or without backticks.
func (s *session) tableName(text string) (from, name string) {
	text = strings.ReplaceAll(text, "`", "")
	if before, after, qualified := strings.Cut(text, "."); qualified {
		return before, after
	}
	return s.home(), text
}

// ident quotes a name for SQL.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
