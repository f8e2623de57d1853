package prepared

import "bytes"

// Set is the statements that exist on one server connection. It belongs to whoever has the connection.
type Set struct {
	byStatement map[*Statement]*Instance
	turn        uint64
}

// Instance is a statement on one server connection.
type Instance struct {
	ID        uint32 // the server's
	Statement *Statement
	// Held keeps it from being evicted: a cursor is open on it.
	Held bool

	types []byte // of the parameters, as the server was told last
	typed bool
	used  uint64
}

// Get finds a statement and notes that it is used; nil where it does not exist on the connection.
func (s *Set) Get(st *Statement) *Instance {
	in := s.byStatement[st]
	if in != nil {
		s.turn++
		in.used = s.turn
	}
	return in
}

// Has reports whether a statement exists on the connection, without counting as a use.
func (s *Set) Has(st *Statement) bool { return s.byStatement[st] != nil }

// Len is how many statements there are.
func (s *Set) Len() int { return len(s.byStatement) }

// Add notes that a statement was prepared, with the server's id for it.
func (s *Set) Add(st *Statement, id uint32) *Instance {
	if s.byStatement == nil {
		s.byStatement = map[*Statement]*Instance{}
	}
	s.turn++
	in := &Instance{ID: id, Statement: st, used: s.turn}
	s.byStatement[st] = in
	st.servers.Add(1)
	st.cache.servers.Add(1)
	return in
}

// Rename puts another statement in the place of an instance's: one of the same text that was in the cache before.
func (s *Set) Rename(in *Instance, to *Statement) {
	delete(s.byStatement, in.Statement)
	in.Statement.servers.Add(-1)
	in.Statement = to
	s.byStatement[to] = in
	to.servers.Add(1)
}

// Remove notes that a statement was closed.
func (s *Set) Remove(in *Instance) {
	if s.byStatement[in.Statement] != in {
		return
	}
	delete(s.byStatement, in.Statement)
	in.Statement.servers.Add(-1)
	in.Statement.cache.servers.Add(-1)
}

// Oldest gives the statement used longest ago, of those that may go; nil where there is none.
func (s *Set) Oldest() *Instance {
	var oldest *Instance
	for _, in := range s.byStatement {
		if !in.Held && (oldest == nil || in.used < oldest.used) {
			oldest = in
		}
	}
	return oldest
}

// Each calls f for every statement, in no order; f may remove the one it is given.
func (s *Set) Each(f func(*Instance)) {
	for _, in := range s.byStatement {
		f(in)
	}
}

// Forget empties the set: the connection was closed or reset.
func (s *Set) Forget() {
	for _, in := range s.byStatement {
		in.Statement.servers.Add(-1)
		in.Statement.cache.servers.Add(-1)
	}
	clear(s.byStatement)
}

// Knows reports whether the server was told these types last.
func (in *Instance) Knows(types []byte) bool { return in.typed && bytes.Equal(in.types, types) }

// Told notes the types the server was told. It allocates only where there are more than ever before.
func (in *Instance) Told(types []byte) { in.types, in.typed = append(in.types[:0], types...), true }

// Untold notes that it is not known what the server was told.
func (in *Instance) Untold() { in.typed = false }
