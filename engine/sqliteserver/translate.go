package sqliteserver

import (
	"strings"

	"github.com/keepsql/keepsql/engine/wire"
)

// own are the first words of statements that are not passed to SQLite as they are.
var own = map[string]bool{
	"SET": true, "USE": true, "BEGIN": true, "START": true, "COMMIT": true, "ROLLBACK": true,
	"SHOW": true, "DESC": true, "DESCRIBE": true, "SELECT": true,
}

// needsTokens tells whether the first statement of a text has to be looked into.
func needsTokens(sql string) bool {
	l := lexer{sql: sql}
	return own[strings.ToUpper(l.next().text)] || strings.Contains(sql, "@@")
}

// translate gives what to do for a statement, or the statement as SQLite takes it.
func (s *session) translate(sql string, t []token) (done func() error, rewritten string, err error) {
	word := func(i int, w string) bool { return i < len(t) && t[i].is(w) }
	switch strings.ToUpper(t[0].text) {
	case "SET":
		done, err = s.set(sql, t[1:])
		return done, "", err
	case "USE":
		if len(t) != 2 {
			return nil, sql, nil // SQLite's syntax error says where
		}
		return func() error { s.schema = t[1].text; return nil }, "", nil
	case "BEGIN":
		if len(t) == 1 || word(1, "WORK") {
			return s.begin, "", nil
		}
	case "START":
		if word(1, "TRANSACTION") {
			return s.begin, "", nil
		}
	case "COMMIT", "ROLLBACK":
		if len(t) == 1 || len(t) == 2 && word(1, "WORK") {
			return func() error { return s.finish(strings.ToUpper(t[0].text)) }, "", nil
		}
	case "SHOW":
		rewritten, err = s.show(sql, t[1:])
		return nil, rewritten, err
	case "DESC", "DESCRIBE":
		if len(t) == 2 {
			return nil, showColumns(t[1].text), nil
		}
	}
	rewritten, err = s.variables(cutLocking(sql, t), t)
	return nil, rewritten, err
}

// cutLocking takes the locking clause off the end of a SELECT: SQLite locks by transaction.
func cutLocking(sql string, t []token) string {
	for i := len(t) - 2; i > 0; i-- {
		lock := t[i].is("FOR") && (t[i+1].is("UPDATE") || t[i+1].is("SHARE")) || t[i].is("LOCK") && t[i+1].is("IN")
		if lock && t[0].is("SELECT") {
			return sql[:t[i].start]
		}
		if t[i].is(")") { // a clause before it belongs to a subquery
			break
		}
	}
	return sql
}

// variables replaces @@name by the value. A result column that is only the variable keeps its name.
func (s *session) variables(sql string, t []token) (string, error) {
	var b strings.Builder
	last := 0
	for i, v := range t {
		if v.kind != sysVar || v.end > len(sql) {
			continue
		}
		value, ok := s.variable(sysVarName(v.text))
		if !ok {
			return "", wire.Errorf(1193, "HY000", "Unknown system variable '%s'", sysVarName(v.text))
		}
		b.WriteString(sql[last:v.start])
		b.WriteString(literal(value))
		if aloneInList(t, i) {
			b.WriteString(` AS "` + v.text + `"`)
		}
		last = v.end
	}
	b.WriteString(sql[last:])
	return b.String(), nil
}

// sysVarName is the name in "@@session.name", in lower case.
func sysVarName(written string) string {
	name := strings.ToLower(strings.TrimPrefix(written, "@@"))
	for _, scope := range []string{"global.", "session.", "local."} {
		name = strings.TrimPrefix(name, scope)
	}
	return name
}

// aloneInList tells whether token i is a whole item of a select list, without an alias.
func aloneInList(t []token, i int) bool {
	before := i > 0 && (t[i-1].is("SELECT") || t[i-1].is(","))
	after := i+1 == len(t) || t[i+1].is(",") || t[i+1].is("LIMIT") || t[i+1].is("FROM")
	return before && after
}

// literal writes a value as an SQL literal: numbers bare, so that they compare as such.
func literal(value string) string {
	if value != "" && len(value) < 19 && strings.Trim(value, "0123456789") == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
