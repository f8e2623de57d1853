package layers

import (
	"fmt"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// Boot fills the layers and loads every module to runtime.
//
//   - A new disk database takes the file's rows; its modules begin at version 1, so a new node
//     never overwrites a cluster.
//   - An existing one is loaded as it is; with reload the file's rows are put over it.
//   - Where the file was edited while the process was down, the edit is merged as ApplyFile
//     does, and the module's version goes up.
//   - A database that another program wrote, without a base of ours, is taken as it is; the
//     file becomes the base and the differences are logged.
func (m *Manager) Boot(f *conf.File, reload bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fillMemory(); err != nil {
		return fmt.Errorf("load disk to memory: %w", err)
	}
	if err := m.bootVersion(); err != nil {
		return err
	}
	edited, err := m.bootFile(f, reload)
	if err != nil {
		return fmt.Errorf("take over %s: %w", f.Main, err)
	}
	if m.store.Created {
		if err := m.store.Filled(); err != nil {
			return fmt.Errorf("finish the new database: %w", err)
		}
	}
	for _, mod := range schema.Modules() {
		info := loadInfo{origin: "boot", edited: edited[mod.Name]}
		if edited[mod.Name] || m.store.Created {
			info.origin = "file " + f.Main
		}
		if err := m.loadMemory(mod, info); err != nil {
			return err
		}
	}
	return nil
}

// fillMemory puts the defaults, and over them what disk has, into memory.
func (m *Manager) fillMemory() error {
	return m.store.Tx(func(tx store.Tx) error {
		for _, mod := range schema.Modules() {
			if err := m.fillDefaults(tx, mod); err != nil {
				return fmt.Errorf("defaults of %s: %w", mod.Name, err)
			}
			if err := copyModule(tx, mod, "disk", "main"); err != nil {
				return fmt.Errorf("module %s: %w", mod.Name, err)
			}
		}
		return nil
	})
}

// fillDefaults puts the defaults of a module's variables into memory, and on disk those that it lacks.
func (m *Manager) fillDefaults(tx store.Tx, mod schema.Module) error {
	if mod.Prefix == "" {
		return nil
	}
	defaults := &schema.Rows{Columns: []string{"variable_name", "variable_value"}, Rows: m.defaults(mod.Prefix)}
	if err := tx.Insert("main."+mod.VariablesTable(), defaults); err != nil {
		return err
	}
	for _, d := range defaults.Rows {
		if err := tx.Exec("INSERT OR IGNORE INTO disk."+mod.VariablesTable()+" VALUES(?,?)", d...); err != nil {
			return err
		}
	}
	return nil
}

// bootFile lets the file have its say; edited names the modules it changed.
func (m *Manager) bootFile(f *conf.File, reload bool) (edited map[string]bool, err error) {
	ts := targets(f)
	if m.store.Created || reload {
		m.bases = map[string]*schema.Rows{}
	} else if len(m.bases) == 0 {
		return nil, m.takeOver(ts)
	}
	es := edits(ts, m.bases)
	edited = map[string]bool{}
	for i, e := range es {
		if !e.empty() {
			edited[ts[i].mod.Name] = !m.store.Created
		}
	}
	if err := m.writeEdits(ts, es, nil, "main", "disk"); err != nil {
		return nil, err
	}
	if err := m.fileVersion(ts, es); err != nil {
		return nil, err
	}
	return edited, m.saveBases(ts)
}

// takeOver leaves a foreign database alone and says where the file differs from it.
func (m *Manager) takeOver(ts []target) error {
	for _, t := range ts {
		var have *schema.Rows
		err := m.store.Tx(func(tx store.Tx) (err error) {
			have, err = tx.Query("SELECT * FROM main." + t.table)
			return err
		})
		if err != nil {
			return err
		}
		m.logDifferences(t, diff(emptyForNull(have), emptyForNull(t.rows), t.key).put)
	}
	return m.saveBases(ts)
}

// differencesNamed is how many rows of a table a log line names.
const differencesNamed = 5

// logDifferences says in one line which rows of a table the file would have otherwise.
func (m *Manager) logDifferences(t target, rows *schema.Rows) {
	if len(rows.Rows) == 0 {
		return
	}
	var names []string
	for _, r := range rows.Project(t.key...).Rows[:min(len(rows.Rows), differencesNamed)] {
		var words []string
		for i, c := range r {
			words = append(words, t.key[i]+"="+c.Text)
		}
		names = append(names, strings.Join(words, ", "))
	}
	m.log.Warn().Str("table", t.table).Int("rows", len(rows.Rows)).Strs("first", names).
		Msg("the config file differs from the database, which is kept; edit the file to apply it, or start with --reload")
}

// emptyForNull writes NULL as the empty text, which is all that a file can say.
func emptyForNull(rows *schema.Rows) *schema.Rows {
	out := rows.Clone()
	for _, r := range out.Rows {
		for i := range r {
			r[i].Null = false
		}
	}
	return out
}
