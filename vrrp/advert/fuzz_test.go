package advert_test

import (
	"testing"
	"time"

	"net/netip"

	"github.com/keepsql/keepsql/vrrp/advert"
)

// FuzzParse6: whatever comes over IPv6 is read or refused, and what is believed can be said again.
func FuzzParse6(f *testing.F) {
	h := advert.Header{Src: addr("fe80::1"), Dst: addr("ff02::12"), TTL: 255, Protocol: advert.Protocol}
	a := advert.Advert{Version: 3, VRID: 51, Priority: 100, Interval: 500 * time.Millisecond, Addrs: []netip.Addr{addr("fe80::99:20"), addr("fd99:6::20")}}
	msg := a.Append(nil, h.Src, h.Dst)
	f.Add(msg, uint8(255))
	f.Add(msg[:len(msg)-1], uint8(255))
	f.Add(msg[:8], uint8(64))
	e := expectation(a)
	f.Fuzz(func(t *testing.T, b []byte, ttl uint8) {
		h := h
		h.TTL = ttl
		got, rej := e.Check(h, b)
		if rej != nil {
			return
		}
		if ttl != advert.TTL {
			t.Errorf("believed a packet from afar: %x", b)
		}
		if _, rej := e.Check(h, got.Append(nil, h.Src, h.Dst)); rej != nil {
			t.Errorf("believed %x, but not what it says: %v", b, rej)
		}
	})
}

// FuzzAH: a packet that was changed anywhere but where routers may is not believed.
func FuzzAH(f *testing.F) {
	key := password("secret12")
	good := signedPacket("224.0.0.18", key)
	f.Add(good)
	f.Add(good[:40])
	other := append([]byte(nil), good...)
	other[46]++
	f.Add(other)
	e := advert.Expect{Version: 2, VRID: 51, AuthType: advert.AuthAH, Auth: key, Interval: time.Second, Addrs: []netip.Addr{addr("10.99.0.20")}}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, msg, err := advert.ParseIPv4(b)
		if err != nil {
			return
		}
		if _, rej := e.Check(h, msg); rej != nil {
			return
		}
		n := len(h.AH)
		for i := range min(n, len(good)) {
			mutable := i == 1 || i == 6 || i == 7 || i == 10 || i == 11
			if n != len(good) || !mutable && b[i] != good[i] {
				t.Fatalf("believed %x, which nobody with the key has sent", b)
			}
		}
	})
}
