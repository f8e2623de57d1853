package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// setCommands are SET of a variable.
func setCommands() []command {
	return []command{{text: "SET ", arg: true, stats: true, run: setVariable}}
}

// secretVariables are those whose values do not belong in a log.
var secretVariables = map[string]bool{
	"admin-admin_credentials": true, "admin-stats_credentials": true, "admin-cluster_password": true, "mysql-monitor_password": true,
}

// setVariable is SET name=expression: the memory row of one variable gets the value of an SQL expression. An unknown name is
// acknowledged with a remark, as upstream does, since connectors set all kinds of variables.
func setVariable(ctx context.Context, s *session, c call) (answer, error) {
	name, value, _ := strings.Cut(firstStatement(c.arg), "=")
	name, value = strings.TrimSpace(strings.TrimSuffix(name, ":")), strings.TrimSpace(value)
	if secretVariables[name] {
		s.srv.log.Info().Str("client", s.who()).Msgf("Received SET command for %s", name)
	} else {
		s.srv.log.Info().Str("client", s.who()).Msgf("Received command SET %s=%s", name, value)
	}
	switch {
	case schema.FindVariable(name) == nil:
		return answer{info: fmt.Sprintf("ERROR: Unknown global variable: '%s'.", name)}, nil
	case s.class == statsClass:
		return answer{}, adminError("attempt to write a readonly database")
	case name == "mysql-init_connect":
		return answer{}, adminError("ERROR: Global variable '%s' is not configurable using SET command. You must run UPDATE global_variables", name)
	}
	update := fmt.Sprintf("UPDATE main.%s SET variable_value=%s WHERE variable_name='%s'", variablesTable(name), value, name)
	if err := s.oneExpression(ctx, value, update); err != nil {
		return answer{}, err
	}
	r, err := s.runSQL(ctx, update)
	if err == nil {
		s.affected = uint64(r.Affected)
	}
	return answer{affected: s.affected}, err
}

// variablesTable is the table that holds a variable.
func variablesTable(name string) string {
	if strings.HasPrefix(name, "keepsql-") {
		return schema.KeepsqlVariables
	}
	return "global_variables"
}

// oneExpression makes sure that the value is a single expression, which cannot reach other variables. What SQLite says to the
// statement comes first.
func (s *session) oneExpression(ctx context.Context, value, update string) error {
	if _, err := s.srv.store.Run(ctx, "EXPLAIN "+update, store.Rights{}); err != nil {
		return err
	}
	if _, err := s.srv.store.Run(ctx, "EXPLAIN SELECT ("+value+") FROM main.global_variables", store.Rights{}); err != nil {
		return adminError("cannot take %q as the value of one variable: %s", value, err)
	}
	return nil
}

// firstStatement cuts a text off at the first semicolon, and takes comments out, outside of quotes.
func firstStatement(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ';':
			return b.String()
		case c == '\'' || c == '"' || c == '`':
			end := i + 1 + strings.IndexByte(text[i+1:], c)
			if end == i {
				end = len(text) - 1
			}
			b.WriteString(text[i : end+1])
			i = end + 1
		case strings.HasPrefix(text[i:], "--"):
			return b.String() // blanks were collapsed: there are no lines any more
		case strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i:], "*/")
			if n < 0 {
				return b.String()
			}
			i += n + len("*/")
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}
