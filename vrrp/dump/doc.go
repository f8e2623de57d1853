// Package dump writes the state of virtual routers in keepalived's formats, which monitoring
// exporters parse: keepalived.data, keepalived.stats and keepalived.json.
//
// It is pure: a picture goes in, text comes out. What keepalived says about parts that do not
// exist here (LVS, BFD, SNMP) is left out; names, units and order of the rest are keepalived
// 2.2.7's.
package dump

import (
	"net/netip"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/advert"
)

// Picture is everything at one moment.
type Picture struct {
	Host       string // its name, where router_id is not set
	Config     *vrrpconf.Config
	Instances  []Instance // in the order of the configuration
	Scripts    []Script
	Interfaces []Interface
}

// Instance is one virtual router.
type Instance struct {
	Conf           *vrrpconf.Instance
	State, Want    int // 0 init, 1 backup, 2 master, 3 fault
	Priority       uint8
	Total          int // what the trackers add up to, before it is kept within 1 and 254
	Faults         int
	Changed        time.Time
	Deadline       time.Time // of the running timer
	Source         netip.Addr
	MasterPriority uint8         // 0 if no other master was heard
	MasterInt      time.Duration // interval of the present master
	MasterDown     time.Duration
	Claimed        bool // the addresses are set
	Counters       advert.Counters
}

// Script is one check script.
type Script struct {
	Conf      *vrrpconf.Script
	Known, Up bool
	Instances []Tracked
}

// Tracked is a router that follows something.
type Tracked struct {
	Name   string
	Weight int
}

// Interface is one interface that matters.
type Interface struct {
	Name  string
	Index int
	Up    bool
	MAC   string
	Addrs []netip.Prefix
	Users []Tracked
}

var states = [...]string{"INIT", "BACKUP", "MASTER", "FAULT"}
