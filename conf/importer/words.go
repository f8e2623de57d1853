package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
)

// word gives a name as it is where that is one clear word, else quoted.
func word(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r == '"' || r == ',' || r == ' ' || !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// say gives a value in words.
func say(c schema.Column, cell schema.Cell) string {
	switch {
	case cell.Null:
		return "nothing (NULL)"
	case c.Integer():
		return word(cell.Text)
	}
	return strconv.Quote(cell.Text)
}

// oneLine keeps a text from being taken for more than one line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// hide takes the secrets of a row out of a text about it. Such a text names values only where
// their table checks them.
func hide(f conf.Form, row schema.Row, text string) string {
	for i, c := range f.Columns {
		if secretColumn(f.Table, c.Name) && c.Check != "" && row[i].Text != "" && row[i] != c.Absent {
			text = strings.ReplaceAll(text, row[i].Text, "***")
		}
	}
	return text
}

// secretColumn tells whether the values of a column are never shown. The arguments of jobs are where people put passwords.
func secretColumn(table, column string) bool {
	switch table {
	case "mysql_users":
		return column == "password" || column == "attributes"
	case "scheduler":
		return strings.HasPrefix(column, "arg")
	}
	return false
}

// secretVariable tells whether the value of a variable must not be shown.
func secretVariable(name string) bool {
	return strings.Contains(name, "password") || strings.Contains(name, "credentials")
}

// sayVariable gives a value of a variable in words.
func sayVariable(v *schema.Variable, value string) string {
	if v.Kind == schema.Integer || v.Kind == schema.Boolean {
		return word(value)
	}
	return strconv.Quote(value)
}

// disagree says in words that two sources have different values.
func disagree(secret bool, cnf, db string) string {
	if secret {
		return "the cnf and the database (in force) have different values (not shown)"
	}
	return fmt.Sprintf("the cnf says %s, the database (in force) says %s", cnf, db)
}

// keyColumns are the columns that name a row of a form: its table's key, without what is always
// the same.
func keyColumns(f conf.Form) []int {
	key := schema.Lookup("main", f.Table).Key
	var out []int
	for i, c := range f.Columns {
		if slices.Contains(key, c.Name) && !c.Fixed {
			out = append(out, i)
		}
	}
	return out
}

// keyWords names a row: "hostgroup_id=10, hostname=db1, port=3306".
func keyWords(f conf.Form, row schema.Row) string {
	var words []string
	for _, i := range keyColumns(f) {
		words = append(words, f.Columns[i].Name+"="+word(row[i].Text))
	}
	return strings.Join(words, ", ")
}

// count gives "1 row", "2 rows".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
