package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/schema"
)

// Rights say what a statement of an admin session may do. Whatever they are, it may not detach our schemas, begin a
// transaction (all sessions share one connection), or change how SQLite works.
type Rights struct {
	ReadOnly  bool // no writes, as upstream's query_only
	StatsOnly bool // nothing but reading the schemas stats, monitor and stats_history
	// MaxResult bounds the bytes of the result set that are kept in memory; 0 for no bound.
	MaxResult int64
}

// Run runs the first statement of a text under the given rights. Errors are as for Exec.
func (s *Store) Run(ctx context.Context, sql string, rights Rights) (Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.db.SetInterrupt(ctx)
	defer s.db.SetInterrupt(old)
	if err := s.db.SetAuthorizer(rights.authorize); err != nil {
		return Result{}, fmt.Errorf("restrict statement: %w", err)
	}
	defer s.db.SetAuthorizer(nil) // run has done so, unless it panicked
	return run(s.db, sql, rights)
}

// Refresh replaces the content of tables, by qualified name ("stats.stats_mysql_global"). Unlike Tx it leaves the locks
// of database files alone as long as the tables are in memory.
func (s *Store) Refresh(tables map[string]*schema.Rows) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.db.Exec("SAVEPOINT refresh"); err != nil {
		return cause(err)
	}
	for name, rows := range tables {
		if err := (Tx{s.db}).Fill(name, rows); err != nil {
			_ = s.db.Exec("ROLLBACK TO refresh; RELEASE refresh") // the first error is the one that tells
			return fmt.Errorf("refresh %s: %w", name, err)
		}
	}
	return cause(s.db.Exec("RELEASE refresh"))
}

// statsSchemas is what StatsOnly may read.
var statsSchemas = []string{"stats", "monitor", "stats_history"}

// statsMayRead is asked without a schema for names that are not qualified where no column is read: common table
// expressions, and tables in SELECT count(*).
func statsMayRead(schemaName, table string) bool {
	if schemaName == "" {
		return schema.Lookup("main", table) == nil && schema.Lookup("disk", table) == nil
	}
	return slices.Contains(statsSchemas, strings.ToLower(schemaName))
}

// authorize is SQLite's question about each thing a statement does.
func (r Rights) authorize(action sqlite3.AuthorizerActionCode, name3rd, name4th, schemaName, _ string) sqlite3.AuthorizerReturnCode {
	allowed := true
	switch action {
	case sqlite3.AUTH_TRANSACTION, sqlite3.AUTH_SAVEPOINT:
		allowed = false
	case sqlite3.AUTH_DETACH:
		allowed = !r.StatsOnly && !slices.Contains(schema.Schemas, strings.ToLower(name3rd))
	case sqlite3.AUTH_PRAGMA:
		allowed = !r.StatsOnly && pragmaAllowed(strings.ToLower(name3rd), name4th)
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_RECURSIVE:
	case sqlite3.AUTH_FUNCTION:
		allowed = !strings.EqualFold(name4th, "load_extension")
	case sqlite3.AUTH_READ:
		allowed = !r.StatsOnly || statsMayRead(schemaName, strings.ToLower(name3rd))
	case sqlite3.AUTH_INSERT, sqlite3.AUTH_UPDATE, sqlite3.AUTH_DELETE: // refused by name later where they may not be
	default:
		allowed = !r.StatsOnly
	}
	if !allowed {
		return sqlite3.AUTH_DENY
	}
	return sqlite3.AUTH_OK
}

// askingPragmas take an argument without changing anything.
var askingPragmas = []string{
	"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list", "foreign_key_check",
	"integrity_check", "quick_check",
}

// errReadOnly is SQLite's answer to a write under PRAGMA query_only.
var errReadOnly = &Error{Message: "attempt to write a readonly database", Code: int(sqlite3.READONLY)}

// pragmaAllowed lets pragmas ask but not set.
func pragmaAllowed(name, argument string) bool {
	return argument == "" && name != "incremental_vacuum" && name != "shrink_memory" || slices.Contains(askingPragmas, name)
}
