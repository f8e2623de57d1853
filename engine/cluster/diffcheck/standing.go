package diffcheck

import (
	"cmp"
	"time"
)

// maxAhead is how far before our clock, and our own epoch, a peer's epoch may be.
const maxAhead = 60 * time.Second

// none is the checksum of a module without rows.
const none = "0x0000000000000000"

// standing is how a peer's content stands to our own.
type standing int

const (
	unknown      standing = iota // the peer showed nothing yet
	same                         // equal content
	older                        // ours is newer: the peer is to pull it
	newer                        // the peer's is
	vacant                       // ours is empty, both are at version 1, and bootstrapping is allowed
	standOff                     // the peer is at version 1, or 0, which is nobody's word
	future                       // the peer's epoch is too far ahead to mean anything
	pulledPartly                 // the peer's was pulled, and something of it is not possible here
)

// ahead tells whether an epoch was stamped by a clock that disagrees with ours.
func ahead(s Stamp, now time.Time) bool { return s.Epoch > now.Add(maxAhead).Unix() }

// unbelievable tells whether a peer's epoch is too far ahead both of our clock and of our own epoch. Where all nodes were loaded
// by a wrong clock, they can still be told apart.
func unbelievable(e Stamp, own Own, now time.Time) bool {
	return ahead(e, now) && e.Epoch > own.Epoch+int64(maxAhead/time.Second)
}

// standing judges what the peer shows.
func (e *Entry) standing(own Own, now time.Time) standing {
	switch {
	case e.UpdatedAt.IsZero():
		return unknown
	case e.Checksum == own.Checksum:
		return same
	case e.Version <= 1:
		if e.Version == 1 && own.Bootstrap && own.Version <= 1 && own.Checksum == none {
			return vacant
		}
		return standOff
	case unbelievable(e.Stamp, own, now):
		return future
	case e.held != (Stamp{}) && e.held != own.Stamp:
		// Our clock has come up to the epoch, but something was loaded here in between.
		return future
	case e.partly == e.Stamp:
		return pulledPartly
	case own.Version <= 1:
		return newer
	case e.late == own.Stamp && ahead(own.Stamp, now) && !ahead(e.Stamp, now):
		return newer // the peer was loaded by a right clock after we were by a wrong one
	case later(e.Stamp, own.Stamp) > 0:
		return newer
	}
	return older
}

// later compares two loads: by epoch, then by version, then by checksum. Stamps of one order have equal content.
func later(a, b Stamp) int {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Checksum, b.Checksum))
}
