package layers

import (
	"fmt"
	"maps"
)

// Stamp is what runtime_checksums_values shows of a module. Content that was adopted has the peer's stamp unchanged: were copies
// counted up, nodes would not agree which of two loads of one second is the later.
type Stamp struct {
	Version  uint64 // 0: never loaded
	Epoch    int64  // unix seconds of the load
	Checksum string // 18 characters
}

// MaxAhead is how far before the clock loads that follow each other within a second may count on, in seconds. Peers do not
// believe what is further ahead.
const MaxAhead = 60

// Next is the stamp of a load at now (unix seconds) over content with the stamp s. It is later than that, so that peers tell the
// loads apart, except where a burst of loads has used up MaxAhead: then only the version goes up.
func (s Stamp) Next(checksum string, now int64) Stamp {
	epoch := max(now, s.Epoch+1)
	if s.Epoch == now+MaxAhead {
		epoch = s.Epoch
	}
	return Stamp{Version: s.Version + 1, Epoch: epoch, Checksum: checksum}
}

// Align takes over the later stamp of a peer that has the same content, by name of the checksum. The next load here is then
// later than the peer's last one, whatever the clocks say. Content that changed meanwhile is left alone.
func (m *Manager) Align(name string, peer Stamp) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.current {
		s := p.Load()
		if s == nil {
			continue
		}
		stamp, found := s.Stamps[name]
		if !found || stamp.Checksum != peer.Checksum || stamp.Epoch > peer.Epoch || stamp.Epoch == peer.Epoch && stamp.Version >= peer.Version {
			continue
		}
		next := *s
		next.Stamps = maps.Clone(s.Stamps)
		next.Stamps[name] = peer
		p.Store(&next)
		if err := m.saveVersion(&next, name); err != nil {
			return fmt.Errorf("remember stamp of %s: %w", name, err)
		}
	}
	return nil
}
