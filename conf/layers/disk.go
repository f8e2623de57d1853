package layers

import (
	"fmt"
	"strconv"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

func itoa(n int) string { return strconv.Itoa(n) }

// SaveToDisk copies memory to disk: SAVE <module> TO DISK. Rows of disk that memory does not
// have are removed, except variables, which are only added or overwritten (as upstream).
func (m *Manager) SaveToDisk(module string) error { return m.copy(module, "main", "disk") }

// LoadFromDisk copies disk to memory: LOAD <module> FROM DISK.
func (m *Manager) LoadFromDisk(module string) error { return m.copy(module, "disk", "main") }

func (m *Manager) copy(module, from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, err := find(module)
	if err != nil {
		return err
	}
	err = m.store.Tx(func(tx store.Tx) error { return copyModule(tx, mod, from, to) })
	if err != nil {
		return fmt.Errorf("copy %s from %s to %s: %w", mod.Name, from, to, err)
	}
	return nil
}

// copyModule copies the module's rows from one schema to another, in place of what is there.
func copyModule(tx store.Tx, mod schema.Module, from, to string) error {
	if mod.Prefix != "" {
		rows, err := tx.Query("SELECT variable_name, variable_value FROM "+from+"."+mod.VariablesTable()+" WHERE substr(variable_name, 1, ?) = ?",
			schema.Text(itoa(len(mod.Prefix))), schema.Text(mod.Prefix))
		if err != nil {
			return err
		}
		return tx.Insert(to+"."+mod.VariablesTable(), rows)
	}
	for _, table := range mod.Tables {
		if err := tx.Copy(from+"."+table, to+"."+table); err != nil {
			return err
		}
	}
	return nil
}

// Save copies runtime to memory: SAVE <module> FROM RUNTIME. Rows that are not in force, such
// as inactive rules, are lost from memory, except inactive users, as upstream.
func (m *Manager) Save(module string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, err := find(module)
	if err != nil {
		return err
	}
	s := m.current[mod.Name].Load()
	if s == nil {
		return fmt.Errorf("save %s from runtime: it was never loaded", mod.Name)
	}
	return m.store.Tx(func(tx store.Tx) error {
		if mod.Prefix != "" {
			return tx.Insert("main."+mod.VariablesTable(), s.Runtime[mod.VariablesTable()])
		}
		if mod.Name == schema.MySQLUsers {
			if err := tx.Exec("DELETE FROM main.mysql_users WHERE active = 1"); err != nil {
				return err
			}
			return tx.Insert("main.mysql_users", s.Runtime[usersTable])
		}
		for _, table := range mod.Tables {
			if err := tx.Fill("main."+table, s.Runtime[table]); err != nil {
				return err
			}
		}
		return nil
	})
}
