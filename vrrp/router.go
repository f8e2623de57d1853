package vrrp

import (
	"net/netip"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/advert"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/netif"
	"github.com/keepsql/keepsql/vrrp/script"
)

// router is one virtual router: its machine, and what its actions need.
type router struct {
	conf     *vrrpconf.Instance
	log      zerolog.Logger
	m        *machine.Machine
	expect   advert.Expect
	counters advert.Counters
	notify   *script.Queue
	group    *group               // nil if it is in none
	grouped  bool                 // it is in a group of the configuration
	source   netip.Addr           // of our adverts; invalid while the interface has none
	claimed  map[netip.Prefix]int // addresses we hold, and the interface index they are on
	// laid says that routes and rules are set; gaps that some could not be, see patch.
	laid, gaps bool
	raised     bool // the interface with the virtual MAC is up
	// stopBurst ends an announcement that is still going on.
	stopBurst func()
	packetID  uint16
	sequence  uint32 // of authentication headers
	deaf      bool   // sending failed, and it was said
	// complaint is the last reject that was logged, complained when.
	complaint  string
	complained time.Time
	// lastPacket is what came in last, by lastPort; see echo.
	lastPacket []byte
	lastPort   string
	lastAt     time.Time
	// prebuilt are the packets to send, from the address prebuiltFrom; see packets.
	prebuilt     []*advert.Prebuilt
	prebuiltFrom netip.Addr
}

// newRouter makes a router in state INIT.
func (l *loop) newRouter(c *vrrpconf.Instance, startupDelay time.Duration) *router {
	r := &router{claimed: map[netip.Prefix]int{}, stopBurst: func() {}}
	r.notify = &script.Queue{Launcher: l.s.opts.Helper, Limit: l.timings.NotifyLimit, Failed: func(cmd script.Command, err error) {
		l.log.Warn().Str(keyInstance, c.Name).Str(keyScript, cmd.String()).Err(err).Msg("notify command failed")
	}}
	r.configure(l, c)
	cfg := l.machineConfig(c)
	cfg.StartupDelay = startupDelay
	r.m = machine.New(cfg)
	return r
}

// configure takes over the parts of a configuration that the machine does not know.
func (r *router) configure(l *loop, c *vrrpconf.Instance) {
	r.conf, r.grouped, r.prebuilt = c, l.grouped(c.Name), nil
	r.log = l.log.With().Str(keyInstance, c.Name).Uint8(keyVRID, c.VRID).Str(keyInterface, c.Interface).Logger()
	r.expect = advert.Expect{
		Version: uint8(c.Version), VRID: c.VRID, AuthType: uint8(c.Auth.Type), Auth: c.Auth.Pass,
		Interval: c.AdvertInt, Addrs: r.advertised(), Unicast: len(c.Peers) > 0,
	}
	if c.CheckPeers && len(c.Peers) > 0 {
		r.expect.Peers = c.Peers
		r.expect.PeerTTL = map[netip.Addr][2]uint8{}
		for a, t := range c.PeerTTL {
			r.expect.PeerTTL[a] = [2]uint8{t.Min, t.Max}
		}
	}
}

func (r *router) advertised() []netip.Addr {
	out := make([]netip.Addr, len(r.conf.VIPs))
	for i, v := range r.conf.VIPs {
		out[i] = v.Prefix.Addr()
	}
	return out
}

// prefixes are all addresses, the excluded ones behind the others.
func (r *router) prefixes() []netip.Prefix { return prefixes(r.conf) }

func prefixes(c *vrrpconf.Instance) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(c.VIPs)+len(c.Excluded))
	for _, v := range slices.Concat(c.VIPs, c.Excluded) {
		out = append(out, v.Prefix)
	}
	return out
}

// vip finds an address in the configuration; ok is false if it is no longer there.
func (r *router) vip(p netip.Prefix) (v vrrpconf.VIP, ok bool) {
	for _, v := range slices.Concat(r.conf.VIPs, r.conf.Excluded) {
		if v.Prefix == p {
			return v, true
		}
	}
	return vrrpconf.VIP{Prefix: p}, false
}

// device is the interface an address belongs on.
func (r *router) device(v vrrpconf.VIP) string {
	switch {
	case v.Dev != "":
		return v.Dev
	case r.conf.VMAC != "":
		return r.conf.VMAC
	}
	return r.conf.Interface
}

func (r *router) address(p netip.Prefix) netif.Address {
	v, _ := r.vip(p)
	return addressOf(v, false)
}

// addressOf is what the kernel is told of an address; forever means that it needs no renewal.
func addressOf(v vrrpconf.VIP, forever bool) netif.Address {
	return netif.Address{
		Prefix: v.Prefix, Label: v.Label, Scope: v.Scope, Broadcast: v.Broadcast, AutoBroadcast: v.AutoBroadcast,
		Peer: v.Peer, NoPrefixRoute: v.NoPrefixRoute, Home: v.Home, Forever: forever,
	}
}

// count keeps the statistics of state changes.
func (r *router) count(from, to machine.State) {
	if to == machine.Master {
		r.counters.Add(advert.BecameMaster)
	}
	if from == machine.Master {
		r.counters.Add(advert.ReleasedMaster)
	}
}

// machineConfig is the part of an instance that the machine decides by.
func (l *loop) machineConfig(c *vrrpconf.Instance) machine.Config {
	g := c.GARP
	return machine.Config{
		Name: c.Name, Priority: c.Priority, Owner: c.Owner(), Version: c.Version, AdvertInt: c.AdvertInt,
		DownAdverts: c.DownTimerAdverts, NoPreempt: c.NoPreempt, PreemptDelay: c.PreemptDelay,
		LowerPrioNoAdvert: c.LowerPrioNoAdvert, HigherPrioSendAdvert: c.HigherPrioSendAdvert,
		GARP: machine.GARP{Delay: g.Delay, Repeat: g.Repeat, Refresh: g.Refresh, RefreshRepeat: g.RefreshRepeat,
			LowerPrioDelay: g.LowerPrioDelay, LowerPrioRepeat: g.LowerPrioRepeat},
		VIPs: prefixes(c), Trackers: l.trackers(c), Routed: len(c.Routes)+len(c.Rules) > 0, Grouped: l.grouped(c.Name), LateFloor: l.timings.LateFloor, Handover: l.timings.Handover,
	}
}
