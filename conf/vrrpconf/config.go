package vrrpconf

import (
	"net/netip"
	"time"

	"github.com/keepsql/keepsql/confparse"
)

// Config is everything the keepalived half of a configuration says.
type Config struct {
	Global         Global
	Scripts        []*Script // in order of the text; names are unique
	TrackFiles     []*TrackFile
	TrackProcesses []*TrackProcess
	Instances      []*Instance // in order of the text; names are unique
	Groups         []*SyncGroup
}

// Script finds a vrrp_script by name; nil if there is none.
func (c *Config) Script(name string) *Script {
	for _, s := range c.Scripts {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Instance finds a vrrp_instance by name; nil if there is none.
func (c *Config) Instance(name string) *Instance {
	for _, i := range c.Instances {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// Global is the block global_defs, as far as it has an effect.
type Global struct {
	RouterID         string // a label only; empty means the host name
	ScriptSecurity   bool   // enable_script_security
	ScriptUser       User   // default user of scripts that come later in the text
	Version          int    // 2 or 3: the protocol of instances that do not say
	Strict           bool   // vrrp_strict
	DefaultInterface string // for instances without one; empty means eth0
	// DynamicInterfaces means that an absent interface is no error. The speaker always
	// waits for interfaces, so this only tells what the operator expects.
	DynamicInterfaces bool
	StartupDelay      time.Duration // added to the first down timer
	NotifyPriority    bool          // vrrp_notify_priority_changes
	LogUnknownVRIDs   bool
	Defaults          Tuning // of instances that come later in the text

	checkPeers bool       // vrrp_check_unicast_src
	group4     netip.Addr // vrrp_mcast_group4
}

// Tuning is what global_defs can preset for instances.
type Tuning struct {
	GARP                 GARP
	SkipCheckAdvAddr     bool
	LowerPrioNoAdvert    bool // hear a lower priority as MASTER without answering at once
	HigherPrioSendAdvert bool // send one advert before giving way
	DownTimerAdverts     int  // adverts missed before a takeover, 1–100
}

// GARP says when and how often gratuitous ARP goes out for every virtual address.
type GARP struct {
	Delay           time.Duration // second burst this long after a takeover; 0 means none
	Repeat          int           // frames per address in a burst, at least 1
	Refresh         time.Duration // repeated while MASTER; 0 means never
	RefreshRepeat   int
	LowerPrioDelay  time.Duration // second burst after a lower-priority advert was heard
	LowerPrioRepeat int           // 0 means no burst
	Interval        time.Duration // pause between two frames
}

// User is whom a script runs as. Both fields are names or numbers; empty means whoever the
// speaker runs as, and an empty group means the user's own.
type User struct{ Name, Group string }

// Command is a command line, split into words; it is not given to a shell.
type Command struct {
	Argv []string
	User User
}

// Script is a vrrp_script block.
type Script struct {
	Pos      confparse.Pos
	Name     string
	Command  Command
	Interval time.Duration // from start to start
	Timeout  time.Duration // then the run counts as failed
	Weight   int           // −253…253; 0 means that a failure is a fault
	Reverse  bool
	Rise     int  // successes in a row that make it good
	Fall     int  // failures in a row that make it bad
	InitFail bool // counts as failed until it has risen
}

// TrackFile is a track_file block. It is read and recognised, not yet carried out.
type TrackFile struct {
	Pos     confparse.Pos
	Name    string
	File    string
	Weight  int
	Reverse bool
}

// TrackProcess is a vrrp_track_process block. It is read and recognised, not yet carried out.
type TrackProcess struct {
	Pos     confparse.Pos
	Name    string
	Command []string
	Weight  int
	Reverse bool
	Quorum  int
}

// SyncGroup is a vrrp_sync_group block. It is read and recognised, not yet carried out.
type SyncGroup struct {
	Pos     confparse.Pos
	Name    string
	Members []string
	Notify  Notify
	// TrackingWeight lets the weighted trackers of its members count.
	TrackingWeight bool
}
