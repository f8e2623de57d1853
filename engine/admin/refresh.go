package admin

import (
	"fmt"
	"strings"
	"sync"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/stats"
)

// refresher fills the tables that show what is in force, when a statement names them.
type refresher struct {
	store *store.Store
	// sources by lower-case table name. A table of schema main that comes from a snapshot is filled again only when the
	// snapshot is another, or when somebody may have written to it.
	sources map[string]source

	mu     *sync.Mutex // guards filled
	filled map[string]any
}

// source is where the content of a table comes from.
type source struct {
	table *schema.Table
	// rows gives the content. version, where it is not nil, is equal for equal content.
	rows func() (content *schema.Rows, version any)
}

func newRefresher(st *store.Store, m *layers.Manager, tables stats.Tables) refresher {
	r := refresher{store: st, sources: map[string]source{}, mu: &sync.Mutex{}, filled: map[string]any{}}
	for name, rows := range runtimeTables(m) {
		r.add("main", name, rows)
	}
	for name, rows := range tables {
		r.add("stats", name, func() (*schema.Rows, any) { return rows(), nil })
	}
	return r
}

// add names the source of a table, if there is such a table.
func (r *refresher) add(schemaName, table string, rows func() (*schema.Rows, any)) {
	if t := schema.Lookup(schemaName, table); t != nil {
		r.sources[strings.ToLower(table)] = source{t, rows}
	}
}

// refresh fills the tables whose names occur in a text, in whatever letter case.
func (r *refresher) refresh(text string) error {
	var named []string
	for word := range words(text) {
		if _, known := r.sources[word]; known {
			named = append(named, word)
		}
	}
	if len(named) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fill := map[string]*schema.Rows{}
	for _, name := range named {
		src := r.sources[name]
		content, version := src.rows()
		if version != nil && r.filled[name] == version && !changesRows(text) {
			continue
		}
		r.filled[name] = version
		if changesRows(text) {
			delete(r.filled, name)
		}
		fill[src.table.Schema+"."+src.table.Name] = content.Project(src.table.ColumnNames()...)
	}
	if len(fill) == 0 {
		return nil
	}
	if err := r.store.Refresh(fill); err != nil {
		clear(r.filled)
		return fmt.Errorf("show what is in force: %w", err)
	}
	return nil
}

// words gives the names in a text that may be tables of ours, in lower case.
func words(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := 0; i < len(text); {
			if !isWord(rune(text[i])) {
				i++
				continue
			}
			end := i
			for end < len(text) && isWord(rune(text[end])) {
				end++
			}
			word := text[i:end]
			i = end
			if c := word[0] | 0x20; c != 's' && c != 'r' && c != 'm' { // stats_…, runtime_…, mysql_server_…_log
				continue
			}
			if !yield(strings.ToLower(word)) {
				return
			}
		}
	}
}
