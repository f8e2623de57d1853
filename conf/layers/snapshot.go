package layers

import (
	"time"

	"github.com/keepsql/keepsql/conf/schema"
)

// Snapshot is one runtime of a module. It never changes; its rows must not be written to.
type Snapshot struct {
	Module schema.Module
	Origin string // who loaded it: "file node1.cnf", "admin admin@127.0.0.1", "peer 10.0.0.2:6032"
	Loaded time.Time
	// Source is the rows that were loaded, by table, inactive ones included.
	Source map[string]*schema.Rows
	// Runtime is the rows in force, as the runtime_ tables show and pull queries serve them.
	Runtime map[string]*schema.Rows
	// Stamps by name of the checksum; mysql_servers has two.
	Stamps map[string]Stamp
}

// Stamp is the module's first stamp.
func (s *Snapshot) Stamp() Stamp { return s.Stamps[s.Module.Checksums[0]] }

// Variables reads the values of a snapshot of variables.
func (s *Snapshot) Variables() Variables {
	rows := s.Runtime[s.Module.VariablesTable()]
	v := make(Variables, len(rows.Rows))
	for _, r := range rows.Rows {
		v[r[0].Text] = r[1].Text
	}
	return v
}

// variablesTable is the table that holds the variables of the modules that are synced.
const variablesTable = "global_variables"

// Variables is a set of variables in force, by full name. Every value passed its check.
type Variables map[string]string

// String gives the value as it is.
func (v Variables) String(name string) string { return v[name] }

// Bool is true for "true".
func (v Variables) Bool(name string) bool { return v[name] == "true" }

// Int gives a whole number; a variable that is none gives 0.
func (v Variables) Int(name string) int { return int(integer(schema.Text(v[name]))) }

// Milliseconds gives a duration of a variable that counts milliseconds.
func (v Variables) Milliseconds(name string) time.Duration {
	return time.Duration(v.Int(name)) * time.Millisecond
}

// Consumer is a part of the engine that works by a module's runtime.
type Consumer interface {
	// Prepare builds what the part needs of a new snapshot. It may fail, and then nothing
	// has happened. commit cannot fail; it is called once all consumers are prepared and
	// the snapshot is in force.
	Prepare(s *Snapshot) (commit func(), err error)
}

// ConsumerFunc makes a Consumer of a function.
type ConsumerFunc func(s *Snapshot) (commit func(), err error)

// Prepare calls f.
func (f ConsumerFunc) Prepare(s *Snapshot) (commit func(), err error) { return f(s) }
