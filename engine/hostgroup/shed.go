package hostgroup

// Shed closes the free connections of a server on which statements are prepared: it has no room for more
// (max_prepared_stmt_count).
func (m *Manager) Shed(s *Server) {
	taken := s.takeIdle(func(c *Conn) bool { return c.Prepared.Len() > 0 })
	for _, c := range taken {
		c.Kill()
		m.counters.destroyed.Add(1)
	}
}
