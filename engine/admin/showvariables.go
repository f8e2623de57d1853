package admin

import (
	"context"
)

// variableCommands show variables of memory.
func variableCommands() []command {
	all := []command{{text: "SELECT @@", arg: true, stats: true, run: selectVariable}}
	for _, which := range []struct{ text, condition string }{
		{"SHOW ALL VARIABLES", ""}, {"SHOW VARIABLES", ""}, {"SHOW GLOBAL VARIABLES", ""},
		{"SHOW ADMIN VARIABLES", " WHERE variable_name LIKE 'admin-%'"}, {"SHOW MYSQL VARIABLES", " WHERE variable_name LIKE 'mysql-%'"},
	} {
		all = append(all, command{text: which.text, stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.variables(ctx, selectVariables+which.condition+" ORDER BY variable_name")
		}})
	}
	all = append(all, command{text: "SHOW KEEPSQL VARIABLES", run: func(ctx context.Context, s *session, _ call) (answer, error) {
		return s.runSelect(ctx, "SELECT variable_name AS Variable_name, variable_value AS Value FROM main.keepsql_variables ORDER BY variable_name")
	}})
	for _, how := range []string{"LIKE", "WHERE"} {
		for _, global := range []string{"", "GLOBAL "} {
			all = append(all, command{text: "SHOW " + global + "VARIABLES " + how + " ", arg: true, stats: true, run: showSome(how)})
		}
	}
	return all
}

// selectVariables names the columns as MySQL does; a condition may use either name.
const selectVariables = "SELECT variable_name AS Variable_name, variable_value AS Value FROM %s.global_variables"

// showSome is SHOW VARIABLES LIKE pattern or WHERE condition.
func showSome(how string) func(context.Context, *session, call) (answer, error) {
	return func(ctx context.Context, s *session, c call) (answer, error) {
		condition := c.arg
		if how == "LIKE" {
			condition = "variable_name LIKE " + c.arg
		}
		return s.variables(ctx, selectVariables+" WHERE "+condition)
	}
}
