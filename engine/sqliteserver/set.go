package sqliteserver

import (
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/engine/wire"
)

// assignment is one item of SET.
type assignment struct {
	target token
	value  []token
}

// set plans a SET statement. Any session variable may be set, because a stand-in cannot know them all; only autocommit
// has an effect of its own.
func (s *session) set(sql string, t []token) (done func() error, err error) {
	var list []assignment
	for len(t) > 0 {
		n := itemLength(t)
		item := t[:n]
		t = t[min(n+1, len(t)):]
		if a, ok := parseItem(item); ok {
			list = append(list, a...)
		} else {
			return nil, wire.Errorf(1064, "42000", "You have an error in your SQL syntax near '%s'", strings.TrimSpace(sql))
		}
	}
	return func() error {
		for _, a := range list {
			if err := s.assign(a); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// itemLength is the number of tokens before the next comma outside parentheses.
func itemLength(t []token) int {
	depth := 0
	for i := range t {
		switch {
		case t[i].is("("):
			depth++
		case t[i].is(")"):
			depth--
		case t[i].is(",") && depth == 0:
			return i
		}
	}
	return len(t)
}

// charsetVariables are what SET NAMES sets.
var charsetVariables = []string{"character_set_client", "character_set_connection", "character_set_results"}

// parseItem reads one item. What changes nothing here, such as SET TRANSACTION, gives no assignment.
func parseItem(t []token) ([]assignment, bool) {
	for len(t) > 1 && (t[0].is("SESSION") || t[0].is("GLOBAL") || t[0].is("LOCAL")) {
		t = t[1:]
	}
	if len(t) < 2 {
		return nil, false
	}
	switch {
	case t[0].is("NAMES"):
		return charset(t[1:]), true
	case t[0].is("CHARSET"):
		return charset(t[1:2]), true
	case t[0].is("CHARACTER") && t[1].is("SET") && len(t) > 2:
		return charset(t[2:3]), true
	case t[0].is("TRANSACTION"):
		return nil, true
	}
	value := t[1:]
	if value[0].is(":") {
		value = value[1:]
	}
	if len(value) < 2 || !value[0].is("=") {
		return nil, false
	}
	return []assignment{{target: t[0], value: value[1:]}}, true
}

func charset(t []token) (list []assignment) {
	for _, name := range charsetVariables {
		list = append(list, assignment{target: token{kind: word, text: name}, value: t[:1]})
	}
	if len(t) == 3 && t[1].is("COLLATE") {
		list = append(list, assignment{target: token{kind: word, text: "collation_connection"}, value: t[2:]})
	}
	return list
}

// assign carries one assignment out.
func (s *session) assign(a assignment) error {
	value, err := s.evaluate(a.value)
	if err != nil {
		return err
	}
	if a.target.kind == userVar {
		s.userVars[strings.ToLower(a.target.text)] = value
		return nil
	}
	name := sysVarName(a.target.text)
	if name != "autocommit" {
		s.vars[name] = value.Text
		return nil
	}
	switch strings.ToUpper(value.Text) {
	case "1", "ON", "TRUE", "DEFAULT":
		return s.setAutocommit(true)
	case "0", "OFF", "FALSE":
		return s.setAutocommit(false)
	}
	return wire.Errorf(1231, "42000", "Variable 'autocommit' can't be set to the value of '%s'", value.Text)
}

// evaluate gives the value of the right side: a word as it is, anything else as SQLite computes it.
func (s *session) evaluate(t []token) (wire.Value, error) {
	if len(t) == 1 && t[0].kind == word {
		return wire.Value{Text: t[0].text, Null: t[0].is("NULL")}, nil
	}
	var parts []string
	for _, v := range t {
		parts = append(parts, v.text)
	}
	sql := "SELECT " + strings.Join(parts, " ")
	_, _, tokens := split(sql)
	sql, err := s.variables(sql, tokens)
	if err != nil {
		return wire.Value{}, err
	}
	return s.scalar(sql)
}

// scalar gives the first column of the first row.
func (s *session) scalar(sql string) (wire.Value, error) {
	db, err := s.database()
	if err != nil {
		return wire.Value{}, err
	}
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return wire.Value{}, err
	}
	defer stmt.Close()
	if err := s.bind(stmt); err != nil {
		return wire.Value{}, err
	}
	if !stmt.Step() || stmt.ColumnType(0) == sqlite3.NULL {
		return wire.Value{Null: true}, stmt.Err()
	}
	return wire.Text(stmt.ColumnText(0)), nil
}

// bind gives the @variables of a statement their values; one that was never set is NULL.
func (s *session) bind(stmt *sqlite3.Stmt) error {
	for i := 1; i <= stmt.BindCount(); i++ {
		v, ok := s.userVars[strings.ToLower(stmt.BindName(i))]
		if !ok || v.Null {
			continue
		}
		if err := stmt.BindText(i, v.Text); err != nil {
			return err
		}
	}
	return nil
}
