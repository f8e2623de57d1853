package admin

import (
	"maps"
	"slices"
	"strconv"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// runtimeTables gives the content of the runtime_ tables, by name.
func runtimeTables(m *layers.Manager) map[string]func() (*schema.Rows, any) {
	tables := map[string]func() (*schema.Rows, any){
		"runtime_global_variables":           func() (*schema.Rows, any) { return runtimeVariables(m, "global_variables"), nil },
		"runtime_" + schema.KeepsqlVariables: func() (*schema.Rows, any) { return runtimeVariables(m, schema.KeepsqlVariables), nil },
		"runtime_checksums_values":           func() (*schema.Rows, any) { return checksums(m.Stamps()), nil },
	}
	for _, mod := range schema.Modules() {
		for _, table := range mod.Tables {
			tables["runtime_"+table] = func() (*schema.Rows, any) {
				snap := m.Snapshot(mod.Name)
				if snap == nil {
					return &schema.Rows{}, nil
				}
				return snap.Runtime[table], snap
			}
		}
	}
	return tables
}

// runtimeVariables joins the variables of all modules that keep some in a table.
func runtimeVariables(m *layers.Manager, table string) *schema.Rows {
	all := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, mod := range schema.Modules() {
		if snap := m.Snapshot(mod.Name); mod.Prefix != "" && mod.VariablesTable() == table && snap != nil {
			all.Rows = append(all.Rows, snap.Runtime[table].Rows...)
		}
	}
	return all
}

// checksums shows the stamps of the modules.
func checksums(stamps map[string]layers.Stamp) *schema.Rows {
	rows := &schema.Rows{Columns: []string{"name", "version", "epoch", "checksum"}}
	for _, name := range slices.Sorted(maps.Keys(stamps)) {
		s := stamps[name]
		rows.Rows = append(rows.Rows, schema.Row{
			schema.Text(name), schema.Text(strconv.FormatUint(s.Version, 10)),
			schema.Text(strconv.FormatInt(s.Epoch, 10)), schema.Text(s.Checksum),
		})
	}
	return rows
}
