package advert

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
)

// ProtocolAH is the IP protocol number of the authentication header (RFC 2402).
const ProtocolAH = 51

// ahLen is the header with a check value of 96 bits (RFC 2403: HMAC-MD5-96).
const (
	ahLen = 24
	icvAt = 12
	icv   = 12
)

// AHLen is what an authentication header adds to a packet.
const AHLen = ahLen

// AppendAH writes an authentication header with an empty check value behind an IPv4 header.
// As keepalived does it, the source address is the security parameter index. seq counts
// adverts from 1.
func AppendAH(b []byte, src netip.Addr, seq uint32) []byte {
	b = append(b, Protocol, ahLen/4-2, 0, 0)
	spi := src.As4()
	b = append(b, spi[:]...)
	b = binary.BigEndian.AppendUint32(b, seq)
	return append(b, make([]byte, icv)...)
}

// Sign fills in the check value of a complete packet. unicast says that the TTL may change
// on the way.
func Sign(packet []byte, key [authLen]byte, unicast bool) {
	sum := digest(packet, key, unicast)
	copy(packet[ipv4Len+icvAt:], sum[:icv])
}

// signed tells whether the check value of a packet with an authentication header is right.
func signed(packet []byte, key [authLen]byte, unicast bool) bool {
	at := int(packet[0]&15)*4 + icvAt
	sum := digest(packet, key, unicast)
	return subtle.ConstantTimeCompare(packet[at:at+icv], sum[:icv]) == 1
}

// digest covers the packet without what routers may change (RFC 2402 §3.3.3.1): type of
// service, flags and offset, header checksum, and with unicast the TTL.
func digest(packet []byte, key [authLen]byte, unicast bool) []byte {
	c := append([]byte(nil), packet...)
	c[1], c[6], c[7], c[10], c[11] = 0, 0, 0, 0, 0
	if unicast {
		c[8] = 0
	}
	start := int(c[0]&15) * 4
	clear(c[start+icvAt : start+icvAt+icv])
	h := hmac.New(md5.New, key[:])
	h.Write(c)
	return h.Sum(nil)
}
