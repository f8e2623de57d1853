package layers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// LoadRevision puts the rows of a revision into memory and nowhere else, for a LOAD … TO RUNTIME to follow. Variables that
// cannot be set are left as they are.
func (m *Manager) LoadRevision(module string, revision uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, content, err := m.revision(module, revision)
	if err != nil {
		return err
	}
	return m.writeRevision(mod, content, "main")
}

// Rollback puts the rows of a revision into memory, into force and on disk. It is a load like any other: the version goes up,
// peers follow, and it can be rolled back in turn. On an error nothing has happened.
func (m *Manager) Rollback(module string, revision uint64, origin string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, content, err := m.revision(module, revision)
	if err != nil {
		return err
	}
	source := content
	if mod.Prefix != "" {
		source = map[string]*schema.Rows{mod.VariablesTable(): m.withVariables(mod, content)}
	}
	st, err := m.stage(mod, source, loadInfo{origin: fmt.Sprintf("%s, back to revision %d", origin, revision)})
	if err != nil {
		return err
	}
	if err := m.writeRevision(mod, content, "main", "disk"); err != nil {
		return err
	}
	m.swap(st)
	return nil
}

// revision reads a revision, with every table of the module in the columns of today.
func (m *Manager) revision(module string, revision uint64) (schema.Module, map[string]*schema.Rows, error) {
	mod, err := find(module)
	if err != nil {
		return mod, nil, err
	}
	saved, err := m.state.Content(mod.Name, revision)
	if errors.Is(err, store.ErrNoRevision) {
		return mod, nil, fmt.Errorf("%s has no revision %d, or has forgotten it: see SHOW CONFIG HISTORY", strings.ToLower(mod.Command), revision)
	}
	if err != nil {
		return mod, nil, err
	}
	content := map[string]*schema.Rows{}
	tables := mod.Tables
	if mod.Prefix != "" {
		tables = []string{mod.VariablesTable()}
	}
	for _, table := range tables {
		columns := schema.Lookup("main", table).ColumnNames()
		content[table] = &schema.Rows{Columns: columns}
		if rows := saved[table]; rows != nil {
			content[table] = rows.Project(columns...)
		}
	}
	if mod.Prefix != "" {
		content[mod.VariablesTable()] = m.settable(content[mod.VariablesTable()])
	}
	return mod, content, nil
}

// settable leaves out the variables that cannot be set now: unknown ones, the node's version, and values of another range.
func (m *Manager) settable(rows *schema.Rows) *schema.Rows {
	return rows.Filter(func(r schema.Row) bool {
		v := schema.FindVariable(r[0].Text)
		if v == nil || v.Kind == schema.Release {
			return false
		}
		_, err := v.Check(r[1].Text)
		return err == nil
	})
}

// withVariables gives the variables in force with those of a revision put over them, except those that only a restart changes.
func (m *Manager) withVariables(mod schema.Module, content map[string]*schema.Rows) *schema.Rows {
	values := m.variablesInForce(mod)
	for _, r := range content[mod.VariablesTable()].Rows {
		if v := schema.FindVariable(r[0].Text); !v.Restart {
			values[v.Name] = r[1].Text
		}
	}
	return m.variableRows(mod, values)
}

// writeRevision puts rows in place of those that the named schemas have of a module.
func (m *Manager) writeRevision(mod schema.Module, content map[string]*schema.Rows, schemas ...string) error {
	err := m.store.Tx(func(tx store.Tx) error {
		for _, s := range schemas {
			if mod.Prefix != "" {
				if err := tx.Insert(s+"."+mod.VariablesTable(), content[mod.VariablesTable()]); err != nil {
					return err
				}
				continue
			}
			for _, table := range mod.Tables {
				if err := tx.Fill(s+"."+table, content[table]); err != nil {
					return fmt.Errorf("table %s: %w", table, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write a revision of %s: %w", mod.Name, err)
	}
	return nil
}
