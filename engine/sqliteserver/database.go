package sqliteserver

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs/memdb"
)

// File is the name of the database file in the data directory.
const File = "sqlite3server.db"

// lockWait is how long a statement waits for a lock before it fails with 1205.
const lockWait = 10 * time.Second

// database is where connections are opened. Its first connection keeps it for as long as the server runs.
type database struct {
	name   string // as SQLite wants it
	memory string // name in memory; empty for a file
	first  *sqlite3.Conn
}

func openDatabase(datadir string) (*database, error) {
	d := &database{}
	if datadir != "" {
		d.name = filepath.Join(datadir, File)
		f, err := os.OpenFile(d.name, os.O_CREATE|os.O_RDWR, 0o640)
		if err != nil {
			return nil, err
		}
		f.Close()
	} else {
		d.memory = "sqlite3server-" + rand.Text() // several servers of one process do not share
		d.name = "file:/" + d.memory + "?vfs=memdb"
		memdb.Create(d.memory, nil)
	}
	first, err := d.open(context.Background())
	if err != nil {
		return nil, err
	}
	d.first = first
	if d.memory == "" { // readers go on while one writes
		if err := first.Exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"); err != nil {
			return nil, errors.Join(err, first.Close())
		}
	}
	return d, nil
}

func (d *database) close() error {
	err := d.first.Close()
	if d.memory != "" {
		memdb.Delete(d.memory)
	}
	return err
}

// open makes a connection whose statements end when ctx does.
func (d *database) open(ctx context.Context) (*sqlite3.Conn, error) {
	db, err := sqlite3.Open(d.name)
	if err != nil {
		return nil, err
	}
	for _, option := range []sqlite3.DBConfig{sqlite3.DBCONFIG_DQS_DML, sqlite3.DBCONFIG_DQS_DDL} {
		if _, err := db.Config(option, true); err != nil { // MySQL's clients write 'a' and "a"
			return nil, errors.Join(err, db.Close())
		}
	}
	if err := errors.Join(db.BusyTimeout(lockWait), db.SetAuthorizer(authorize)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.SetInterrupt(ctx)
	return db, nil
}

// authorize keeps clients inside their database: no other file of the host is opened or written. VACUUM attaches a file
// without a name.
func authorize(action sqlite3.AuthorizerActionCode, file, _, _, _ string) sqlite3.AuthorizerReturnCode {
	if action == sqlite3.AUTH_ATTACH && file != "" {
		return sqlite3.AUTH_DENY
	}
	return sqlite3.AUTH_OK
}
