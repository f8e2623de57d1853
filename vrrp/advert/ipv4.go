package advert

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// ipv4Len is an IPv4 header without options.
const ipv4Len = 20

// tos is the type of service of routing protocols, CS6.
const tos = 0xc0

// Header is what counts of the IP header around a message.
type Header struct {
	Src, Dst netip.Addr
	TTL      uint8  // or hop limit
	ID       uint16 // counts up per virtual router; IPv4 only
	Protocol uint8  // Protocol or ProtocolAH
	// AH is the whole packet, if it has an authentication header; it points into what was
	// parsed.
	AH []byte
}

// AppendIPv4 writes an IPv4 header for a message of n bytes behind b. The kernel fills in
// the header's checksum of a packet sent with IP_HDRINCL; it is set here too, so that the
// bytes are complete on their own.
func AppendIPv4(b []byte, h Header, n int) []byte {
	start := len(b)
	b = append(b, 0x45, tos)
	b = binary.BigEndian.AppendUint16(b, uint16(ipv4Len+n))
	b = binary.BigEndian.AppendUint16(b, h.ID)
	b = append(b, 0, 0, h.TTL, h.Protocol, 0, 0)
	src, dst := h.Src.As4(), h.Dst.As4()
	b = append(append(b, src[:]...), dst[:]...)
	binary.BigEndian.PutUint16(b[start+10:], fold(add(0, b[start:])))
	return b
}

// ParseIPv4 splits what a raw socket delivered into header and message. The message is what
// the total length says, without Ethernet padding and authentication header; it points into b.
func ParseIPv4(b []byte) (h Header, msg []byte, err error) {
	if len(b) < ipv4Len || b[0]>>4 != 4 {
		return h, nil, fmt.Errorf("parse IPv4 header: %d bytes are not one", len(b))
	}
	start, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if start < ipv4Len || total < start || total > len(b) {
		return h, nil, fmt.Errorf("parse IPv4 header: lengths %d and %d do not fit %d bytes", start, total, len(b))
	}
	h = Header{
		ID: binary.BigEndian.Uint16(b[4:]), TTL: b[8], Protocol: b[9],
		Src: netip.AddrFrom4([4]byte(b[12:])), Dst: netip.AddrFrom4([4]byte(b[16:])),
	}
	if msg = b[start:total]; h.Protocol == ProtocolAH {
		if len(msg) < ahLen || msg[0] != Protocol || msg[1] != ahLen/4-2 {
			return h, nil, fmt.Errorf("parse authentication header: %d bytes are not one before VRRP", len(msg))
		}
		h.AH, msg = b[:total], msg[ahLen:]
	}
	return h, msg, nil
}
