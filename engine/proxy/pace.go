package proxy

import "time"

// pace holds an answer back so that the client gets no more bytes in a second than mysql-throttle_max_bytes_per_second_to_client
// says. The server waits meanwhile, once the buffers between are full. It is false when the session ends, or its statement.
func (s *session) pace(sent, most int) bool {
	const grain = 10 * time.Millisecond // shorter waits are saved up
	if s.view.outcome() != goOn {       // of the answer of an interrupted statement no more is coming than lies in buffers
		return true
	}
	now := time.Now()
	if s.paced.Before(now) {
		s.paced = now
	}
	s.paced = s.paced.Add(time.Duration(sent) * time.Second / time.Duration(most))
	for left := s.paced.Sub(now); left > grain; left = time.Until(s.paced) {
		if !s.sleep(min(left, 200*time.Millisecond)) {
			return false
		}
		if s.view.outcome() != goOn {
			s.paced = time.Now()
			return true
		}
	}
	return true
}
