package vrrp

import (
	"net"
	"slices"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/netif"
)

// vmacs are the interfaces of virtual routers with use_vmac. Each is up while its router is MASTER
// only: from a backup no frame may come with the MAC of the master.
type vmacs struct {
	made map[string]string // names, and the interface each is on
	// before is how the settings of interfaces below were, by interface and name; see below.
	before    map[string]map[string]string
	complaint map[string]string // what was said already, by name
}

func newVMACs() vmacs {
	return vmacs{made: map[string]string{}, before: map[string]map[string]string{}, complaint: map[string]string{}}
}

// vmacAddr is the MAC of an instance.
func vmacAddr(c *vrrpconf.Instance) net.HardwareAddr {
	if c.VMACAddr != "" {
		return net.HardwareAddr(c.VMACAddr)
	}
	return netif.VirtualMAC(c.VRID, c.IPv6())
}

// makeVMACs makes the interfaces that are wanted and not there, and removes those that are no longer
// wanted. What fails is tried again with every renewal.
func (l *loop) makeVMACs() {
	wanted := map[string]bool{}
	for _, r := range l.all() {
		if r.conf.VMAC == "" || r.conf.Skip != "" || !slices.Contains(l.routers, r) && !r.m.Leaving() {
			continue
		}
		wanted[r.conf.VMAC] = true
		if l.port(r.conf.VMAC).ifi.Index == 0 {
			l.makeVMAC(r)
		}
	}
	for name := range l.vmacs.made {
		if !wanted[name] {
			l.removeVMAC(name)
		}
	}
}

func (l *loop) makeVMAC(r *router) {
	name := r.conf.VMAC
	base := l.port(r.conf.Interface)
	if base.stale {
		l.refresh(base)
	}
	if base.ifi.Index == 0 {
		return // its absence is told already
	}
	if err := netif.MakeVMAC(base.ifi, name, vmacAddr(r.conf)); err != nil {
		if l.vmacs.complaint[name] != err.Error() {
			l.vmacs.complaint[name] = err.Error()
			r.log.Error().Err(err).Msg("use_vmac fails, trying again")
		}
		return
	}
	delete(l.vmacs.complaint, name)
	l.vmacs.made[name] = base.name
	l.quiet(base.name)
	l.refresh(l.port(name))
	r.raised = false
	if len(r.claimed) > 0 { // somebody has removed the interface under us
		l.raise(r, true)
		l.claim(r, r.prefixes())
		l.announce(r, 1)
	}
}

// below is how the interface below must treat ARP: it answers for its own addresses only, and asks
// with its own address, or the neighbours learn its MAC for the virtual one.
var below = map[string]string{"arp_ignore": "1", "arp_announce": "2"}

// quiet keeps the interface below out of the way.
func (l *loop) quiet(base string) {
	if l.vmacs.before[base] != nil {
		return
	}
	before := map[string]string{}
	for what, value := range below {
		was, err := netif.SettingOf("ipv4", base, what)
		if err == nil && was < value { // they are single digits
			before[what] = was
			err = netif.Setting("ipv4", base, what, value)
		}
		if err != nil {
			l.log.Warn().Err(err).Str(keyInterface, base).Msgf("set %s=%s on this interface, or neighbours learn its MAC for virtual addresses", what, value)
		}
	}
	l.vmacs.before[base] = before
}

// removeVMAC removes an interface, and with the last one what quiet has set.
func (l *loop) removeVMAC(name string) {
	if err := netif.RemoveVMAC(name); err != nil {
		l.log.Error().Err(err).Msg("an interface is left behind")
		return
	}
	base := l.vmacs.made[name]
	delete(l.vmacs.made, name)
	for _, b := range l.vmacs.made {
		if b == base {
			return
		}
	}
	for what, was := range l.vmacs.before[base] {
		_ = netif.Setting("ipv4", base, what, was) // the interface may have gone
	}
	delete(l.vmacs.before, base)
}

// raise sets the interface of a router up before anything is sent or set there.
func (l *loop) raise(r *router, up bool) {
	if r.conf.VMAC == "" || r.raised == up {
		return
	}
	p := l.port(r.conf.VMAC)
	if p.ifi.Index == 0 {
		return
	}
	if err := netif.Raise(p.ifi.Index, up); err != nil {
		r.log.Error().Err(err).Msg("an interface with a virtual MAC is of no use")
		return
	}
	r.raised = up
}

// sweepVMACs removes interfaces that a killed predecessor has left behind and nobody wants.
func (l *loop) sweepVMACs() {
	names, err := netif.VMACs()
	if err != nil {
		l.log.Warn().Err(err).Msg("removing interfaces of a predecessor failed")
	}
	for _, name := range names {
		wanted := slices.ContainsFunc(l.s.config().Instances, func(c *vrrpconf.Instance) bool { return c.VMAC == name })
		if !wanted {
			l.log.Info().Str(keyInterface, name).Msg("removing an interface that a predecessor has left behind")
			l.removeVMAC(name)
		}
	}
}
