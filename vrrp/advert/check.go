package advert

import (
	"crypto/subtle"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Expect is what a virtual router demands of the advertisements it believes.
type Expect struct {
	Version  uint8
	VRID     uint8
	AuthType uint8
	Auth     [authLen]byte
	Interval time.Duration // compared in v2 only; v3 adopts the sender's
	Addrs    []netip.Addr  // our advertised addresses
	Unicast  bool          // the destination must not be a group
	// Peers, if not nil, lists who may send to us by unicast.
	Peers []netip.Addr
	// PeerTTL, if not nil, is the lowest and the highest TTL of a unicast sender; one that is not
	// listed may have any.
	PeerTTL map[netip.Addr][2]uint8
	// SkipAddrsOf is a sender whose addresses have been compared before (skip_check_adv_addr).
	SkipAddrsOf netip.Addr
}

// Reject is why a packet was not believed.
type Reject struct {
	Counter Counter
	Text    string // keepalived's words, to be put behind "(INSTANCE) "
}

// Error is the text.
func (r *Reject) Error() string { return r.Text }

func reject(c Counter, format string, args ...any) *Reject {
	return &Reject{Counter: c, Text: fmt.Sprintf(format, args...)}
}

// Check reads a message and judges it, in keepalived's order; the first failure counts.
// That the VRID is known and that the router listens at all is the caller's part.
func (e *Expect) Check(h Header, msg []byte) (Advert, *Reject) {
	if want := e.protocol(); h.Protocol != want {
		return Advert{}, reject(InvalidAuthType, "received protocol %d, expected %d", h.Protocol, want)
	}
	a, err := Parse(msg, h.Src.Is6())
	if want := e.length(msg, h.Src.Is6()); err != nil || len(msg) != want {
		return a, reject(PacketLength, "invalid packet length. Received %d and expect %d", len(msg), want)
	}
	if !e.Unicast && h.TTL != TTL {
		return a, reject(TTLWrong, "invalid TTL/HL. Received %d and expect %d", h.TTL, TTL)
	}
	if a.Version != e.Version {
		return a, reject(VersionWrong, "wrong version. Received %d and expect %d", a.Version, e.Version)
	}
	if e.Version == 2 {
		if r := e.checkV2(&a); r != nil {
			return a, r
		}
	}
	if a.Type != typeAdvertisement {
		return a, reject(InvalidType, "Invalid type. Received %d and expect %d", a.Type, typeAdvertisement)
	}
	skip := e.SkipAddrsOf.IsValid() && e.SkipAddrsOf == h.Src
	if !skip && len(a.Addrs) != len(e.Addrs) {
		return a, reject(AddressList, "received an unexpected ip number count %d, expected %d!", len(a.Addrs), len(e.Addrs))
	}
	if e.AuthType == AuthAH && !signed(h.AH, e.Auth, e.Unicast) {
		return a, reject(AuthFailure, "invalid HMAC-MD5 value: another password, or changed on the way")
	}
	if messageChecksum(a.Version, h.Src, h.Dst, msg) != 0 {
		return a, reject(Checksum, "Invalid VRRPv%d checksum", a.Version)
	}
	return a, e.checkSender(h, &a, skip)
}

// protocol is that of the packets we believe.
func (e *Expect) protocol() uint8 {
	if e.AuthType == AuthAH {
		return ProtocolAH
	}
	return Protocol
}

// length is the only length a message may have: all its addresses, and in v2 the
// authentication data, nothing else.
func (e *Expect) length(msg []byte, v6 bool) int {
	n := headerLen
	if len(msg) >= headerLen {
		n += addrLen(v6) * int(msg[3])
		if msg[0]>>4 == 3 {
			return n
		}
	} else if e.Version == 3 {
		return n
	}
	return n + authLen
}

func (e *Expect) checkV2(a *Advert) *Reject {
	switch {
	case a.AuthType > AuthAH:
		return reject(InvalidAuthType, "Invalid auth type: %d", a.AuthType)
	case a.AuthType != e.AuthType:
		return reject(AuthMismatch, "received a %d auth, expecting %d!", a.AuthType, e.AuthType)
	case e.AuthType == AuthPass && subtle.ConstantTimeCompare(a.Auth[:], e.Auth[:]) == 0:
		return reject(AuthFailure, "received an invalid passwd!")
	case a.Interval != e.Interval:
		return reject(IntervalWrong, "advertisement interval mismatch mine=%d sec rcv'd=%d sec",
			e.Interval/time.Second, a.Interval/time.Second)
	}
	return nil
}

func (e *Expect) checkSender(h Header, a *Advert, skipAddrs bool) *Reject {
	switch group := h.Dst.IsMulticast(); {
	case e.Unicast && group:
		return reject(AddressList, "Expected unicast packet but received multicast packet")
	case !e.Unicast && !group:
		return reject(AddressList, "Expected multicast packet but received unicast packet")
	}
	for _, want := range e.Addrs {
		if !skipAddrs && !slices.Contains(a.Addrs, want) {
			return reject(AddressList, "ip address associated with VRID %d not present in MASTER advert: %s", e.VRID, want)
		}
	}
	if e.Peers != nil && !slices.Contains(e.Peers, h.Src) {
		return reject(AddressList, "unicast source address %s is not a peer", h.Src)
	}
	if r, ok := e.PeerTTL[h.Src]; ok && (h.TTL < r[0] || h.TTL > r[1]) {
		return reject(TTLWrong, "invalid TTL/HL. Received %d and expect %d to %d", h.TTL, r[0], r[1])
	}
	return nil
}
