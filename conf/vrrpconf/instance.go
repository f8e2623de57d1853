package vrrpconf

import (
	"net/netip"
	"reflect"
	"time"

	"github.com/keepsql/keepsql/confparse"
)

// Instance is a completed vrrp_instance block: every field has its effective value.
type Instance struct {
	Pos       confparse.Pos
	Name      string
	Interface string
	VRID      uint8 // 1–255
	Priority  uint8 // 1–255; 255 owns the addresses
	// StartMaster is `state MASTER`. It is not the running state: only an owner starts as
	// MASTER, every other instance waits a master-down interval first.
	StartMaster bool
	Version     int           // 2 or 3
	AdvertInt   time.Duration // v2: whole seconds; v3: 10 ms … 40.95 s in steps of 10 ms
	Auth        Auth
	VIPs        []VIP // advertised, all of one family
	Excluded    []VIP // set and announced with the others, not advertised
	Scripts     []Tracked
	Interfaces  []Tracked // besides the instance's own
	Files       []Tracked
	Processes   []Tracked
	// VMAC is the interface with the virtual MAC that the addresses are on; empty: none.
	VMAC         string
	VMACAddr     string       // six bytes; empty: the one of RFC 9568
	XmitBase     bool         // adverts come from Interface all the same
	TrackGroups  []string     // in fault while a static entry of one cannot be kept
	Routes       []Route      // set behind the addresses, removed before them
	Rules        []PolicyRule // behind the routes
	NoPreempt    bool
	PreemptDelay time.Duration
	Peers        []netip.Addr // unicast to each of them instead of multicast
	// PeerTTL says for a peer which TTL its adverts may have; others may have any.
	PeerTTL    map[netip.Addr]TTLRange
	Source     netip.Addr // of adverts; invalid means the interface's first address
	Group      netip.Addr // the multicast group
	UnicastTTL uint8
	CheckPeers bool // unicast adverts must come from one of Peers
	Tuning
	DontTrackPrimary bool // link loss of Interface is no fault
	TrackSource      bool // a missing Source is a fault
	Strict           bool
	NotifyPriority   bool
	TrackEngine      bool // our own keyword: a dead proxy is a fault; on unless switched off
	Notify           Notify
	// Skip says why the speaker must leave this instance alone: it asks for something that
	// is not carried out yet and without which it would disturb its peers. Empty: run it.
	Skip string
}

// Owner tells whether the instance owns its addresses (RFC 9568 §1.7): it starts as MASTER and its
// priority never changes.
func (i *Instance) Owner() bool { return i.Priority == 255 && i.StartMaster }

// IPv6 tells the address family of the virtual addresses.
func (i *Instance) IPv6() bool { return len(i.VIPs) > 0 && i.VIPs[0].Prefix.Addr().Is6() }

// Equal tells whether two instances mean the same, wherever they stand in the text. A reload
// leaves equal instances alone.
func (i *Instance) Equal(o *Instance) bool {
	a, b := *i, *o
	a.Pos, b.Pos = confparse.Pos{}, confparse.Pos{}
	return reflect.DeepEqual(a, b)
}

// Equal tells whether two scripts mean the same, wherever they stand in the text.
func (s *Script) Equal(o *Script) bool {
	a, b := *s, *o
	a.Pos, b.Pos = confparse.Pos{}, confparse.Pos{}
	return reflect.DeepEqual(a, b)
}

// TTLRange is min_ttl and max_ttl of a peer.
type TTLRange struct{ Min, Max uint8 }

// AuthType is the authentication of VRRPv2 (RFC 2338; RFC 3768 kept only the field).
type AuthType uint8

// The authentication types, with their numbers on the wire.
const (
	AuthNone AuthType = iota
	AuthPass
	AuthAH
)

// Auth is the block authentication.
type Auth struct {
	Type AuthType
	Pass [8]byte // zero-padded
}

// VIP is one line of virtual_ipaddress.
type VIP struct {
	Prefix        netip.Prefix // address and length as written; host length where none was
	Dev           string       // empty: the instance's interface
	Label         string
	Scope         int        // rtnetlink's number; 0 is global
	Broadcast     netip.Addr // invalid: none
	AutoBroadcast bool       // `brd +`
	Peer          netip.Prefix
	NoPrefixRoute bool
	Home          bool
	NoTrack       bool   // somebody else's removal of the address is not our business
	TrackGroup    string // of a static address
}

// Tracked is one line of track_script and its like.
type Tracked struct {
	Name    string
	Weight  int  // what counts here, already taken from the definition if not overridden
	Reverse bool // up and down exchanged
}

// Notify holds the commands that follow state changes; nil where there is none.
type Notify struct {
	Master, Backup, Fault, Stop *Command
	Any                         *Command // gets INSTANCE|GROUP, name, state and priority appended
	Deleted                     *Command
	MasterRxLowerPri            *Command
}

// commands are all of them, nil for those that are not set.
func (n *Notify) commands() []*Command {
	return []*Command{n.Master, n.Backup, n.Fault, n.Stop, n.Any, n.Deleted, n.MasterRxLowerPri}
}
