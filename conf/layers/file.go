package layers

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// Applied says what ApplyFile did to one module.
type Applied struct {
	Module  string
	Changed int // rows added or changed by the edit
	Deleted int // rows deleted by the edit
	Loaded  bool
	// Loaded is false where runtime had the content already, as when a peer brought it first.
}

// target is one table of one module as the file sees it.
type target struct {
	mod   schema.Module
	table string // of schema main
	base  string // under which State keeps the base
	key   []string
	rows  *schema.Rows // of the file
}

// targets lists what the file can say, in module order.
func targets(f *conf.File) []target {
	var out []target
	for _, mod := range schema.Modules() {
		if mod.Prefix != "" {
			out = append(out, target{mod, mod.VariablesTable(), mod.Name, []string{"variable_name"}, fileVariables(f, mod.Prefix)})
			continue
		}
		for _, table := range mod.Tables {
			def := schema.Lookup("main", table)
			rows := &schema.Rows{Columns: def.ColumnNames()}
			if s := f.Tables[table]; s != nil {
				rows = &s.Rows
			}
			out = append(out, target{mod, table, table, def.Key, rows})
		}
	}
	return out
}

func fileVariables(f *conf.File, prefix string) *schema.Rows {
	rows := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, v := range f.Variables {
		if len(v.Name) > len(prefix) && v.Name[:len(prefix)] == prefix {
			rows.Rows = append(rows.Rows, schema.Row{schema.Text(v.Name), schema.Text(v.Value)})
		}
	}
	return rows
}

// edits compares the file with the bases; a table without a base counts as never mentioned.
func edits(ts []target, bases map[string]*schema.Rows) []edit {
	out := make([]edit, len(ts))
	for i, t := range ts {
		base := bases[t.base]
		if base == nil {
			base = &schema.Rows{Columns: t.rows.Columns}
		}
		out[i] = diff(base, t.rows, t.key)
	}
	return out
}

// ApplyFile takes over what an edit of the config file changed: rows it changed win, rows it
// deleted go, rows it never had stay. Memory, disk and runtime each get the edit, so a draft
// in memory that was not loaded stays a draft. On an error nothing has happened.
func (m *Manager) ApplyFile(f *conf.File) ([]Applied, error) { return m.applyFile(f, nil) }

// errPlanned ends a transaction that was only tried.
var errPlanned = errors.New("planned, not done")

// PlanFile tells what ApplyFile would do, and does nothing: it goes all the way to the swap
// and then gives the transaction up.
func (m *Manager) PlanFile(f *conf.File) ([]Applied, error) {
	report, err := m.applyFile(f, errPlanned)
	if errors.Is(err, errPlanned) {
		err = nil
	}
	return report, err
}

// applyFile applies the file unless giveUp is set, which then ends the transaction.
func (m *Manager) applyFile(f *conf.File, giveUp error) ([]Applied, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ts := targets(f)
	es := edits(ts, m.bases)
	var report []Applied
	var stages []staged
	for _, mod := range schema.Modules() {
		a, st, err := m.stageEdit(mod, ts, es, "file "+f.Main)
		if err != nil {
			return nil, err
		}
		if a.Changed+a.Deleted > 0 {
			report = append(report, a)
		}
		if a.Loaded {
			stages = append(stages, st)
		}
	}
	if err := m.writeEdits(ts, es, giveUp, "main", "disk"); err != nil {
		return report, err
	}
	for _, st := range stages {
		m.swap(st)
	}
	if err := m.fileVersion(ts, es); err != nil {
		return report, err
	}
	return report, m.saveBases(ts)
}

// stageEdit prepares the runtime of one module with its tables' edits made to it.
func (m *Manager) stageEdit(mod schema.Module, ts []target, es []edit, origin string) (Applied, staged, error) {
	a := Applied{Module: mod.Name}
	before := m.current[mod.Name].Load()
	source := map[string]*schema.Rows{}
	for i, t := range ts {
		if t.mod.Name != mod.Name {
			continue
		}
		e := es[i]
		a.Changed += len(e.put.Rows)
		a.Deleted += len(e.del.Rows)
		if mod.Prefix != "" {
			e = m.variableEdit(mod, e)
		}
		old := before.Source[t.table]
		source[t.table] = e.patch(old, t.key)
		a.Loaded = a.Loaded || !sameRows(source[t.table], old)
	}
	if !a.Loaded {
		return a, staged{}, nil
	}
	st, err := m.stage(mod, source, loadInfo{origin: origin})
	return a, st, err
}

// variableEdit makes of an edit of variables one that can be put into force: a variable the
// file no longer has gets its default, one that only a restart can change stays as it is.
func (m *Manager) variableEdit(mod schema.Module, e edit) edit {
	out := edit{put: &schema.Rows{Columns: e.put.Columns}, del: &schema.Rows{Columns: e.del.Columns}}
	defaults := byKey(&schema.Rows{Columns: e.put.Columns, Rows: m.defaults(mod.Prefix)}, e.del.Columns)
	rows := slices.Clone(e.put.Rows)
	for _, r := range e.del.Rows {
		if d, known := defaults[keyText(e.del, r, e.del.Columns)]; known {
			rows = append(rows, d)
		}
	}
	for _, r := range rows {
		v := schema.FindVariable(r[0].Text)
		canonical, err := v.Check(r[1].Text)
		switch {
		case err != nil:
		case v.Restart:
			m.log.Warn().Str("variable", v.Name).Str("value", r[1].Text).Msg("the config file changed a variable that takes effect at the next start only")
		default:
			out.put.Rows = append(out.put.Rows, schema.Row{r[0], schema.Text(canonical)})
		}
	}
	return out
}

// writeEdits makes the edits to the named schemas, all or none: none where giveUp is set.
func (m *Manager) writeEdits(ts []target, es []edit, giveUp error, schemas ...string) error {
	return m.store.Tx(func(tx store.Tx) error {
		for i, t := range ts {
			e := es[i]
			if t.mod.Prefix != "" {
				e = edit{put: m.withDefaults(t.mod, e), del: &schema.Rows{Columns: t.key}}
			}
			for _, s := range schemas {
				if err := tx.Delete(s+"."+t.table, e.del); err != nil {
					return fmt.Errorf("delete from %s.%s: %w", s, t.table, err)
				}
				if err := tx.Insert(s+"."+t.table, e.put); err != nil {
					return fmt.Errorf("insert into %s.%s: %w", s, t.table, err)
				}
			}
		}
		return giveUp
	})
}

// withDefaults gives the rows to store for an edit of variables.
func (m *Manager) withDefaults(mod schema.Module, e edit) *schema.Rows {
	out := &schema.Rows{Columns: e.put.Columns, Rows: slices.Clone(e.put.Rows)}
	for _, d := range m.defaults(mod.Prefix) {
		if slices.ContainsFunc(e.del.Rows, func(r schema.Row) bool { return r[0] == d[0] }) {
			out.Rows = append(out.Rows, d)
		}
	}
	return out
}

// saveBases remembers what the file has now; the database is told what is new to it. Every
// table gets a base at the first call, so that a later start knows that there was one.
func (m *Manager) saveBases(ts []target) error {
	changed := map[string]*schema.Rows{}
	for _, t := range ts {
		if old := m.bases[t.base]; old == nil || !sameRows(old, t.rows) {
			changed[t.base] = t.rows
		}
	}
	if err := m.state.SaveBases(changed); err != nil {
		return fmt.Errorf("remember what the file had: %w", err)
	}
	maps.Copy(m.bases, changed)
	return nil
}
