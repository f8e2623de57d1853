package machine

import (
	"fmt"
	"net/netip"
	"time"
)

// Event is one thing that happened: Start, Tick, Advert, Track, Value, Source, AddressLost,
// Reconfigure, HandOver, Rejoin, Stop, or what a Group says.
type Event interface{ event() }

type (
	// Start begins. Trackers and Source that are known already are fed before it.
	Start struct{}
	// Tick says that the time given to Step has come. All adverts received until then
	// have been fed before.
	Tick struct{}
	// Advert is a valid advertisement of this virtual router from somebody else.
	Advert struct {
		From     netip.Addr
		Priority uint8
		Interval time.Duration
		// Heir says that nobody better than us is there to follow the sender: if this is its
		// farewell, we take over without the skew. Should it be wrong, two masters settle it
		// by their first adverts.
		Heir bool
	}
	// Track is the verdict on one of Config.Trackers; others are ignored.
	Track struct {
		Name string
		Up   bool
	}
	// Value is the number in a tracked file.
	Value struct {
		Name  string
		Value int
	}
	// Source tells the address our adverts come from, which breaks ties.
	Source struct{ Addr netip.Addr }
	// AddressLost says that somebody else removed one of our addresses.
	AddressLost struct{ Prefix netip.Prefix }
	// Reconfigure replaces the configuration; name and version must be the same.
	Reconfigure struct{ Config Config }
	// Stop ends; see Leaving. Deleted says that the configuration no longer has this virtual
	// router.
	Stop struct{ Deleted bool }
)

func (Start) event()       {}
func (Tick) event()        {}
func (Advert) event()      {}
func (Track) event()       {}
func (Value) event()       {}
func (Source) event()      {}
func (AddressLost) event() {}
func (Reconfigure) event() {}
func (Stop) event()        {}

// Action is one thing to be done: Send, Claim, Release, Lay, Lift, Announce, Notify or Log.
type Action interface{ fmt.Stringer }

type (
	// Send sends one advertisement with this priority.
	Send struct{ Priority uint8 }
	// Claim sets these addresses and keeps them set until they are released.
	Claim struct{ VIPs []netip.Prefix }
	// Release removes these addresses if they are there.
	Release struct{ VIPs []netip.Prefix }
	// Lay sets the routes and rules that go with the addresses, Lift removes them.
	Lay  struct{}
	Lift struct{}
	// Announce sends gratuitous ARP for all claimed addresses in turn, Repeat times over.
	Announce struct{ Repeat int }
	// Notify runs the commands that follow a change.
	Notify struct {
		What     Notice
		Priority uint8 // effective
	}
	// Log is a line for the operator. Detail marks lines that keepalived shows with -D only.
	Log struct {
		Detail bool
		Text   string
	}
)

// Notice names what notify scripts are told.
type Notice string

// The notices, as notify scripts receive them.
const (
	NoticeMaster     Notice = "MASTER"
	NoticeBackup     Notice = "BACKUP"
	NoticeFault      Notice = "FAULT"
	NoticeStop       Notice = "STOP"
	NoticeDeleted    Notice = "DELETED"
	NoticeRxLowerPri Notice = "MASTER_RX_LOWER_PRI"
)

func (a Send) String() string     { return fmt.Sprintf("send priority %d", a.Priority) }
func (a Claim) String() string    { return fmt.Sprintf("claim %v", a.VIPs) }
func (a Release) String() string  { return fmt.Sprintf("release %v", a.VIPs) }
func (Lay) String() string        { return "lay routes" }
func (Lift) String() string       { return "lift routes" }
func (a Announce) String() string { return fmt.Sprintf("announce x%d", a.Repeat) }
func (a Notify) String() string   { return fmt.Sprintf("notify %s %d", a.What, a.Priority) }
func (a Log) String() string {
	if a.Detail {
		return "detail " + a.Text
	}
	return "log " + a.Text
}
