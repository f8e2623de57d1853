package schema

import (
	"fmt"

	"strings"
	"sync"
)

// Kind is the type of a variable's value.
type Kind int

// The kinds of variables. The zero Kind is free text.
const (
	String     Kind = iota
	Boolean         // true, false, 1 or 0, in any letter case
	Integer         // between Min and Max
	Enum            // one of Values, in any letter case
	Path            // a file name; may be empty, must not end in '/'
	Charset         // the name of a character set
	Collation       // the name of a collation
	Interfaces      // what to listen at, see package iface
	Networks        // addresses and networks, separated by commas; empty is none, "*" all
	TableName       // database.table, with or without backticks; may be empty
	Release         // a version such as 2.7.1-16-g2726c27; belongs to one node, and is no part of what is saved or imported
)

// Sync tells whether a variable takes part in checksums and in the cluster.
type Sync int

// Most variables always take part.
const (
	Always         Sync = iota
	WithInterfaces      // only with cluster_sync_interfaces=true
	Never
)

// Variable describes one row of global_variables.
type Variable struct {
	Name     string // with its prefix: "mysql-threads"
	Default  string
	Kind     Kind
	Min, Max int64    // of Integer
	Values   []string // of Enum
	NonEmpty bool     // of String
	Restart  bool     // takes effect at the next start only
	Sync     Sync
	Doc      string // what it is, one sentence
	Unused   string // why it is accepted and changes nothing; empty for most
}

var byName = sync.OnceValue(func() map[string]*Variable {
	m := make(map[string]*Variable, len(variables))
	for i := range variables {
		m[variables[i].Name] = &variables[i]
	}
	return m
})

// Variables lists every variable whose name begins with prefix ("mysql-", "" for all), in
// the order of their names.
func Variables(prefix string) []Variable {
	var out []Variable
	for _, v := range variables {
		if strings.HasPrefix(v.Name, prefix) {
			out = append(out, v)
		}
	}
	return out
}

// FindVariable looks a variable up by its full name; nil where there is none.
func FindVariable(name string) *Variable { return byName()[name] }

// Allowed says in words what values the variable can take.
func (v *Variable) Allowed() string {
	switch {
	case v.Kind == Boolean:
		return "true, false"
	case v.Kind == Integer:
		return fmt.Sprintf("%d … %d", v.Min, v.Max)
	case v.Kind == Enum:
		return strings.Join(v.Values, ", ")
	case v.Kind == Path:
		return "file name, may be empty"
	case v.Kind == Charset:
		return "character set"
	case v.Kind == Collation:
		return "collation"
	case v.Kind == Interfaces:
		return "ip:port, [ipv6]:port, /socket; separated by semicolons"
	case v.Kind == Networks:
		return "networks separated by commas, *, or empty"
	case v.Kind == TableName:
		return "database.table, may be empty"
	case v.Kind == Release:
		return "version, as 2.7.1"
	case v.NonEmpty:
		return "text, not empty"
	}
	return "text"
}
