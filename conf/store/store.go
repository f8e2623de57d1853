// Package store keeps the SQLite databases behind the admin interface.
//
//  1. Open makes schema main in memory, attaches disk (proxysql.db), stats and monitor (in
//     memory) and stats_history (proxysql_stats.db), and creates the tables that are missing;
//  2. Exec runs one statement of an admin session, Tx a group of statements of our own that
//     is done wholly or not at all;
//  3. State, a database of its own (keepsql.db), remembers what admin SQL must not reach:
//     module versions and the rows the config file had when it was last applied.
//
// All sessions share one connection behind one mutex, as upstream does; the data path never
// comes here. The package knows tables and rows, not what they mean.
package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/schema"
)

// Names of the database files in the data directory.
const (
	DiskFile    = "proxysql.db"
	HistoryFile = "proxysql_stats.db"
	StateFile   = "keepsql.db"
)

// Store is the admin database: main, disk, stats, monitor and stats_history.
type Store struct {
	// Created tells that the disk database did not exist before Open, or that no start since it was made has come as far as
	// Filled.
	Created bool
	// Upgraded names the tables of disk and stats_history that another version had written and Open has brought up to date.
	Upgraded []Upgrade

	mu sync.Mutex // guards db
	db *sqlite3.Conn

	memory atomic.Int64 // last figure of Memory
}

// Open opens the databases of a data directory; with an empty name everything is in memory,
// which is how a configuration is tried out without touching a disk.
//
// Tables that another version wrote are brought up to date, see Upgrade. A disk database that is not a database, is damaged, or
// has rows that today's tables refuse is an error; nothing is dropped or replaced.
func Open(datadir string) (*Store, error) {
	db, err := sqlite3.Open(":memory:")
	if err != nil {
		return nil, fmt.Errorf("open memory database: %w", err)
	}
	s := &Store{db: db, Created: true}
	if err := s.prepare(datadir); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Scratch opens a database in memory with the tables of main only, for trying rows out.
func Scratch() (*Store, error) {
	db, err := sqlite3.Open(":memory:")
	if err != nil {
		return nil, fmt.Errorf("open memory database: %w", err)
	}
	s := &Store{db: db, Created: true}
	if err := errors.Join(s.configure(), s.createTables("main")); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare schema main: %w", err), db.Close())
	}
	return s, nil
}

// configure lets admin clients write string literals in double quotes, as upstream's SQLite
// does.
func (s *Store) configure() error {
	for _, option := range []sqlite3.DBConfig{sqlite3.DBCONFIG_DQS_DML, sqlite3.DBCONFIG_DQS_DDL} {
		if _, err := s.db.Config(option, true); err != nil {
			return fmt.Errorf("configure sqlite: %w", err)
		}
	}
	return nil
}

func (s *Store) prepare(datadir string) error {
	if err := s.configure(); err != nil {
		return err
	}
	files := map[string]string{"disk": ":memory:", "stats": ":memory:", "monitor": ":memory:", "stats_history": ":memory:"}
	if datadir != "" {
		files["disk"] = filepath.Join(datadir, DiskFile)
		files["stats_history"] = filepath.Join(datadir, HistoryFile)
		info, err := os.Stat(files["disk"])
		s.Created = errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0
	}
	for _, name := range schema.Schemas {
		if file, attached := files[name]; attached {
			if err := s.attach(name, file); err != nil {
				return fmt.Errorf("open database %s: %w", file, err)
			}
		}
		if name == "disk" {
			if err := s.markUnfilled(); err != nil {
				return fmt.Errorf("open database %s: %w", files[name], err)
			}
		}
		if err := s.createTables(name); err != nil {
			return fmt.Errorf("prepare schema %s: %w", name, err)
		}
	}
	return nil
}

// unfilled is the user_version of a disk database into which the configuration was not yet written. Without it, a start that
// was interrupted would leave an empty database behind, which the next one would take for somebody's configuration.
const unfilled = "1"

