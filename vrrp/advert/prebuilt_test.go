package advert_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp/advert"
)

// TestPrebuilt: a packet that was patched is the one that would have been written.
func TestPrebuilt(t *testing.T) {
	src4, src6 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1")
	group4, group6 := netip.MustParseAddr("224.0.0.18"), netip.MustParseAddr("ff02::12")
	vips4 := []netip.Addr{netip.MustParseAddr("10.0.0.20"), netip.MustParseAddr("10.0.0.21")}
	for _, c := range []struct {
		a        advert.Advert
		src, dst netip.Addr
	}{
		{advert.Advert{Version: 2, VRID: 51, AuthType: advert.AuthPass, Auth: [8]byte{'1', '2'}, Interval: time.Second, Addrs: vips4}, src4, group4},
		{advert.Advert{Version: 2, VRID: 51, AuthType: advert.AuthAH, Auth: [8]byte{'k', 'e', 'y'}, Interval: time.Second, Addrs: vips4}, src4, group4},
		{advert.Advert{Version: 3, VRID: 255, Interval: 100 * time.Millisecond, Addrs: vips4}, src4, netip.MustParseAddr("10.0.0.2")},
		{advert.Advert{Version: 3, VRID: 1, Interval: time.Second, Addrs: []netip.Addr{netip.MustParseAddr("fe80::20")}}, src6, group6},
	} {
		t.Run(fmt.Sprintf("v%d auth %d to %s", c.a.Version, c.a.AuthType, c.dst), func(t *testing.T) {
			unicast := !c.dst.IsMulticast()
			p := advert.NewPrebuilt(c.a, c.src, c.dst, 254, unicast)
			for n, priority := range []uint8{100, 100, 0, 255, 100, 100} {
				want := whole(c.a, c.src, c.dst, priority, uint16(n), uint32(n+7), unicast)
				if diff := cmp.Diff(want, p.Packet(priority, uint16(n), uint32(n+7))); diff != "" {
					t.Errorf("packet %d with priority %d (-want +got):\n%s", n, priority, diff)
				}
			}
			if c.a.AuthType != advert.AuthAH {
				if n := testing.AllocsPerRun(100, func() { p.Packet(100, 9, 9); p.Packet(0, 9, 9) }); n != 0 {
					t.Errorf("%v allocations for a packet", n)
				}
			}
		})
	}
}

// whole writes a packet without remembering anything.
func whole(a advert.Advert, src, dst netip.Addr, priority uint8, id uint16, seq uint32, unicast bool) []byte {
	a.Priority = priority
	key := a.Auth
	h := advert.Header{Src: src, Dst: dst, TTL: 254, ID: id, Protocol: advert.Protocol}
	switch {
	case dst.Is6():
		return a.Append(nil, src, dst)
	case a.AuthType == advert.AuthAH:
		a.Auth, h.Protocol = [8]byte{}, advert.ProtocolAH
		b := advert.AppendAH(advert.AppendIPv4(nil, h, advert.AHLen+a.Size()), src, seq)
		b = a.Append(b, src, dst)
		advert.Sign(b, key, unicast)
		return b
	}
	return a.Append(advert.AppendIPv4(nil, h, a.Size()), src, dst)
}

func BenchmarkPrebuilt(b *testing.B) {
	a := advert.Advert{Version: 2, VRID: 51, Interval: time.Second, Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.20")}}
	p := advert.NewPrebuilt(a, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("224.0.0.18"), 255, false)
	b.ReportAllocs()
	for i := range b.N {
		p.Packet(100, uint16(i), 0)
	}
}
