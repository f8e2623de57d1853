package sqliteserver

import (
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/engine/wire"
)

var (
	errEmpty    = wire.Errorf(1065, "42000", "Query was empty")
	errReadOnly = wire.Errorf(1290, "HY000", "The MySQL server is running with the --read-only option so it cannot execute this statement")
	errMulti    = wire.Errorf(1064, "42000", "You have an error in your SQL syntax: more than one statement, and the client did not ask for multi-statements")
)

// sqlError makes what a client sees of an error.
func sqlError(err error) *wire.Error {
	if own, ok := errors.AsType[*wire.Error](err); ok {
		return own
	}
	switch {
	case errors.Is(err, sqlite3.INTERRUPT):
		return wire.Errorf(1317, "70100", "Query execution was interrupted")
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
		return wire.Errorf(1205, "HY000", "ProxySQL SQLite3 Error: %s", message(err))
	}
	return wire.Errorf(1045, "28000", "ProxySQL SQLite3 Error: %s", message(err))
}

// message is SQLite's own text, without the library's words for the class of the error.
func message(err error) string {
	text := err.Error()
	if lib, ok := errors.AsType[*sqlite3.Error](err); ok {
		text = strings.TrimPrefix(text, lib.ExtendedCode().Error()+": ")
	}
	return strings.TrimPrefix(text, "sqlite3: ")
}
