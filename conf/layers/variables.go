package layers

import (
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// readVariables tries every row of memory: what passes is in force, what does not is set back
// in memory to the value in force, and a name that does not exist is deleted.
func (m *Manager) readVariables(mod schema.Module) (map[string]*schema.Rows, error) {
	inForce := m.variablesInForce(mod)
	err := m.store.Tx(func(tx store.Tx) error {
		rows, err := tx.Query("SELECT variable_name, variable_value FROM main."+mod.VariablesTable()+" WHERE substr(variable_name, 1, ?) = ?",
			schema.Text(itoa(len(mod.Prefix))), schema.Text(mod.Prefix))
		if err != nil {
			return err
		}
		for _, r := range rows.Rows {
			if err := m.tryVariable(tx, mod, inForce, r[0].Text, r[1].Text); err != nil {
				return err
			}
		}
		return nil
	})
	return map[string]*schema.Rows{mod.VariablesTable(): m.variableRows(mod, inForce)}, err
}

// variablesInForce starts from the runtime, at boot from the defaults.
func (m *Manager) variablesInForce(mod schema.Module) Variables {
	if s := m.current[mod.Name].Load(); s != nil {
		return s.Variables()
	}
	v := Variables{}
	for _, def := range m.defaults(mod.Prefix) {
		v[def[0].Text] = def[1].Text
	}
	if mod.Name == schema.AdminVariables {
		v[versionVariable] = m.shown.text
	}
	return v
}

// known lists the variables with the prefix that this process has.
func (m *Manager) known(prefix string) []schema.Variable {
	all := schema.Variables(prefix)
	if !m.noSQLiteServer {
		return all
	}
	embedded, _ := schema.FindModule(schema.SQLiteVariables)
	return slices.DeleteFunc(all, func(v schema.Variable) bool { return strings.HasPrefix(v.Name, embedded.Prefix) })
}

// defaults gives name and default of every variable with the prefix, as rows.
func (m *Manager) defaults(prefix string) []schema.Row {
	var rows []schema.Row
	for _, v := range m.known(prefix) {
		value := v.Default
		if v.Name == versionVariable {
			value = m.version
		}
		rows = append(rows, schema.Row{schema.Text(v.Name), schema.Text(value)})
	}
	return rows
}

// tryVariable puts one row of memory into force or sets the row right.
func (m *Manager) tryVariable(tx store.Tx, mod schema.Module, inForce Variables, name, value string) error {
	short := strings.TrimPrefix(name, mod.Prefix)
	v := schema.FindVariable(name)
	if v == nil {
		m.log.Warn().Msgf("Impossible to set not existing variable %s with value \"%s\". Deleting. If the variable name is correct, this version doesn't support it", short, value)
		return tx.Exec("DELETE FROM main."+mod.VariablesTable()+" WHERE variable_name = ?", schema.Text(name))
	}
	canonical, err := v.Check(value)
	switch {
	case value == inForce[name]:
		return nil
	case err != nil && v.Kind == schema.Release:
		m.log.Warn().Str("cause", err.Error()).Msgf("Impossible to set read-only variable %s with value \"%s\". Resetting to current \"%s\".", short, value, inForce[name])
	case err != nil:
		m.log.Warn().Str("cause", err.Error()).Msgf("Impossible to set variable %s with value \"%s\". Resetting to current \"%s\".", short, value, inForce[name])
	case v.Restart && m.current[mod.Name].Load() != nil:
		m.log.Warn().Str("cause", name+" takes effect at the next start only").Msgf("Impossible to set variable %s with value \"%s\". Resetting to current \"%s\".", short, value, inForce[name])
	default:
		inForce[name] = canonical
		return nil
	}
	return tx.Exec("UPDATE main."+mod.VariablesTable()+" SET variable_value = ? WHERE variable_name = ?", schema.Text(inForce[name]), schema.Text(name))
}

// variableRows lists variables in the order of their names.
func (m *Manager) variableRows(mod schema.Module, v Variables) *schema.Rows {
	rows := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, def := range m.known(mod.Prefix) {
		rows.Rows = append(rows.Rows, schema.Row{schema.Text(def.Name), schema.Text(v[def.Name])})
	}
	sortRows(rows, "variable_name")
	return rows
}
