package vrrp

import (
	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/advert"
	"github.com/keepsql/keepsql/vrrp/netif"
)

// send sends one advertisement, to the group or to each peer.
func (l *loop) send(r *router, priority uint8) {
	l.raise(r, true)
	sock := l.speaksThrough(r)
	if sock == nil || !r.source.IsValid() {
		return
	}
	r.sequence++
	for _, p := range r.packets() {
		r.packetID++
		var err error
		b := p.Packet(priority, r.packetID, r.sequence)
		if p.Dst().Is6() {
			err = sock.Send6(b, r.source, p.Dst())
		} else {
			err = sock.Send(b, p.Dst())
		}
		if err != nil && !r.deaf {
			r.log.Warn().Err(err).Msg("sending an advertisement failed")
		}
		r.deaf = err != nil
	}
	r.counters.Add(advert.Sent)
	if priority == 0 {
		r.counters.Add(advert.PriorityZeroSent)
	}
}

// speaksThrough is the socket a router's advertisements leave by; nil while there is none.
func (l *loop) speaksThrough(r *router) *netif.Socket {
	return l.port(mouth(r.conf)).lines[kindOf(r.conf)].sock
}

// mouth is the interface an instance's advertisements leave by. To single peers it is not the one
// with the virtual MAC, which has no way to them.
func mouth(c *vrrpconf.Instance) string {
	if c.VMAC != "" && !c.XmitBase && len(c.Peers) == 0 {
		return c.VMAC
	}
	return c.Interface
}

// ears are the interfaces an instance listens on. While the one with the virtual MAC is up, the
// kernel gives it, and no other, what comes from that MAC: the adverts of a peer.
func ears(c *vrrpconf.Instance) []string {
	if c.VMAC != "" {
		return []string{c.Interface, c.VMAC}
	}
	return []string{c.Interface}
}

// packets are what a router sends, one for each destination. They are made when they are needed
// and kept while neither the configuration nor the source address changes.
func (r *router) packets() []*advert.Prebuilt {
	if len(r.prebuilt) > 0 && r.prebuiltFrom == r.source {
		return r.prebuilt
	}
	e := &r.expect
	a := advert.Advert{
		Version: e.Version, VRID: e.VRID, Priority: r.m.Priority(), AuthType: e.AuthType, Auth: e.Auth,
		Interval: e.Interval, Addrs: e.Addrs,
	}
	r.prebuilt, r.prebuiltFrom = r.prebuilt[:0], r.source
	for _, peer := range r.conf.Peers {
		r.prebuilt = append(r.prebuilt, advert.NewPrebuilt(a, r.source, peer, r.conf.UnicastTTL, true))
	}
	if len(r.conf.Peers) == 0 {
		r.prebuilt = append(r.prebuilt, advert.NewPrebuilt(a, r.source, r.conf.Group, advert.TTL, false))
	}
	return r.prebuilt
}
