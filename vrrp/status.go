package vrrp

import (
	"net/netip"
	"time"

	"github.com/keepsql/keepsql/vrrp/advert"
)

// InstanceStatus is one instance as it was a moment ago.
type InstanceStatus struct {
	Name              string
	Interface         string
	VRID              uint8
	State             string // INIT, BACKUP, MASTER or FAULT
	Priority          uint8  // configured
	EffectivePriority uint8
	VIPs              []netip.Prefix // advertised ones, then the excluded ones
	LastTransition    time.Time
	// MasterAddr and MasterPriority are what was last heard of another master; invalid
	// and 0 if nothing was.
	MasterAddr     netip.Addr
	MasterPriority uint8
	MasterHeard    time.Time
	Counters       advert.Counters
	Skip           string // why the instance is left alone; empty if it is not
	IPv6           bool
	Source         netip.Addr // of our adverts; invalid while there is none
	Aside          bool       // handed over on request, see Speaker.HandOver
	Note           string     // what else an operator should know
}

// publish makes the present state visible to Status.
func (l *loop) publish() {
	list := make([]InstanceStatus, 0, len(l.routers))
	for _, r := range l.routers {
		st := r.status()
		st.Note = l.note(r)
		list = append(list, st)
	}
	l.s.status.Store(&list)
	l.dirty = false
}

func (r *router) status() InstanceStatus {
	h := r.m.Heard()
	return InstanceStatus{
		Name: r.conf.Name, Interface: r.conf.Interface, VRID: r.conf.VRID,
		State: r.m.State().String(), Priority: r.conf.Priority, EffectivePriority: r.m.Priority(),
		VIPs: r.prefixes(), LastTransition: r.m.Changed(),
		MasterAddr: h.From, MasterPriority: h.Priority, MasterHeard: h.At,
		Counters: r.counters, Skip: r.conf.Skip, IPv6: r.conf.IPv6(), Source: r.source, Aside: r.m.Aside(),
	}
}
