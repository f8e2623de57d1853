package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// variableSections are the groups of variables and the prefix each adds.
var variableSections = map[string]string{
	"admin_variables":        "admin-",
	"mysql_variables":        "mysql-",
	"sqliteserver_variables": "sqliteserver-",
	"keepsql_variables":      "keepsql-",
}

// variables decodes one group of variables. What upstream ignores, with or without a line in
// its log, is a warning, and the value in force stays.
func (d *decoder) variables(s *confparse.Setting, prefix string) {
	if s.Value.Kind != confparse.Group {
		d.errorAt(s.Value.Pos, 1, CodeType, fmt.Sprintf("write %s = { name=value … }", s.Name), "%s wants a group", s.Name)
		return
	}
	for _, v := range s.Value.Group {
		name := prefix + v.Name
		def := schema.FindVariable(name)
		if def == nil {
			d.warnAt(v.Pos, len(v.Name), CodeUnknownVariable, variableHint(v.Name, prefix), "unknown variable %q is ignored", v.Name)
			continue
		}
		text, ok := scalar(v.Value)
		if !ok {
			d.warnAt(v.Value.Pos, 1, CodeType, "the value in force stays", "%s wants a string, a plain whole number, true or false; it is ignored", v.Name)
			continue
		}
		if _, err := def.Check(text); err != nil {
			d.warnAt(v.Value.Pos, 1, CodeRange, "the value in force stays", "%v", err)
			continue
		}
		d.file.Variables = slices.DeleteFunc(d.file.Variables, func(o Variable) bool { return o.Name == name })
		d.file.Variables = append(d.file.Variables, Variable{Pos: v.Pos, Name: name, Value: text})
	}
}

// variableHint says what to write instead of an unknown name.
func variableHint(name, prefix string) string {
	for _, p := range variableSections {
		if short, found := strings.CutPrefix(name, p); found && schema.FindVariable(name) != nil {
			return fmt.Sprintf("inside a section the name goes without its prefix: %s", short)
		}
	}
	var known []string
	for _, v := range schema.Variables(prefix) {
		known = append(known, strings.TrimPrefix(v.Name, prefix))
	}
	return suggestion(name, known)
}

// scalar gives a value as the text that global_variables holds.
func scalar(v confparse.Value) (string, bool) {
	switch v.Kind {
	case confparse.String:
		return v.Str, true
	case confparse.Int:
		return strconv.FormatInt(v.Int, 10), true
	case confparse.Bool:
		return strconv.FormatBool(v.Bool), true
	}
	return "", false
}
