package setting

import (
	"hash/maphash"
	"slices"
	"strings"
)

// State is the tracked part of a session's variables. It never changes; the zero State is that of a new connection whose
// character set is the server's default.
type State struct {
	hash         uint64
	parsing      uint64
	names        string // "utf8mb4 COLLATE utf8mb4_bin" behind NAMES, or "CHARACTER SET x"; "" for the server's default
	noAutocommit bool
	items        []item // in the order of their variables
}

// item is a variable that differs from the server's default, with its value as SQL.
type item struct {
	variable int
	value    string
}

var seed = maphash.MakeSeed() // hashes are only compared within the process

// New is the state of a connection that logged in with a collation, which may be "" where only the character set is known.
func New(charset, collation string) *State {
	s := State{names: charset}
	if collation != "" {
		s.names += " COLLATE " + collation
	}
	return s.sealed()
}

// Hash is equal for equal states. The state of a connection just opened without any setting is not 0 either.
func (s *State) Hash() uint64 { return s.hash }

// Parsing is equal for states under which a server understands the text of a statement in the same way: those with the same
// character sets and sql_mode.
func (s *State) Parsing() uint64 { return s.parsing }

// WithParsing gives the state with what Parsing stands for taken from another.
func (s *State) WithParsing(from *State) *State {
	if s.parsing == from.parsing {
		return s
	}
	n := *s
	n.names = from.names
	n.items = slices.DeleteFunc(slices.Clone(s.items), parses)
	for _, it := range from.items {
		if parses(it) {
			n.items = append(n.items, it)
		}
	}
	slices.SortFunc(n.items, func(a, b item) int { return a.variable - b.variable })
	return n.sealed()
}

// parses reports whether a variable changes how statements are understood.
func parses(it item) bool {
	v := &variables[it.variable]
	return v.kind == charsetName || v.name == sqlMode
}

// Autocommit tells whether statements commit by themselves.
func (s *State) Autocommit() bool { return !s.noAutocommit }

// WithAutocommit gives the same state with autocommit as wanted.
func (s *State) WithAutocommit(on bool) *State {
	if s.Autocommit() == on {
		return s
	}
	n := *s
	n.noAutocommit = !on
	return n.sealed()
}

// Value gives the value of a tracked variable as SQL, "" where it is the server's default.
func (s *State) Value(name string) string {
	if i, ok := s.at(find(strings.ToLower(name))); ok {
		return s.items[i].value
	}
	return ""
}

// ownGTID is the value of session_track_gtids by which a server tells the GTIDs of what the session commits.
const ownGTID = "'OWN_GTID'"

// TracksGTIDs reports whether the session wants to hear the GTIDs of what it commits.
func (s *State) TracksGTIDs() bool {
	i, ok := s.at(find(trackGTIDs))
	return ok && strings.EqualFold(s.items[i].value, ownGTID)
}

// Names gives what stands behind SET NAMES, or the whole of "CHARACTER SET x".
func (s *State) Names() string { return s.names }

// Each calls f for every variable that is not at the server's default, in the order of their names.
func (s *State) Each(f func(name, value string)) {
	for _, it := range s.items {
		f(variables[it.variable].name, it.value)
	}
}

func (s *State) at(variable int) (int, bool) {
	return slices.BinarySearchFunc(s.items, variable, func(it item, v int) int { return it.variable - v })
}

// With gives the state after a SET statement.
func (s *State) With(st *Statement) *State {
	n := *s
	n.items = slices.Clone(s.items)
	for _, a := range st.assignments {
		n.assign(a)
	}
	return n.sealed()
}

func (s *State) assign(a assignment) {
	switch a.what {
	case assignNames:
		s.names = a.value
		s.items = slices.DeleteFunc(s.items, func(it item) bool { return variables[it.variable].kind == charsetName })
		return
	case assignAutocommit:
		s.noAutocommit = a.value == "0"
		return
	}
	s.dropTwin(a.variable)
	i, has := s.at(a.variable)
	value := a.value
	if strings.Contains(value, ownMode) {
		current := "@@global.sql_mode"
		if has {
			current = s.items[i].value
		}
		value = strings.ReplaceAll(value, ownMode, current)
	}
	if variables[a.variable].parts && has && value != "" {
		value = joined(s.items[i].value, value)
	}
	switch {
	case value == "" && has:
		s.items = slices.Delete(s.items, i, i+1)
	case value == "":
	case has:
		s.items[i].value = value
	default:
		s.items = slices.Insert(s.items, i, item{a.variable, value})
	}
}

// dropTwin takes out what an assignment overrules: a server keeps character set and collation of a connection as one value.
func (s *State) dropTwin(variable int) {
	twin := -1
	switch variables[variable].name {
	case "character_set_connection":
		twin = find("collation_connection")
	case "collation_connection":
		twin = find("character_set_connection")
	}
	if i, has := s.at(twin); has {
		s.items = slices.Delete(s.items, i, i+1)
	}
}

// joined puts parts of a value behind those set before; what grows too long is cut at the front, where later parts mostly
// have overruled it.
func joined(before, value string) string {
	const most = 4096
	whole := strings.TrimSuffix(before, "'") + "," + strings.TrimPrefix(value, "'")
	for len(whole) > most {
		_, rest, ok := strings.Cut(whole, ",")
		if !ok {
			return value
		}
		whole = "'" + rest
	}
	return whole
}

// sealed computes the hash.
func (s State) sealed() *State {
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteString(s.names)
	for _, it := range s.items {
		if parses(it) {
			h.WriteByte(byte(it.variable))
			h.WriteString(it.value)
			h.WriteByte(0)
		}
	}
	s.parsing = h.Sum64()
	for _, it := range s.items {
		h.WriteByte(byte(it.variable))
		h.WriteString(it.value)
		h.WriteByte(0)
	}
	if s.noAutocommit {
		h.WriteByte(255)
	}
	s.hash = h.Sum64()
	return &s
}
