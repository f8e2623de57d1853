package vrrp

import (
	"bytes"
	"slices"
	"time"

	"github.com/keepsql/keepsql/vrrp/advert"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/netif"
)

// drain reads a socket empty.
func (l *loop) drain(p *port, k kind) {
	ln := &p.lines[k]
	for ln.sock != nil { // a packet may change what is there
		got, ok, err := ln.sock.Receive(l.buf)
		if err != nil {
			l.log.Error().Err(err).Str(keyInterface, p.name).Msg("receiving failed, opening the socket again")
			l.closeLine(ln)
			p.stale = true
			return
		}
		if !ok {
			return
		}
		l.packet(p, k, got)
	}
}

// header splits what a socket delivered.
func header(k kind, got netif.Packet) (advert.Header, []byte, error) {
	if k != kindIPv6 {
		return advert.ParseIPv4(got.Data)
	}
	return advert.Header{Src: got.Src, Dst: got.Dst, TTL: uint8(got.HopLimit), Protocol: advert.Protocol}, got.Data, nil
}

// packet finds the virtual router a packet is for.
func (l *loop) packet(p *port, k kind, got netif.Packet) {
	h, msg, err := header(k, got)
	if err != nil {
		return
	}
	id, ok := advert.VRID(msg)
	if !ok {
		return
	}
	known := false
	for _, r := range l.all() {
		if r.conf.VRID == id && slices.Contains(ears(r.conf), p.name) && r.conf.Skip == "" && r.conf.IPv6() == (k == kindIPv6) {
			known = true
			if r.listensTo(h) && !r.echo(p.name, got.Data) {
				l.hear(r, h, msg)
			}
		}
	}
	if now := time.Now(); !known && l.logUnknown && now.Sub(l.unknownLog) >= l.timings.RepeatLog {
		l.unknownLog = now
		l.log.Info().Str(keyInterface, p.name).Msgf("Unknown VRID(%d) received on interface(%s). Ignoring...", id, p.name)
	}
}

// listensTo tells whether a packet belongs to the socket this router would have of its own:
// a multicast router hears its group only, a unicast router what is addressed to the host.
// A packet of the other kind is heard by a router that is alone with its VRID, because
// that is a mistake somebody should be told about.
func (r *router) listensTo(h advert.Header) bool {
	return !h.Dst.IsMulticast() || len(r.conf.Peers) > 0 || h.Dst == r.conf.Group
}

// echo tells whether a packet has just come in by the other of the two interfaces that a router with
// a virtual MAC listens on.
func (r *router) echo(port string, packet []byte) bool {
	if r.conf.VMAC == "" {
		return false
	}
	now := time.Now()
	if port != r.lastPort && now.Sub(r.lastAt) < r.conf.AdvertInt/2 && bytes.Equal(packet, r.lastPacket) {
		return true
	}
	r.lastPort, r.lastAt, r.lastPacket = port, now, append(r.lastPacket[:0], packet...)
	return false
}

// hear checks an advertisement and feeds it to the machine.
func (l *loop) hear(r *router, h advert.Header, msg []byte) {
	if s := r.m.State(); s != machine.Backup && s != machine.Master {
		return
	}
	if r.conf.SkipCheckAdvAddr {
		r.expect.SkipAddrsOf = r.m.Heard().From
	}
	now := time.Now()
	a, rej := r.expect.Check(h, msg)
	if rej != nil {
		r.counters.Add(rej.Counter)
		if text := rej.Text; text != r.complaint || now.Sub(r.complained) >= l.timings.RepeatLog {
			r.complaint, r.complained = text, now
			r.log.Warn().Stringer("from", h.Src).Msgf("(%s) %s", r.conf.Name, text)
		}
		return
	}
	r.counters.Add(advert.Received)
	if a.Priority == 0 {
		r.counters.Add(advert.PriorityZeroReceived)
	}
	l.step(r, now, machine.Advert{From: h.Src, Priority: a.Priority, Interval: a.Interval, Heir: a.Priority == 0 && l.heir(r, h.Src)})
}
