package machine

import (
	"net/netip"
	"time"
)

// Config is what one virtual router is told to do.
type Config struct {
	Name      string // as it appears in log lines
	Priority  uint8  // 1–255
	Owner     bool   // starts as MASTER; its priority never changes
	Version   int    // 2 or 3
	AdvertInt time.Duration
	// DownAdverts is how many adverts must be missed before the master counts as gone; 0 is 3.
	DownAdverts          int
	NoPreempt            bool
	PreemptDelay         time.Duration // tolerate a lower master this long
	LowerPrioNoAdvert    bool
	HigherPrioSendAdvert bool
	StartupDelay         time.Duration // added to the first down timer
	GARP                 GARP
	VIPs                 []netip.Prefix // in order of announcement
	Trackers             []Tracker
	// Routed says that routes or rules go with the addresses.
	Routed bool
	// Grouped says that a Group decides when this router becomes MASTER.
	Grouped bool
	// LateFloor is how late a timer may be served before that alone means that the node was
	// not running and its picture of the network is stale. 0 means DefaultLateFloor.
	LateFloor time.Duration
	// Handover is how long a MASTER that is told to stop keeps its addresses for a successor to
	// appear. 0 means the longest skew, but not more than MaxHandover; less than 0 means not at all.
	Handover time.Duration
}

// MaxHandover is the longest skew of VRRPv2: every backup has taken over by then.
const MaxHandover = time.Second

// DefaultLateFloor is far above scheduling noise and far below a suspended machine.
const DefaultLateFloor = 500 * time.Millisecond

// GARP says when gratuitous ARP is sent; see the keywords garp_* of keepalived.
type GARP struct {
	Delay           time.Duration
	Repeat          int
	Refresh         time.Duration
	RefreshRepeat   int
	LowerPrioDelay  time.Duration
	LowerPrioRepeat int
}

// Tracker is something whose health counts for this virtual router.
type Tracker struct {
	Name    string
	Weight  int  // 0: being down is a fault; else see contribution
	Reverse bool // up and down exchanged
	Cause   string
	// File says that the verdict is a number, see Value. With weight 0 any number but 0 is a
	// fault, else the product of number and weight counts, and −254 or less is a fault.
	File bool
}

// product is what the number of a File tracker adds to the priority.
func (t Tracker) product(value int) int {
	if t.Reverse {
		value = -value
	}
	return min(value*t.Weight, 253)
}

// fileFault tells whether the number of a File tracker is a fault.
func (t Tracker) fileFault(value int) bool {
	if t.Weight == 0 {
		return (value != 0) != t.Reverse
	}
	return t.product(value) <= -254
}

// contribution is what a tracker adds to the priority.
//
//	weight      up    down
//	w > 0       +w       0
//	w < 0        0    −|w|
//	w > 0 rev   −w       0
//	w < 0 rev    0    +|w|
func (t Tracker) contribution(up bool) int {
	w := t.Weight
	if (w > 0) != up {
		return 0
	}
	if t.Reverse {
		return -w
	}
	return w
}

// downAdverts is DownAdverts with its default.
func (c *Config) downAdverts() int {
	if c.DownAdverts == 0 {
		return 3
	}
	return c.DownAdverts
}

// lateLimit is how late a timer of the given period may be served; see LateFloor.
func (c *Config) lateLimit(period time.Duration) time.Duration {
	floor := c.LateFloor
	if floor == 0 {
		floor = DefaultLateFloor
	}
	return max(floor, period)
}
