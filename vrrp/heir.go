package vrrp

import (
	"net/netip"
	"slices"
)

// Peer is another node of the cluster, and what it told of its virtual routers.
type Peer struct {
	Node string // for people: its address
	// Known says that the node has told. One that is listed and never did may be anything.
	Known   bool
	Routers []Participant
}

// Participant is one virtual router of a node, as other nodes need to know it.
type Participant struct {
	VRID     uint8
	IPv6     bool
	VIPs     []netip.Addr // which tell apart routers of one VRID in different networks
	Source   netip.Addr   // of its adverts
	Priority uint8        // effective
	Ready    bool         // it would take over: neither in fault nor stopped
}

// Participants are the virtual routers of a node by its status.
func Participants(list []InstanceStatus) (out []Participant) {
	for _, i := range list {
		if i.Skip != "" {
			continue
		}
		p := Participant{VRID: i.VRID, IPv6: i.IPv6, Source: i.Source, Priority: i.EffectivePriority,
			Ready: i.State == "BACKUP" || i.State == "MASTER"}
		for _, v := range i.VIPs {
			p.VIPs = append(p.VIPs, v.Addr())
		}
		slices.SortFunc(p.VIPs, netip.Addr.Compare)
		out = append(out, p)
	}
	return out
}

// same tells whether two nodes speak of one virtual router.
func (p *Participant) same(o *Participant) bool {
	return p.VRID == o.VRID && p.IPv6 == o.IPv6 && slices.Equal(p.VIPs, o.VIPs)
}

// outranks tells whether p is elected rather than o.
func (p *Participant) outranks(o *Participant) bool {
	if p.Priority != o.Priority {
		return p.Priority > o.Priority
	}
	return p.Source.Compare(o.Source) > 0
}

// Heir tells whether a backup is the one to follow a master that says goodbye, so that it need
// not wait for somebody better: everybody else who could take part is known, and ranks behind
// it or would not take over. Unicast are the addresses the router sends to, none with multicast.
//
// The picture may be out of date. Then two nodes take over at once, and the first adverts
// settle it, or nobody does before the skew is over.
func Heir(own Participant, from netip.Addr, unicast []netip.Addr, peers []Peer) bool {
	if len(unicast) > 0 && !slices.ContainsFunc(unicast, func(a netip.Addr) bool { return a != from }) {
		return true // there are only two of us
	}
	known := map[netip.Addr]bool{}
	for _, p := range peers {
		if !p.Known {
			return false
		}
		for i := range p.Routers {
			r := &p.Routers[i]
			if !r.same(&own) {
				continue
			}
			known[r.Source] = true
			if r.Source != from && r.Ready && r.outranks(&own) {
				return false
			}
		}
	}
	for _, a := range unicast {
		if !known[a] {
			return false
		}
	}
	return known[from]
}

// SetPeers tells what the other nodes of the cluster say of their virtual routers; the last
// word counts until the next.
func (s *Speaker) SetPeers(peers []Peer) { s.post(func(l *loop) { l.peers = peers }) }

// heir tells whether a router would follow a master at once.
func (l *loop) heir(r *router, from netip.Addr) bool {
	own := Participants([]InstanceStatus{r.status()})
	return len(own) == 1 && Heir(own[0], from, r.conf.Peers, l.peers)
}
