package vrrpconf

import (
	"iter"
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
	Static         Static
	TrackGroups    []TrackGroup
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

// Commands are all command lines there are: of checks, notifications and readers of pipes.
func (c *Config) Commands() iter.Seq[*Command] {
	return func(yield func(*Command) bool) {
		var all []*Command
		for _, s := range c.Scripts {
			all = append(all, &s.Command)
		}
		for _, i := range c.Instances {
			all = append(all, i.Notify.commands()...)
		}
		for _, g := range c.Groups {
			all = append(all, g.Notify.commands()...)
		}
		for _, f := range c.Global.FIFOs {
			all = append(all, f.Script)
		}
		all = append(all, c.Global.Startup.Command, c.Global.Shutdown.Command)
		for _, k := range all {
			if k != nil && !yield(k) {
				return
			}
		}
	}
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

	Startup, Shutdown Hook // run once, before the first instance begins and after the last has ended

	RealtimePriority int  // vrrp_rt_priority: of the speaker's threads, 1–99; 0 is none given
	Nice             *int // vrrp_priority, −20…19; nil: not given
	NoSwap           bool // vrrp_no_swap: the speaker's memory stays where it is
	// FIFOs receive a line for every change: notify_fifo, then vrrp_notify_fifo.
	FIFOs [2]FIFO
	// FIFOOnReload repeats the states to the FIFOs after a reload.
	FIFOOnReload bool

	checkPeers     bool       // vrrp_check_unicast_src
	group4, group6 netip.Addr // vrrp_mcast_group4, vrrp_mcast_group6
}

// Hook is a command that is run once and waited for.
type Hook struct {
	Command *Command // nil: none
	Timeout time.Duration
}

// FIFO is a named pipe that receives events. Path is empty where there is none.
type FIFO struct {
	Path   string
	User   User     // who owns the pipe
	Script *Command // reads it; gets the path as last argument; nil if there is none
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
	// Secure is enable_script_security: the command must not run as root if somebody else
	// could change it.
	Secure bool
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

// TrackFile is a track_file block: the number in a file counts.
type TrackFile struct {
	Pos     confparse.Pos
	Name    string
	File    string
	Weight  int // the number is multiplied by it; with 0, any number but 0 is a fault
	Reverse bool
	// Init says that the file is written at the start, unless it is there; InitValue is what
	// with, and InitOverwrite that it is written all the same.
	Init, InitOverwrite bool
	InitValue           int
}

// ParamMatch says how the parameters of a process are compared.
type ParamMatch uint8

// The ways to compare parameters.
const (
	ParamExact   ParamMatch = iota
	ParamInitial            // the process may have more
	ParamPartial            // as ParamInitial, and the last one may be longer
)

// TrackProcess is a vrrp_track_process block: it is up while enough processes run.
type TrackProcess struct {
	Pos     confparse.Pos
	Name    string
	Command []string
	Weight  int
	Reverse bool
	// FullCommand compares the whole command line instead of the process's name.
	FullCommand bool
	ParamMatch  ParamMatch
	Quorum      int // at least so many must run
	QuorumMax   int // and no more than that; 0 is no limit
	// ForkDelay and TerminateDelay are how long a change must last to count.
	ForkDelay, TerminateDelay time.Duration
}

// SyncGroup is a vrrp_sync_group block: its members are MASTER together or not at all. What
// the group tracks is in each member's lists.
type SyncGroup struct {
	Pos     confparse.Pos
	Name    string
	Members []string
	Notify  Notify
	// TrackingWeight lets the weighted trackers of its members count.
	TrackingWeight bool

	scripts, interfaces, files, processes []Tracked
}
