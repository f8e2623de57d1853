package importer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// database is what proxysql.db holds, as tables of this release.
type database struct {
	file    string
	tables  map[string]*schema.Rows // with all columns of this release; only tables that exist
	lacking map[string][]string     // table → columns the file's table does not have
	extra   map[string][]string     // table → columns this release does not know
	foreign map[string]int          // tables this release does not know → rows in them
}

// databaseFile is the database that a file or a data directory stands for.
func databaseFile(name string) string {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return filepath.Join(name, store.DiskFile)
	}
	return name
}

// busyTimeout is how long a writer may hold the database before reading it is given up.
const busyTimeout = 5 * time.Second

// readDatabase reads a proxysql.db, or the one in a data directory, in one read transaction. It
// opens the file read-only, so that nothing can change it.
func readDatabase(file string) (*database, error) {
	file = databaseFile(file)
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db, err := sqlite3.OpenFlags(file, sqlite3.OPEN_READONLY)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", file, plain(err))
	}
	d := &database{
		file: file, tables: map[string]*schema.Rows{}, lacking: map[string][]string{},
		extra: map[string][]string{}, foreign: map[string]int{},
	}
	if err := errors.Join(d.read(db), plain(db.Close())); err != nil {
		return nil, fmt.Errorf("read database %s: %w", file, err)
	}
	return d, nil
}

// errNoTables is for a database that is none of ProxySQL's.
var errNoTables = errors.New("it has none of ProxySQL's tables")

func (d *database) read(db *sqlite3.Conn) error {
	// Definitions of upstream hold literals in double quotes.
	if _, err := db.Config(sqlite3.DBCONFIG_DQS_DDL, true); err != nil {
		return plain(err)
	}
	if err := db.BusyTimeout(busyTimeout); err != nil {
		return plain(err)
	}
	if err := db.Exec("BEGIN"); err != nil {
		return plain(err)
	}
	if err := sound(db); err != nil {
		return err
	}
	names, err := query(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		return err
	}
	for _, row := range names.Rows {
		if err := d.readTable(db, row[0].Text); err != nil {
			return fmt.Errorf("table %s: %w", row[0].Text, err)
		}
	}
	if len(d.tables) == 0 {
		return errNoTables
	}
	return plain(db.Exec("ROLLBACK"))
}

// backupTable names what ProxySQL leaves behind when it upgrades a table: <table>_v<version>.
var backupTable = regexp.MustCompile(`_v[0-9][0-9_a-z]*$`)

func (d *database) readTable(db *sqlite3.Conn, name string) error {
	def := schema.Lookup("disk", name)
	if def == nil {
		if strings.HasPrefix(name, "sqlite_") || backupTable.MatchString(name) {
			return nil
		}
		rows, err := query(db, "SELECT count(*) FROM "+ident(name))
		if err != nil {
			return err
		}
		if n, err := strconv.Atoi(rows.Rows[0][0].Text); err != nil || n > 0 {
			d.foreign[name] = n
		}
		return nil
	}
	rows, err := query(db, "SELECT * FROM "+ident(name))
	if err != nil {
		return err
	}
	d.tables[name] = d.complete(def, rows)
	return nil
}

// complete gives the rows the columns of this release: one the file lacks has the table's
// default, as after an upgrade by ProxySQL.
func (d *database) complete(def *schema.Table, rows *schema.Rows) *schema.Rows {
	for _, c := range rows.Columns {
		if _, known := def.Column(c); !known {
			d.extra[def.Name] = append(d.extra[def.Name], c)
		}
	}
	out := &schema.Rows{Columns: def.ColumnNames(), Rows: make([]schema.Row, len(rows.Rows))}
	for n := range out.Rows {
		out.Rows[n] = make(schema.Row, len(def.Columns))
	}
	for i, c := range def.Columns {
		at := slices.IndexFunc(rows.Columns, func(name string) bool { return strings.EqualFold(name, c.Name) })
		if at < 0 {
			d.lacking[def.Name] = append(d.lacking[def.Name], c.Name)
		}
		initial := c.Default
		if initial.Null && c.NotNull {
			initial = schema.Text("")
		}
		for n, row := range rows.Rows {
			out.Rows[n][i] = initial
			if at >= 0 {
				out.Rows[n][i] = row[at]
			}
		}
	}
	return out
}

// sound looks for damage. Rows that break a constraint are none: they are judged one by one.
func sound(db *sqlite3.Conn) error {
	rows, err := query(db, "PRAGMA quick_check(100)")
	if err != nil {
		return err
	}
	for _, r := range rows.Rows {
		text := r[0].Text
		if text == "ok" || strings.HasPrefix(text, "NULL value in") || strings.HasPrefix(text, "CHECK constraint failed") ||
			strings.HasPrefix(text, "non-unique entry") || strings.HasPrefix(text, "NUMERIC value in") || strings.HasPrefix(text, "TEXT value in") {
			continue
		}
		return fmt.Errorf("the database is damaged: %s", strings.ReplaceAll(text, "\n", "; "))
	}
	return nil
}

func query(db *sqlite3.Conn, sql string) (*schema.Rows, error) {
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return nil, plain(err)
	}
	rows := &schema.Rows{Columns: make([]string, stmt.ColumnCount())}
	for i := range rows.Columns {
		rows.Columns[i] = stmt.ColumnName(i)
	}
	for stmt.Step() {
		row := make(schema.Row, len(rows.Columns))
		for i := range row {
			if row[i] = schema.Null; stmt.ColumnType(i) != sqlite3.NULL {
				row[i] = schema.Text(stmt.ColumnText(i))
			}
		}
		rows.Rows = append(rows.Rows, row)
	}
	if err := stmt.Err(); err != nil {
		stmt.Close() // says the same again
		return nil, plain(err)
	}
	return rows, plain(stmt.Close())
}

// plain drops the name of the library from its errors.
func plain(err error) error {
	if err == nil {
		return nil
	}
	return &sqliteError{err}
}

type sqliteError struct{ err error }

func (e *sqliteError) Error() string { return strings.TrimPrefix(e.err.Error(), "sqlite3: ") }
func (e *sqliteError) Unwrap() error { return e.err }

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
