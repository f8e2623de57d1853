package setting

import (
	"math/bits"
	"strings"
)

// Set is a set of tracked variables, autocommit among them.
type Set uint64

// autocommitBit stands for autocommit, which is no row of variables.
const autocommitBit = 63

// Add adds a variable by the name a server gives it. It is false for one that is not tracked. Variables that only tell of the
// server's own doings are passed over.
func (s *Set) Add(name string) bool {
	switch {
	case name == "autocommit":
		*s |= 1 << autocommitBit
		return true
	case strings.HasPrefix(name, "session_track_"), name == "character_set_database", name == "collation_database",
		name == "statement_id": // which MySQL tells with every answer
		return true
	}
	i := find(name)
	if i >= 0 {
		*s |= 1 << i
	}
	return i >= 0
}

// Query is the statement that asks a server for the values.
func (s Set) Query(mariadb bool) string {
	q := "SELECT "
	for rest := uint64(s); rest != 0; rest &= rest - 1 {
		if len(q) > len("SELECT ") {
			q += ","
		}
		if i := bits.TrailingZeros64(rest); i == autocommitBit {
			q += "@@session.autocommit"
		} else {
			q += "@@session." + variables[i].serverName(mariadb)
		}
	}
	return q
}

// WithValues gives the state with the values a server gave for Query; a nil value is NULL. ok is false where there are too few
// or one that cannot be written as SQL without doubt.
func (s *State) WithValues(set Set, values []*string) (next *State, ok bool) {
	st := &Statement{}
	for rest := uint64(set); rest != 0; rest &= rest - 1 {
		if len(values) == 0 {
			return s, false
		}
		a, ok := valueOf(bits.TrailingZeros64(rest), values[0])
		if !ok {
			return s, false
		}
		st.assignments = append(st.assignments, a)
		values = values[1:]
	}
	return s.With(st), true
}

func valueOf(variable int, value *string) (assignment, bool) {
	if variable == autocommitBit {
		if value == nil || *value != "0" && *value != "1" {
			return assignment{}, false
		}
		return assignment{what: assignAutocommit, value: *value}, true
	}
	a := assignment{variable: variable, value: "NULL"}
	v := &variables[variable]
	if value == nil {
		return a, v.kind == charsetName
	}
	a.value = *value
	switch {
	case v.kind == boolean:
		var ok bool
		a.value, ok = onOff(*value)
		return a, ok
	case v.kind == number:
		for _, c := range []byte(*value) {
			if c-'0' >= 10 && c != '.' && c != '-' {
				return a, false
			}
		}
		return a, *value != ""
	case strings.ContainsAny(*value, "'\\\x00"):
		return a, false
	case v.kind == text:
		a.value = "'" + *value + "'"
	}
	return a, a.value != ""
}
