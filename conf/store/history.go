package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/schema"
)

// historyTables hold the revisions of the configuration: a revision has chunks of rows in order, and revisions share them.
const historyTables = `
CREATE TABLE IF NOT EXISTS config_revision (
	module TEXT NOT NULL, revision INTEGER NOT NULL, version INTEGER NOT NULL, epoch INTEGER NOT NULL, checksum TEXT NOT NULL,
	origin TEXT NOT NULL, time INTEGER NOT NULL, summary TEXT NOT NULL, PRIMARY KEY (module, revision));
CREATE TABLE IF NOT EXISTS config_content (
	module TEXT NOT NULL, revision INTEGER NOT NULL, tab TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
	PRIMARY KEY (module, revision, tab, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS config_content_hash ON config_content(hash);
CREATE TABLE IF NOT EXISTS config_chunk (hash BLOB PRIMARY KEY, rows BLOB NOT NULL);`

// Revision is one state that a module's runtime was in.
type Revision struct {
	Module   string
	Revision uint64 // counts from 1 in each module
	Version  uint64 // 0 where the module has none
	Epoch    int64  // unix seconds
	Checksum string
	Origin   string // who loaded it
	Time     int64  // unix seconds
	Summary  string // which rows changed
}

// ErrNoRevision is returned for a revision that does not exist, or is not kept any more.
var ErrNoRevision = errors.New("there is no such revision")