func (s *Store) markUnfilled() error {
	if s.Created {
		return cause(s.db.Exec("PRAGMA disk.user_version = " + unfilled))
	}
	rows, err := query(s.db, "PRAGMA disk.user_version")
	if err != nil {
		return err
	}
	s.Created = rows.Get(0, "user_version").Text == unfilled
	return nil
}

// Filled ends the first start: from now on the disk database counts as the configuration.
func (s *Store) Filled() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cause(s.db.Exec("PRAGMA disk.user_version = 0"))
}

// attach adds a database under the name of its schema.
func (s *Store) attach(name, file string) error {
	if err := createPrivate(file); err != nil {
		return err
	}
	if err := s.db.Exec(fmt.Sprintf("ATTACH DATABASE %s AS %s", quote(file), name)); err != nil {
		return cause(err)
	}
	return nil
}

// createPrivate makes a missing database file readable to its owner and group only, since it
// will hold passwords.
func createPrivate(file string) error {
	if file == ":memory:" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	return f.Close()
}

// createTables makes the tables of a schema that are missing, and upgrades those that another version wrote.
func (s *Store) createTables(name string) error {
	for _, t := range schema.Tables(name) {
		have, err := s.columns(name, t.Name)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			if err := create(s.db, name, t); err != nil {
				return err
			}
			continue
		}
		if slices.Equal(have, lower(t.ColumnNames())) {
			continue
		}
		if err := s.upgrade(name, t, have); err != nil {
			return fmt.Errorf("upgrade table %s, which another version wrote: %w; nothing was changed", t.Name, err)
		}
	}
	return nil
}

func create(db *sqlite3.Conn, name string, t *schema.Table) error {
	ddl := strings.Replace(t.DDL, "CREATE TABLE ", "CREATE TABLE "+name+".", 1)
	if err := db.Exec(ddl); err != nil {
		return fmt.Errorf("create table %s: %w", t.Name, cause(err))
	}
	return nil
}

// columns lists a table's columns in order and lower case; none for a table that does not exist.
func (s *Store) columns(schemaName, table string) ([]string, error) {
	rows, err := query(s.db, fmt.Sprintf("PRAGMA %s.table_info(%s)", schemaName, table))
	if err != nil {
		return nil, err
	}
	have := make([]string, len(rows.Rows))
	for i := range rows.Rows {
		have[i] = rows.Get(i, "name").Text
	}
	return lower(have), nil
}

// Close closes the databases.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db.Close()
}

// Result is what a statement gave.
type Result struct {
	Rows     *schema.Rows // nil where the statement has no result columns
	Affected int64        // rows changed
}

// ErrEmpty is returned for a statement without any SQL in it, such as a lone semicolon.
var ErrEmpty = errors.New("empty statement")

// Exec runs the first statement of a text. Errors carry SQLite's own words, without the
// prefix of the library. A context that ends interrupts the statement.
func (s *Store) Exec(ctx context.Context, sql string) (Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.db.SetInterrupt(ctx)
	defer s.db.SetInterrupt(old)
	return run(s.db, sql, Rights{})
}

// Tx runs f inside one transaction over all schemas; when f fails nothing has happened. A database file is locked from its
// first statement in f on, so that a file which somebody else has locked is in the way of those only who need it.
func (s *Store) Tx(f func(tx Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return transaction(s.db, func() error { return f(Tx{s.db}) })
}

// transaction runs f between BEGIN and COMMIT, or ROLLBACK where it fails.
func transaction(db *sqlite3.Conn, f func() error) error {
	if err := db.Exec("BEGIN"); err != nil {
		return cause(err)
	}
	if err := f(); err != nil {
		if rollback := db.Exec("ROLLBACK"); rollback != nil && !db.GetAutocommit() {
			return errors.Join(err, cause(rollback))
		}
		return err
	}
	if err := db.Exec("COMMIT"); err != nil {
		err = cause(err)
		if !db.GetAutocommit() {
			err = errors.Join(err, db.Exec("ROLLBACK"))
		}
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
