package store

import "github.com/ncruces/go-sqlite3"

// Memory is how many bytes SQLite holds for the admin databases: pages, schemas and statements. While a statement runs it is
// the figure of before.
func (s *Store) Memory() int64 {
	if !s.mu.TryLock() {
		return s.memory.Load()
	}
	defer s.mu.Unlock()
	var sum int64
	for _, what := range []sqlite3.DBStatus{sqlite3.DBSTATUS_CACHE_USED, sqlite3.DBSTATUS_SCHEMA_USED, sqlite3.DBSTATUS_STMT_USED} {
		if n, _, err := s.db.Status(what, false); err == nil {
			sum += n
		}
	}
	s.memory.Store(sum)
	return sum
}
