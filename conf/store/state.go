package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/schema"
)

// State is what keepsql remembers beside ProxySQL's databases, in a file of its own.
type State struct {
	mu sync.Mutex // guards db
	db *sqlite3.Conn
}

// A power cut may lose the last moments of this database, never its integrity: versions and
// bases can be worked out again, so no commit waits for the disk.
const stateTables = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS module_version (
	name TEXT PRIMARY KEY, version INTEGER NOT NULL, epoch INTEGER NOT NULL,
	checksum TEXT NOT NULL, origin TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file_base (
	tab TEXT PRIMARY KEY, rows TEXT NOT NULL);`

// OpenState opens keepsql.db in a data directory, in memory where the name is empty.
func OpenState(datadir string) (*State, error) {
	file := ":memory:"
	if datadir != "" {
		file = filepath.Join(datadir, StateFile)
	}
	if err := createPrivate(file); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db, err := sqlite3.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", file, cause(err))
	}
	if err := db.Exec(stateTables + historyTables); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database %s: %w", file, cause(err)), db.Close())
	}
	return &State{db: db}, nil
}

// Close closes the database.
func (s *State) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db.Close()
}

// Version is what a module's runtime was when it was last loaded.
type Version struct {
	Version  uint64
	Epoch    int64 // unix seconds
	Checksum string
	Origin   string
}

// SaveVersion remembers the version of a module (by the name of its checksum).
func (s *State) SaveVersion(name string, v Version) error {
	return s.exec("INSERT OR REPLACE INTO module_version VALUES(?,?,?,?,?)",
		name, strconv.FormatUint(v.Version, 10), strconv.FormatInt(v.Epoch, 10), v.Checksum, v.Origin)
}

// Versions returns every version that was remembered, by name of the checksum.
func (s *State) Versions() (map[string]Version, error) {
	rows, err := s.query("SELECT name, version, epoch, checksum, origin FROM module_version")
	if err != nil {
		return nil, err
	}
	out := make(map[string]Version, len(rows.Rows))
	for _, r := range rows.Rows {
		version, err := strconv.ParseUint(r[1].Text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read version of %s: %w", r[0].Text, err)
		}
		epoch, err := strconv.ParseInt(r[2].Text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read epoch of %s: %w", r[0].Text, err)
		}
		out[r[0].Text] = Version{Version: version, Epoch: epoch, Checksum: r[3].Text, Origin: r[4].Text}
	}
	return out, nil
}

// SaveBases remembers the rows the config file had for some tables when it was last applied,
// all or none.
func (s *State) SaveBases(bases map[string]*schema.Rows) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return transaction(s.db, func() error {
		for table, rows := range bases {
			text, err := json.Marshal(rows)
			if err != nil {
				return fmt.Errorf("encode base of %s: %w", table, err)
			}
			if _, err := query(s.db, "INSERT OR REPLACE INTO file_base VALUES(?,?)", schema.Text(table), schema.Text(string(text))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Bases returns the remembered rows by table; empty where no file was ever applied.
func (s *State) Bases() (map[string]*schema.Rows, error) {
	rows, err := s.query("SELECT tab, rows FROM file_base")
	if err != nil {
		return nil, err
	}
	out := make(map[string]*schema.Rows, len(rows.Rows))
	for _, r := range rows.Rows {
		base := new(schema.Rows)
		if err := json.Unmarshal([]byte(r[1].Text), base); err != nil {
			return nil, fmt.Errorf("read base of %s: %w", r[0].Text, err)
		}
		out[r[0].Text] = base
	}
	return out, nil
}

func (s *State) exec(sql string, args ...string) error {
	cells := make([]schema.Cell, len(args))
	for i, a := range args {
		cells[i] = schema.Text(a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := query(s.db, sql, cells...)
	return err
}

func (s *State) query(sql string) (*schema.Rows, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return query(s.db, sql)
}
