package advert

import (
	"encoding/binary"
	"net/netip"
)

// Prebuilt is a packet that is sent again and again: only what counts up is written anew, and
// the whole only where the priority changed. It is for one destination.
type Prebuilt struct {
	advert Advert
	head   Header
	key    [authLen]byte // of the authentication header
	uni    bool
	b      []byte
}

// NewPrebuilt prepares a's packets from src to dst. Over IPv4 they have an IP header with the
// given TTL, and with AuthAH an authentication header keyed with a.Auth, which is not in the
// message then; unicast says that the TTL may change on the way. Over IPv6 they are the message.
func NewPrebuilt(a Advert, src, dst netip.Addr, ttl uint8, unicast bool) *Prebuilt {
	p := &Prebuilt{advert: a, head: Header{Src: src, Dst: dst, TTL: ttl, Protocol: Protocol}, key: a.Auth, uni: unicast}
	if a.AuthType == AuthAH {
		p.advert.Auth, p.head.Protocol = [authLen]byte{}, ProtocolAH
	}
	p.build(a.Priority)
	return p
}

// Dst is where the packets go.
func (p *Prebuilt) Dst() netip.Addr { return p.head.Dst }

// Packet is the next packet; it is valid until the one after it. id is the identification of the
// IPv4 header, sequence the number in an authentication header.
func (p *Prebuilt) Packet(priority uint8, id uint16, sequence uint32) []byte {
	if priority != p.advert.Priority {
		p.build(priority)
	}
	if p.head.Dst.Is6() {
		return p.b
	}
	binary.BigEndian.PutUint16(p.b[4:], id)
	binary.BigEndian.PutUint16(p.b[10:], 0)
	binary.BigEndian.PutUint16(p.b[10:], fold(add(0, p.b[:ipv4Len])))
	if p.head.Protocol == ProtocolAH {
		at := p.b[ipv4Len:]
		binary.BigEndian.PutUint32(at[8:], sequence)
		Sign(p.b, p.key, p.uni)
	}
	return p.b
}

// build writes the whole packet.
func (p *Prebuilt) build(priority uint8) {
	p.advert.Priority = priority
	p.b = p.b[:0]
	if p.head.Dst.Is4() {
		n := p.advert.Size()
		if p.head.Protocol == ProtocolAH {
			n += AHLen
		}
		p.b = AppendIPv4(p.b, p.head, n)
	}
	if p.head.Protocol == ProtocolAH {
		p.b = AppendAH(p.b, p.head.Src, 0)
	}
	p.b = p.advert.Append(p.b, p.head.Src, p.head.Dst)
}
