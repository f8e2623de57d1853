package store

import "fmt"

// ReopenDisk closes the disk database and opens the file of its name again, which may have been put in its place. A database
// in memory is left alone.
func (s *Store) ReopenDisk() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.db.Filename("disk").Database()
	if file == "" {
		return nil
	}
	if err := s.db.Exec("DETACH DATABASE disk"); err != nil {
		return fmt.Errorf("close %s: %w", file, cause(err))
	}
	if err := s.attach("disk", file); err != nil {
		return fmt.Errorf("open database %s: %w", file, err)
	}
	if err := s.createTables("disk"); err != nil {
		return fmt.Errorf("prepare schema disk: %w", err)
	}
	return nil
}
