package sqliteserver

import (
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/engine/wire"
)

// addFunctions gives a connection the functions of MySQL that clients and tests use most.
func (s *session) addFunctions(db *sqlite3.Conn) error {
	var errs []error
	add := func(name string, args int, f func(args []sqlite3.Value) string) {
		errs = append(errs, db.CreateFunction(name, args, 0, func(c sqlite3.Context, args ...sqlite3.Value) {
			c.ResultText(f(args))
		}))
	}
	schema := func(c sqlite3.Context, _ ...sqlite3.Value) {
		if s.schema == "" {
			c.ResultNull()
			return
		}
		c.ResultText(s.schema)
	}
	user := func([]sqlite3.Value) string { return s.login.User + "@" + wire.HostOf(s.conn.RemoteAddr()) }
	errs = append(errs, db.CreateFunction("database", 0, 0, schema), db.CreateFunction("schema", 0, 0, schema))
	add("version", 0, func([]sqlite3.Value) string { return s.auth.Version })
	add("user", 0, user)
	add("current_user", 0, user)
	add("now", 0, func([]sqlite3.Value) string { return time.Now().UTC().Format(time.DateTime) })
	errs = append(errs, db.CreateFunction("connection_id", 0, 0, func(c sqlite3.Context, _ ...sqlite3.Value) {
		c.ResultInt64(int64(s.id))
	}))
	errs = append(errs, db.CreateFunction("last_insert_id", 0, 0, func(c sqlite3.Context, _ ...sqlite3.Value) {
		c.ResultInt64(s.lastInsert)
	}))
	errs = append(errs, db.CreateFunction("sleep", 1, 0, s.sleep))
	return errors.Join(errs...)
}

// sleep waits; an end of the server ends the wait, and SQLite then interrupts the statement.
func (s *session) sleep(c sqlite3.Context, args ...sqlite3.Value) {
	select {
	case <-s.ctx.Done():
		c.ResultInt(1)
	case <-time.After(time.Duration(args[0].Float() * float64(time.Second))):
		c.ResultInt(0)
	}
}