// AddRevision writes down a state of a module, with the rows that were loaded, by table, and forgets all but the last keep
// revisions of the module. It gives the revision its number.
func (s *State) AddRevision(r Revision, content map[string]*schema.Rows, keep uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, err := s.lastRevision(r.Module)
	if err != nil {
		return 0, err
	}
	r.Revision = last + 1
	err = transaction(s.db, func() error {
		err := s.insertRevision(r, content)
		if err == nil && r.Revision > keep {
			err = s.forgetRevisions(r.Module, r.Revision-keep)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("write revision of %s: %w", r.Module, err)
	}
	return r.Revision, nil
}

func (s *State) lastRevision(module string) (uint64, error) {
	rows, err := query(s.db, "SELECT max(revision) FROM config_revision WHERE module = ?", schema.Text(module))
	if err != nil || rows.Rows[0][0].Null {
		return 0, err
	}
	return strconv.ParseUint(rows.Rows[0][0].Text, 10, 64)
}

func (s *State) insertRevision(r Revision, content map[string]*schema.Rows) error {
	number := func(n uint64) schema.Cell { return schema.Text(strconv.FormatUint(n, 10)) }
	_, err := query(s.db, "INSERT INTO config_revision VALUES(?,?,?,?,?,?,?,?)",
		schema.Text(r.Module), number(r.Revision), number(r.Version), schema.Text(strconv.FormatInt(r.Epoch, 10)),
		schema.Text(r.Checksum), schema.Text(r.Origin), schema.Text(strconv.FormatInt(r.Time, 10)), schema.Text(r.Summary))
	if err != nil {
		return err
	}
	store, _, err := s.db.Prepare("INSERT OR IGNORE INTO config_chunk VALUES(?,?)")
	if err != nil {
		return cause(err)
	}
	defer store.Close()
	list, _, err := s.db.Prepare("INSERT INTO config_content VALUES(?,?,?,?,?)")
	if err != nil {
		return cause(err)
	}
	defer list.Close()
	for _, table := range slices.Sorted(maps.Keys(content)) {
		for i, c := range chunks(content[table]) {
			err := errors.Join(store.BindBlob(1, []byte(c.hash)), store.BindBlob(2, c.data), store.Exec(),
				list.BindText(1, r.Module), list.BindInt64(2, int64(r.Revision)), list.BindText(3, table), list.BindInt(4, i),
				list.BindBlob(5, []byte(c.hash)), list.Exec())
			if err != nil {
				return cause(err)
			}
		}
	}
	return nil
}

// forgetRevisions removes the revisions of a module up to and including one, and the chunks that nothing refers to any more.
func (s *State) forgetRevisions(module string, upTo uint64) error {
	args := []schema.Cell{schema.Text(module), schema.Text(strconv.FormatUint(upTo, 10))}
	const old = "module = ?1 AND revision <= ?2"
	for _, sql := range []string{
		"DELETE FROM config_revision WHERE " + old,
		"DELETE FROM config_chunk WHERE hash IN (SELECT hash FROM config_content WHERE " + old + ") AND NOT EXISTS " +
			"(SELECT 1 FROM config_content c WHERE c.hash = config_chunk.hash AND NOT (c.module = ?1 AND c.revision <= ?2))",
		"DELETE FROM config_content WHERE " + old,
	} {
		if _, err := query(s.db, sql, args...); err != nil {
			return err
		}
	}
	return nil
}

// Revisions lists what is kept, of one module or, without a name, of all; the newest of each first.
func (s *State) Revisions(module string) ([]Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := query(s.db, "SELECT module, revision, version, epoch, checksum, origin, time, summary FROM config_revision "+
		"WHERE module = ?1 OR ?1 = '' ORDER BY module, revision DESC", schema.Text(module))
	if err != nil {
		return nil, fmt.Errorf("read revisions: %w", err)
	}
	out := make([]Revision, len(rows.Rows))
	for i, c := range rows.Rows {
		r := Revision{Module: c[0].Text, Checksum: c[4].Text, Origin: c[5].Text, Summary: c[7].Text}
		var errs [4]error
		r.Revision, errs[0] = strconv.ParseUint(c[1].Text, 10, 64)
		r.Version, errs[1] = strconv.ParseUint(c[2].Text, 10, 64)
		r.Epoch, errs[2] = strconv.ParseInt(c[3].Text, 10, 64)
		r.Time, errs[3] = strconv.ParseInt(c[6].Text, 10, 64)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("read revision of %s: %w", r.Module, err)
		}
		out[i] = r
	}
	return out, nil
}

// Content gives the rows of a revision, by table; a table that was empty is missing. The error is ErrNoRevision where the
// revision is not kept.
func (s *State) Content(module string, revision uint64) (map[string]*schema.Rows, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	args := []schema.Cell{schema.Text(module), schema.Text(strconv.FormatUint(revision, 10))}
	known, err := query(s.db, "SELECT 1 FROM config_revision WHERE module = ? AND revision = ?", args...)
	if err == nil && len(known.Rows) == 0 {
		err = ErrNoRevision
	}
	if err != nil {
		return nil, fmt.Errorf("read revision %d of %s: %w", revision, module, err)
	}
	content, err := readContent(s.db, module, revision)
	if err != nil {
		return nil, fmt.Errorf("read revision %d of %s: %w", revision, module, err)
	}
	return content, nil
}

func readContent(db *sqlite3.Conn, module string, revision uint64) (map[string]*schema.Rows, error) {
	stmt, _, err := db.Prepare("SELECT tab, rows FROM config_content LEFT JOIN config_chunk USING (hash) WHERE module = ? AND revision = ? ORDER BY tab, seq")
	if err != nil {
		return nil, cause(err)
	}
	defer stmt.Close()
	if err := errors.Join(stmt.BindText(1, module), stmt.BindInt64(2, int64(revision))); err != nil {
		return nil, cause(err)
	}
	content := map[string]*schema.Rows{}
	for stmt.Step() {
		part, err := readChunk(stmt.ColumnRawBlob(1))
		if err != nil {
			return nil, err
		}
		table := stmt.ColumnText(0)
		if whole := content[table]; whole != nil {
			whole.Rows = append(whole.Rows, part.Rows...)
		} else {
			content[table] = part
		}
	}
	return content, cause(stmt.Err())
}

// SameAsLast tells whether the newest revision of a module has exactly these rows.
func (s *State) SameAsLast(module string, content map[string]*schema.Rows) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, err := s.lastRevision(module)
	if err != nil || last == 0 {
		return false, err
	}
	rows, err := query(s.db, "SELECT hex(hash) FROM config_content WHERE module = ? AND revision = ? ORDER BY tab, seq",
		schema.Text(module), schema.Text(strconv.FormatUint(last, 10)))
	if err != nil {
		return false, fmt.Errorf("read last revision of %s: %w", module, err)
	}
	at := 0
	for _, table := range slices.Sorted(maps.Keys(content)) {
		for _, c := range chunks(content[table]) {
			if at >= len(rows.Rows) || !equalHex(rows.Rows[at][0].Text, c.hash) {
				return false, nil
			}
			at++
		}
	}
	return at == len(rows.Rows), nil
}

func equalHex(text, hash string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && string(b) == hash
}
