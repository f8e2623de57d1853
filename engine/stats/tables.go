// Package stats counts what the engine does and shows it as tables.
//
// Counters are plain atomics that the data path adds to; tables are made of them when an
// admin statement reads one, never on the data path.
package stats

import (
	"maps"

	"github.com/keepsql/keepsql/conf/schema"
)

// Tables gives the present content of tables of schema stats, by table name. The functions
// may be called from any goroutine.
type Tables map[string]func() *schema.Rows

// Merge puts the tables of several parts of the engine together.
func Merge(parts ...Tables) Tables {
	out := Tables{}
	for _, p := range parts {
		maps.Copy(out, p)
	}
	return out
}
