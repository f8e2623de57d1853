package layers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// incoming is a pull as it is to be loaded and written.
type incoming struct {
	source map[string]*schema.Rows // what is loaded, by table
	write  func(tx store.Tx, disk bool) error
}

// incomingTables joins a peer's tables with what this node keeps beside them.
func incomingTables(mod schema.Module, before *Snapshot, p Pull) incoming {
	in := incoming{source: map[string]*schema.Rows{}}
	for _, table := range mod.Tables {
		in.source[table] = withIdle(table, before.Source[table], received(table, p.Tables[table]))
	}
	in.write = func(tx store.Tx, disk bool) error {
		for _, table := range mod.Tables {
			if err := writeTable(tx, table, before.Source[table], in.source[table], disk); err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
		}
		return nil
	}
	return in
}

// writeTable puts loaded rows into memory, beside the drafts there, and on disk.
func writeTable(tx store.Tx, table string, before, loaded *schema.Rows, disk bool) error {
	memory, err := tx.Query("SELECT * FROM main." + table)
	if err != nil {
		return err
	}
	drafts := draftsOf(table, before, memory, loaded)
	kept := loaded.Filter(func(r schema.Row) bool { return !drafts.edited[drafts.key(loaded, r)] })
	if err := fillBoth(tx, "main."+table, drafts.rows, kept); err != nil || !disk {
		return err
	}
	saved, err := tx.Query("SELECT * FROM disk." + table)
	if err != nil {
		return err
	}
	// A row of disk that is not loaded stays if it is idle, or a draft that was saved.
	ours := group(table, drafts.rows)
	theirs := group(table, loaded)
	extra := saved.Project(loaded.Columns...).Filter(func(r schema.Row) bool {
		k := drafts.key(loaded, r)
		return len(theirs[k]) == 0 && (idle(table, loaded, r) || alike(ours[k], []schema.Row{r}))
	})
	return fillBoth(tx, "disk."+table, extra, loaded)
}

// fillBoth replaces a table's rows. Where rows cannot be there together the latter win.
func fillBoth(tx store.Tx, table string, rows, winners *schema.Rows) error {
	if err := tx.Fill(table, rows); err != nil {
		return err
	}
	return tx.Insert(table, winners)
}

// drafts are rows of memory that differ from what was loaded.
type drafts struct {
	table  string
	rows   *schema.Rows
	edited map[string]bool // keys of drafts, deletions included
}

func (d drafts) key(rows *schema.Rows, r schema.Row) string {
	return keyText(rows, r, groupKey(d.table))
}

// draftsOf finds the edits of memory since the last load that concern rows which the peer did not change.
func draftsOf(table string, before, memory, loaded *schema.Rows) drafts {
	d := drafts{table: table, rows: &schema.Rows{Columns: memory.Columns}, edited: map[string]bool{}}
	had, has, gets := group(table, before), group(table, memory), group(table, loaded.Project(memory.Columns...))
	for _, side := range []map[string][]schema.Row{had, has} {
		for k := range side {
			d.edited[k] = !alike(had[k], has[k]) && alike(had[k], gets[k])
		}
	}
	for _, r := range memory.Rows {
		if d.edited[d.key(memory, r)] {
			d.rows.Rows = append(d.rows.Rows, r)
		}
	}
	return d
}

// withIdle adds to a peer's rows those of ours that are loaded without being in force, and keeps our spelling of rows that
// are alike.
func withIdle(table string, ours, theirs *schema.Rows) *schema.Rows {
	out := &schema.Rows{Columns: ours.Columns}
	theirs = theirs.Project(ours.Columns...)
	had, gets := group(table, ours), group(table, theirs)
	seen := map[string]bool{}
	for _, r := range theirs.Rows {
		k := keyText(theirs, r, groupKey(table))
		switch {
		case !alike(had[k], gets[k]):
			out.Rows = append(out.Rows, r)
		case !seen[k]:
			out.Rows = append(out.Rows, had[k]...)
		}
		seen[k] = true
	}
	for _, r := range ours.Rows {
		if idle(table, ours, r) && !seen[keyText(ours, r, groupKey(table))] {
			out.Rows = append(out.Rows, r)
		}
	}
	return out
}

// idle tells whether a loaded row is not in force, so that peers never see it.
func idle(table string, rows *schema.Rows, r schema.Row) bool {
	at := func(column string) schema.Cell { return r[rows.Index(column)] }
	switch table {
	case "mysql_users":
		return at("active").Text != "1" || integer(at("default_hostgroup")) < 0
	case "mysql_query_rules":
		return at("active").Text != "1"
	case "mysql_servers":
		return strings.EqualFold(at("status").Text, "OFFLINE_HARD")
	}
	return false
}

// groupKey is what says that rows are about the same thing: the key, of users only the name, since one user may have a row for
// each side or one for both.
func groupKey(table string) []string {
	if table == usersTable {
		return []string{"username"}
	}
	return schema.Lookup("main", table).Key
}

func group(table string, rows *schema.Rows) map[string][]schema.Row {
	out := map[string][]schema.Row{}
	for _, r := range rows.Rows {
		k := keyText(rows, r, groupKey(table))
		out[k] = append(out[k], r)
	}
	return out
}

// alike compares rows as texts in any order; NULL is an empty text, as in checksums.
func alike(a, b []schema.Row) bool {
	texts := func(rows []schema.Row) []string {
		out := make([]string, len(rows))
		for i, r := range rows {
			var t strings.Builder
			for _, c := range r {
				fmt.Fprintf(&t, "%d:%s", len(c.Text), c.Text)
			}
			out[i] = t.String()
		}
		slices.Sort(out)
		return out
	}
	return len(a) == len(b) && slices.Equal(texts(a), texts(b))
}

// incomingVariables takes over a peer's variables. Those that this node cannot set stay as they are. A draft of a variable whose
// value the peer did not change stays a draft.
func (m *Manager) incomingVariables(mod schema.Module, p Pull) (incoming, error) {
	theirs := p.Tables[variablesTable]
	if theirs == nil {
		return incoming{}, errors.New("the pull brought none")
	}
	values := m.variablesInForce(mod)
	pulled := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	changed := &schema.Rows{Columns: pulled.Columns}
	err := m.store.Tx(func(tx store.Tx) error {
		for _, r := range theirs.Rows {
			if r[0].Text == versionVariable {
				continue // peers have it in common before anything is pulled
			}
			before := values[r[0].Text]
			if err := m.tryVariable(tx, mod, values, r[0].Text, r[1].Text); err != nil {
				return err
			}
			after, known := values[r[0].Text]
			if !known {
				continue
			}
			row := schema.Row{r[0], schema.Text(after)}
			pulled.Rows = append(pulled.Rows, row)
			if after != before {
				changed.Rows = append(changed.Rows, row)
			}
		}
		return nil
	})
	return incoming{
		source: map[string]*schema.Rows{variablesTable: m.variableRows(mod, values)},
		write: func(tx store.Tx, disk bool) error {
			if err := tx.Insert("main."+variablesTable, changed); err != nil || !disk {
				return err
			}
			return tx.Insert("disk."+variablesTable, pulled)
		},
	}, err
}
