package sqliteserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// show turns a SHOW statement into a SELECT; what is not known here is left to SQLite's syntax error.
func (s *session) show(sql string, t []token) (string, error) {
	for len(t) > 0 && (t[0].is("FULL") || t[0].is("GLOBAL") || t[0].is("SESSION") || t[0].is("LOCAL") || t[0].is("EXTENDED")) {
		t = t[1:]
	}
	if len(t) == 0 {
		return sql, nil
	}
	switch strings.ToUpper(t[0].text) {
	case "TABLES":
		schema, rest := s.from(t[1:])
		name := quoteName("Tables_in_" + schema)
		return "SELECT * FROM (SELECT name AS " + name +
			" FROM sqlite_schema WHERE type IN ('table','view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')" +
			filter(sql, rest, name) + " ORDER BY 1", nil
	case "DATABASES", "SCHEMAS":
		return `SELECT * FROM (SELECT name AS "Database" FROM pragma_database_list)` + filter(sql, t[1:], `"Database"`), nil
	case "VARIABLES":
		return s.showVariables() + filter(sql, t[1:], `"Variable_name"`), nil
	case "STATUS":
		return none("Variable_name", "Value"), nil
	case "WARNINGS", "ERRORS":
		return none("Level", "Code", "Message"), nil
	case "COLUMNS", "FIELDS":
		if len(t) >= 3 {
			return showColumns(t[2].text), nil
		}
	case "CREATE":
		if len(t) == 3 && t[1].is("TABLE") {
			return `SELECT name AS "Table", sql AS "Create Table" FROM sqlite_schema WHERE type='table' AND name=` + literal(t[2].text), nil
		}
	}
	return sql, nil
}

// from reads "FROM schema". The one database is behind every name.
func (s *session) from(t []token) (schema string, rest []token) {
	if len(t) >= 2 && (t[0].is("FROM") || t[0].is("IN")) {
		return t[1].text, t[2:]
	}
	return s.schema, t
}

// filter turns "LIKE 'pattern'" into a condition on a column, and takes "WHERE …" as it is.
func filter(sql string, t []token, column string) string {
	switch {
	case len(t) >= 2 && t[0].is("LIKE"):
		return " WHERE " + column + " LIKE " + t[1].text + ` ESCAPE '\'`
	case len(t) > 0:
		return " " + sql[t[0].start:]
	}
	return ""
}

func (s *session) showVariables() string {
	all := s.allVariables()
	var rows []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, fmt.Sprintf("(%s,%s)", literal(name), literal(all[name])))
	}
	return `SELECT * FROM (SELECT column1 AS "Variable_name", column2 AS "Value" FROM (VALUES ` + strings.Join(rows, ",") + "))"
}

// none is a result set without rows.
func none(columns ...string) string {
	for i, c := range columns {
		columns[i] = "'' AS " + quoteName(c)
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE 0"
}

func showColumns(table string) string {
	return `SELECT name AS "Field", type AS "Type", CASE WHEN "notnull" THEN 'NO' ELSE 'YES' END AS "Null",
		CASE WHEN pk THEN 'PRI' ELSE '' END AS "Key", dflt_value AS "Default", '' AS "Extra"
		FROM pragma_table_info(` + literal(table) + ")"
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
