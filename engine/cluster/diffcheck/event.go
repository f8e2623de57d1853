package diffcheck

import (
	"fmt"
	"time"
)

// Peer is a member of the cluster, by the name and port under which it is listed.
type Peer struct {
	Host string
	Port int
}

// String gives "host:port" as the log shows it; an IPv6 address is not put in brackets.
func (p Peer) String() string { return fmt.Sprintf("%s:%d", p.Host, p.Port) }

// Stamp is version, epoch and checksum of a module as runtime_checksums_values shows them.
type Stamp struct {
	Version  uint64 // 0: never loaded; 1: as the node started
	Epoch    int64  // unix seconds of the load
	Checksum string // 18 characters; empty when never loaded
}

// Own is this node's side of one watch at the time of a step.
type Own struct {
	Stamp
	Diffs int  // …_diffs_before_sync: checks that must differ in a row; 0: never pull
	Mute  bool // counted and shown, but never acted upon
	// Bootstrap lets an empty module at version 1 take what a peer has at version 1.
	Bootstrap bool
}

// Event is something that happened: Members, Rows, Tick or PullEnded.
type Event interface{ event() }

// Members is the list of members in force, in its order.
type Members []Peer

// Rows is what a peer's runtime_checksums_values shows.
type Rows struct {
	Peer Peer
	Rows []Row
	// Prompt tells that the peer reports its changes at once: one difference is then enough to pull what is newer.
	Prompt bool
}

// Row is one row of it.
type Row struct {
	Name string
	Stamp
}

// Tick is a check at which the peer's global checksum had not changed.
type Tick struct{ Peer Peer }

// PullEnded reports on a Pull that an earlier step asked for.
type PullEnded struct {
	Peer   Peer
	Module string
	Failed bool // wait before the next try
	// Partly tells that the content could not be put into force wholly, so that it would be the same at every further try.
	Partly bool
}

func (Members) event()   {}
func (Rows) event()      {}
func (Tick) event()      {}
func (PullEnded) event() {}

// Level is how bad a line of the log is.
type Level int

// The levels upstream's log has.
const (
	Info Level = iota
	Warning
	Error
)

// The kinds of conflicts.
const (
	SameEpoch  = "servers_share_epoch"
	VersionOne = "version_one"
)

// Action is something to do: Line, Pull or Align.
type Action interface{ action() }

// Line is a line of the log.
type Line struct {
	Level Level
	Peer  Peer
	Watch string // empty where it is about the peer as a whole
	Text  string
	// Conflict says which kind of conflict it reports, as upstream's metrics name it; empty for none.
	Conflict string
}

// Pull asks for a module to be fetched and put into force. PullEnded must follow, unless the peer leaves the list.
type Pull struct {
	Peer  Peer
	Watch string
	// Along is the watch that is fetched with it; empty for none.
	Along string
	// Expected is what the peer showed of all watches of the module.
	Expected map[string]Stamp
	// Own is what was in force here when the pull was decided.
	Own Stamp
}

// Align asks for the later stamp of a peer with equal content to be taken over.
type Align struct {
	Watch string
	Stamp // the peer's
}

func (Line) action()  {}
func (Pull) action()  {}
func (Align) action() {}

// Entry is what is known of one watch of one peer.
type Entry struct {
	Name string
	Stamp
	ChangedAt time.Time // when the checksum was first seen; zero: never seen
	UpdatedAt time.Time // of the last check
	// Diff counts the checks in a row at which the peer differed from this node; 0 while both are equal. A change of this
	// node alone begins to count only if what the peer has is newer all the same.
	Diff int

	// since is when the peer began to be in step, or ceased to be; zero: never seen.
	since  time.Time
	inStep bool // at the last check
	// partly is what the peer showed when it was pulled and could not be put into force wholly; zero: that never was.
	partly Stamp
	// held is our own content when the peer first showed its present stamp with an epoch too far ahead; zero: it did not.
	held Stamp
	// late is our own content, with an epoch too far ahead, when the peer was seen to load; zero: it was not.
	late Stamp
}
