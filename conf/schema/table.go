package schema

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed sql/*.sql
var definitions embed.FS

// Schemas are the databases of the admin interface, in upstream's order.
var Schemas = []string{"main", "disk", "stats", "monitor", "stats_history"}

// Column is one column of a Table.
type Column struct {
	Name    string
	Type    string // as declared: "INT", "VARCHAR", "INT UNSIGNED", …
	NotNull bool
	Default Cell   // what an INSERT without the column stores; Null where there is none
	Check   string // the condition its values must meet, SQL; empty where there is none
}

// Integer tells whether the column holds whole numbers.
func (c Column) Integer() bool { return strings.HasPrefix(c.Type, "INT") }

// Table is one table of one schema.
type Table struct {
	Schema  string
	Name    string
	DDL     string // the CREATE TABLE statement in upstream's form, on one line, without a semicolon
	Columns []Column
	Key     []string // the primary key, in order; empty for a table without one
}

// Own tells whether the table is keepsql's: ProxySQL has none of that name.
func (t *Table) Own() bool {
	switch t.Name {
	case "keepsql_variables", "runtime_keepsql_variables", "stats_config_history", "stats_cluster_modules", "stats_keepsql_global":
		return true
	}
	return false
}

// ColumnNames lists the columns in order.
func (t *Table) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Column returns the column of that name, in any letter case as SQLite does.
func (t *Table) Column(name string) (Column, bool) {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return Column{}, false
}

// tables reads the embedded definitions once; a text that cannot be read is a broken build.
var tables = sync.OnceValue(func() map[string][]*Table {
	out := make(map[string][]*Table, len(Schemas))
	for _, schema := range Schemas {
		text, err := definitions.ReadFile("sql/" + schema + ".sql")
		if err != nil {
			panic(fmt.Sprintf("read definitions of schema %s: %v", schema, err))
		}
		for stmt := range strings.SplitSeq(string(text), ";\n") {
			if i := strings.Index(stmt, "CREATE TABLE"); i >= 0 {
				out[schema] = append(out[schema], parseTable(schema, stmt[i:]))
			}
		}
	}
	return addTwins(out)
})

// addTwins adds the tables that look like others: every table an operator edits has one on
// disk and one that shows the runtime, and some statistics one that is emptied by reading it.
func addTwins(t map[string][]*Table) map[string][]*Table {
	for _, table := range slices.Clone(t["main"]) {
		if strings.HasPrefix(table.Name, "runtime_") {
			continue
		}
		if table.Name != "coredump_filters" {
			t["disk"] = append(t["disk"], table.twin("disk", table.Name))
		}
		if table.Name != "mysql_collations" {
			t["main"] = append(t["main"], table.twin("main", "runtime_"+table.Name))
		}
	}
	for _, name := range []string{
		"stats_mysql_client_host_cache", "stats_mysql_connection_pool", "stats_mysql_errors",
		"stats_mysql_query_digest", "stats_proxysql_message_metrics",
	} {
		i := slices.IndexFunc(t["stats"], func(table *Table) bool { return table.Name == name })
		t["stats"] = append(t["stats"], t["stats"][i].twin("stats", name+"_reset"))
	}
	return t
}

// twin is the same table under another name.
func (t *Table) twin(schema, name string) *Table {
	twin := *t
	twin.Schema, twin.Name = schema, name
	twin.DDL = strings.Replace(t.DDL, "CREATE TABLE "+t.Name, "CREATE TABLE "+name, 1)
	return &twin
}

// Tables lists the tables of a schema in the order they are made.
func Tables(schema string) []*Table { return tables()[schema] }

// Lookup finds a table by schema and name; nil where there is none.
func Lookup(schema, name string) *Table {
	i := slices.IndexFunc(tables()[schema], func(t *Table) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return tables()[schema][i]
}

// parseTable reads the one form that sql/*.sql are written in: a column or constraint a line.
func parseTable(schema, ddl string) *Table {
	head, body, _ := strings.Cut(ddl, " (\n")
	t := &Table{Schema: schema, Name: strings.TrimPrefix(head, "CREATE TABLE "), DDL: oneLine(ddl)}
	for line := range strings.SplitSeq(strings.TrimSuffix(body, ")"), "\n") {
		line = strings.TrimSuffix(strings.TrimSpace(line), ",")
		switch {
		case strings.HasPrefix(line, "PRIMARY KEY ("):
			list, _, _ := strings.Cut(strings.TrimPrefix(line, "PRIMARY KEY ("), ")")
			t.Key = strings.Split(list, ", ")
		case strings.HasPrefix(line, "UNIQUE"):
		default:
			c, key := parseColumn(line)
			t.Columns = append(t.Columns, c)
			if key {
				t.Key = []string{c.Name}
			}
		}
	}
	return t
}

// oneLine gives a definition the form in which upstream keeps it on disk, with " , " between columns: ProxySQL compares texts,
// and empties a table whose text is another.
func oneLine(ddl string) string {
	head, body, _ := strings.Cut(ddl, " (\n")
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(strings.TrimSpace(line), ",")
	}
	return head + " (" + strings.Join(lines, " , ")
}

// parseColumn reads `name TYPE [CHECK (…)] [NOT NULL] [DEFAULT x] [PRIMARY KEY]`; key tells
// whether the column alone is the primary key.
func parseColumn(line string) (c Column, key bool) {
	name, rest, _ := strings.Cut(line, " ")
	c.Name = strings.Trim(name, `"`)
	c.Type, _, _ = strings.Cut(rest, " ")
	if strings.HasPrefix(rest, "INT UNSIGNED") {
		c.Type = "INT UNSIGNED"
	}
	c.NotNull = strings.Contains(rest, "NOT NULL")
	key = strings.Contains(rest, "PRIMARY KEY")
	c.Check = condition(rest)
	c.Default = Null
	if i := strings.LastIndex(rest, "DEFAULT "); i >= 0 {
		value := strings.TrimSuffix(rest[i+len("DEFAULT "):], " PRIMARY KEY")
		if value != "NULL" {
			c.Default = Text(strings.Trim(value, "'"))
		}
	}
	return c, key
}

// condition is what stands in the parentheses behind CHECK.
func condition(rest string) string {
	i := strings.Index(rest, "CHECK")
	if i < 0 {
		return ""
	}
	rest = strings.TrimLeft(rest[i+len("CHECK"):], " ")
	depth := 0
	for i, c := range rest {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return strings.TrimSpace(rest[1:i])
			}
		}
	}
	return ""
}
