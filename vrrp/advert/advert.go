package advert

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

// Protocol is VRRP's IP protocol number (RFC 9568 §5.1.1.4).
const Protocol = 112

// TTL is what every multicast advertisement is sent and must arrive with (§5.1.1.3), so
// that none can come from beyond the link.
const TTL = 255

// headerLen is the fixed part of a message; addresses follow.
const headerLen = 8

// authLen is the authentication data behind the addresses of a v2 message. It is always there.
const authLen = 8

// typeAdvertisement is the only message type.
const typeAdvertisement = 1

// The authentication types of the v2 message (RFC 2338 §5.3.6).
const (
	AuthNone = 0
	AuthPass = 1
	AuthAH   = 2
)

// Advert is one advertisement message.
type Advert struct {
	Version  uint8 // 2 or 3
	Type     uint8 // 1; Append always writes 1
	VRID     uint8
	Priority uint8
	AuthType uint8         // v2
	Auth     [authLen]byte // v2; zero-padded password with AuthPass, else zero
	Interval time.Duration // v2: whole seconds up to 255; v3: hundredths up to 40.95 s
	Addrs    []netip.Addr  // all of one family, in configuration order, at most 255
}

// Append writes the message behind b and returns the longer slice. src and dst are the
// addresses of the packet, which the checksum of v3 covers.
func (a *Advert) Append(b []byte, src, dst netip.Addr) []byte {
	start := len(b)
	b = append(b, a.Version<<4|typeAdvertisement, a.VRID, a.Priority, uint8(len(a.Addrs)))
	if a.Version == 3 {
		// RFC 9568 §5.2: four reserved bits, twelve bits of hundredths of a second.
		b = binary.BigEndian.AppendUint16(b, uint16(a.Interval/(10*time.Millisecond))&0x0fff)
	} else {
		b = append(b, a.AuthType, uint8(a.Interval/time.Second))
	}
	b = append(b, 0, 0)
	for _, ip := range a.Addrs {
		if ip.Is6() {
			v6 := ip.As16()
			b = append(b, v6[:]...)
			continue
		}
		v4 := ip.As4()
		b = append(b, v4[:]...)
	}
	if a.Version != 3 {
		b = append(b, a.Auth[:]...)
	}
	binary.BigEndian.PutUint16(b[start+6:], messageChecksum(a.Version, src, dst, b[start:]))
	return b
}

// Parse reads a message. Everything that fits the given length is read, whatever its values:
// judging them is Check's business. The error says that the message is too short even for
// its fixed part or for the number of addresses it announces.
// v6 says that the addresses are IPv6.
func Parse(b []byte, v6 bool) (Advert, error) {
	if len(b) < headerLen {
		return Advert{}, fmt.Errorf("parse advertisement: %d bytes are less than %d", len(b), headerLen)
	}
	a := Advert{Version: b[0] >> 4, Type: b[0] & 15, VRID: b[1], Priority: b[2]}
	n := int(b[3])
	if a.Version == 3 {
		a.Interval = time.Duration(binary.BigEndian.Uint16(b[4:])&0x0fff) * 10 * time.Millisecond
	} else {
		a.AuthType, a.Interval = b[4], time.Duration(b[5])*time.Second
	}
	rest, size := b[headerLen:], addrLen(v6)
	if len(rest) < size*n {
		return a, fmt.Errorf("parse advertisement: %d bytes are too few for %d addresses", len(b), n)
	}
	a.Addrs = make([]netip.Addr, n)
	for i := range a.Addrs {
		if v6 {
			a.Addrs[i] = netip.AddrFrom16([16]byte(rest[size*i:]))
		} else {
			a.Addrs[i] = netip.AddrFrom4([4]byte(rest[size*i:]))
		}
	}
	if rest = rest[size*n:]; a.Version != 3 && len(rest) >= authLen {
		a.Auth = [authLen]byte(rest)
	}
	return a, nil
}

// Size is how long the message will be.
func (a *Advert) Size() int {
	n := headerLen
	for _, ip := range a.Addrs {
		n += ip.BitLen() / 8
	}
	if a.Version != 3 {
		n += authLen
	}
	return n
}

func addrLen(v6 bool) int {
	if v6 {
		return 16
	}
	return 4
}

// VRID peeks at the virtual router a message is for; ok is false if it is too short.
func VRID(b []byte) (id uint8, ok bool) {
	if len(b) < headerLen {
		return 0, false
	}
	return b[1], true
}
