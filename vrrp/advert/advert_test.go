package advert_test

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keepsql/keepsql/vrrp/advert"
)

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Captured from keepalived 2.2.7, without the Ethernet header.
const (
	wireV2 = `45c0 002c 0001 0000 ff70 d02a 0a63 0001 e000 0012
	          2133 ff02 0101 6573 0a63 0014 0a63 0015 3132 3334 0000 0000`
	wireV3 = `45c0 0020 0001 0000 ff70 ca36 0a63 0601 e000 0012
	          3133 6401 0019 6948 0a63 0614`
)

func password(s string) (p [8]byte) {
	copy(p[:], s)
	return p
}

func captured() map[string]struct {
	wire string
	head advert.Header
	msg  advert.Advert
} {
	group := addr("224.0.0.18")
	return map[string]struct {
		wire string
		head advert.Header
		msg  advert.Advert
	}{
		"v2": {wireV2,
			advert.Header{Src: addr("10.99.0.1"), Dst: group, TTL: 255, ID: 1, Protocol: 112},
			advert.Advert{Version: 2, Type: 1, VRID: 51, Priority: 255, AuthType: advert.AuthPass, Auth: password("1234"),
				Interval: time.Second, Addrs: []netip.Addr{addr("10.99.0.20"), addr("10.99.0.21")}}},
		"v3": {wireV3,
			advert.Header{Src: addr("10.99.6.1"), Dst: group, TTL: 255, ID: 1, Protocol: 112},
			advert.Advert{Version: 3, Type: 1, VRID: 51, Priority: 100,
				Interval: 250 * time.Millisecond, Addrs: []netip.Addr{addr("10.99.6.20")}}},
	}
}

func TestCapturedPackets(t *testing.T) {
	for name, c := range captured() {
		t.Run(name, func(t *testing.T) {
			wire := unhex(t, c.wire)
			h, msg, err := advert.ParseIPv4(wire)
			if err != nil {
				t.Fatal(err)
			}
			got, err := advert.Parse(msg, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.head, h, sameAddr); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.msg, got, sameAddr); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			b := advert.AppendIPv4(nil, c.head, len(msg))
			b = c.msg.Append(b, c.head.Src, c.head.Dst)
			if diff := cmp.Diff(wire, b); diff != "" {
				t.Errorf("written bytes (-want +got):\n%s", diff)
			}
			// An Ethernet frame may be padded; the total length decides.
			if _, padded, err := advert.ParseIPv4(append(wire, 0, 0, 0)); err != nil || len(padded) != len(msg) {
				t.Errorf("padded: %d bytes, %v", len(padded), err)
			}
		})
	}
}

// expectation is what a router demands that agrees with the captured packet.
func expectation(a advert.Advert) advert.Expect {
	return advert.Expect{Version: a.Version, VRID: a.VRID, AuthType: a.AuthType, Auth: a.Auth, Interval: a.Interval, Addrs: a.Addrs}
}

func TestCheck(t *testing.T) {
	type change struct {
		name   string
		base   string
		expect func(*advert.Expect)
		packet func(h *advert.Header, a *advert.Advert)
		bytes  func(msg []byte) []byte
		want   string
		count  advert.Counter
	}
	two := []netip.Addr{addr("10.99.0.20"), addr("10.99.0.99")}
	for _, c := range []change{
		{name: "good v2", base: "v2"},
		{name: "good v3", base: "v3"},
		{name: "v3 interval is adopted, not compared", base: "v3", expect: func(e *advert.Expect) { e.Interval = time.Second }},
		{name: "password", base: "v2", expect: func(e *advert.Expect) { e.Auth = password("4321") },
			want: "received an invalid passwd!", count: advert.AuthFailure},
		{name: "password is compared whole", base: "v2", expect: func(e *advert.Expect) { e.Auth = password("123") },
			want: "received an invalid passwd!", count: advert.AuthFailure},
		{name: "no authentication wanted", base: "v2", expect: func(e *advert.Expect) { e.AuthType, e.Auth = 0, [8]byte{} },
			want: "received a 1 auth, expecting 0!", count: advert.AuthMismatch},
		{name: "no authentication given", base: "v2", packet: func(_ *advert.Header, a *advert.Advert) { a.AuthType = 0 },
			want: "received a 0 auth, expecting 1!", count: advert.AuthMismatch},
		{name: "unknown authentication", base: "v2", packet: func(_ *advert.Header, a *advert.Advert) { a.AuthType = 7 },
			want: "Invalid auth type: 7", count: advert.InvalidAuthType},
		{name: "interval", base: "v2", expect: func(e *advert.Expect) { e.Interval = 2 * time.Second },
			want: "advertisement interval mismatch mine=2 sec rcv'd=1 sec", count: advert.IntervalWrong},
		{name: "version", base: "v3", expect: func(e *advert.Expect) { e.Version = 2 },
			want: "wrong version. Received 3 and expect 2", count: advert.VersionWrong},
		{name: "TTL", base: "v2", packet: func(h *advert.Header, _ *advert.Advert) { h.TTL = 64 },
			want: "invalid TTL/HL. Received 64 and expect 255", count: advert.TTLWrong},
		{name: "TTL of unicast is free", base: "v2", expect: func(e *advert.Expect) { e.Unicast = true },
			packet: func(h *advert.Header, _ *advert.Advert) { h.TTL, h.Dst = 64, addr("10.99.0.2") }},
		{name: "number of addresses", base: "v2", expect: func(e *advert.Expect) { e.Addrs = e.Addrs[:1] },
			want: "received an unexpected ip number count 2, expected 1!", count: advert.AddressList},
		{name: "another address", base: "v2", expect: func(e *advert.Expect) { e.Addrs = two },
			want: "ip address associated with VRID 51 not present in MASTER advert: 10.99.0.99", count: advert.AddressList},
		{name: "addresses of the known master are skipped", base: "v2",
			expect: func(e *advert.Expect) { e.Addrs, e.SkipAddrsOf = two, addr("10.99.0.1") }},
		{name: "but not of another", base: "v2", expect: func(e *advert.Expect) { e.Addrs, e.SkipAddrsOf = two, addr("10.99.0.2") },
			want: "ip address associated with VRID 51 not present in MASTER advert: 10.99.0.99", count: advert.AddressList},
		{name: "multicast to a unicast router", base: "v2", expect: func(e *advert.Expect) { e.Unicast = true },
			want: "Expected unicast packet but received multicast packet", count: advert.AddressList},
		{name: "unicast to a multicast router", base: "v2", packet: func(h *advert.Header, _ *advert.Advert) { h.Dst = addr("10.99.0.2") },
			want: "Expected multicast packet but received unicast packet", count: advert.AddressList},
		{name: "stranger", base: "v2", packet: func(h *advert.Header, _ *advert.Advert) { h.Dst = addr("10.99.0.2") },
			expect: func(e *advert.Expect) { e.Unicast, e.Peers = true, []netip.Addr{addr("10.99.0.7")} },
			want:   "unicast source address 10.99.0.1 is not a peer", count: advert.AddressList},
		{name: "a peer from afar", base: "v2", packet: func(h *advert.Header, _ *advert.Advert) { h.TTL, h.Dst = 253, addr("10.99.0.2") },
			expect: func(e *advert.Expect) {
				e.Unicast, e.PeerTTL = true, map[netip.Addr][2]uint8{addr("10.99.0.1"): {254, 255}}
			},
			want: "invalid TTL/HL. Received 253 and expect 254 to 255", count: advert.TTLWrong},
		{name: "another peer's range", base: "v2", packet: func(h *advert.Header, _ *advert.Advert) { h.TTL, h.Dst = 253, addr("10.99.0.2") },
			expect: func(e *advert.Expect) {
				e.Unicast, e.PeerTTL = true, map[netip.Addr][2]uint8{addr("10.99.0.7"): {254, 255}}
			}},
		{name: "checksum", base: "v2", bytes: func(b []byte) []byte { b[6]++; return b },
			want: "Invalid VRRPv2 checksum", count: advert.Checksum},
		{name: "v3 checksum covers the sender", base: "v3", bytes: func(b []byte) []byte { b[6]++; return b },
			want: "Invalid VRRPv3 checksum", count: advert.Checksum},
		{name: "type", base: "v2", bytes: func(b []byte) []byte { b[0] = 0x22; return b },
			want: "Invalid type. Received 2 and expect 1", count: advert.InvalidType},
		{name: "too long", base: "v2", bytes: func(b []byte) []byte { return append(b, 0) },
			want: "invalid packet length. Received 25 and expect 24", count: advert.PacketLength},
		{name: "too short", base: "v2", bytes: func(b []byte) []byte { return b[:20] },
			want: "invalid packet length. Received 20 and expect 24", count: advert.PacketLength},
		{name: "nearly nothing", base: "v3", bytes: func(b []byte) []byte { return b[:3] },
			want: "invalid packet length. Received 3 and expect 8", count: advert.PacketLength},
		{name: "another protocol", base: "v2", packet: func(h *advert.Header, _ *advert.Advert) { h.Protocol = 51 },
			want: "received protocol 51, expected 112", count: advert.InvalidAuthType},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := captured()[c.base]
			h, a, e := base.head, base.msg, expectation(base.msg)
			if c.expect != nil {
				c.expect(&e)
			}
			if c.packet != nil {
				c.packet(&h, &a)
			}
			msg := a.Append(nil, h.Src, h.Dst)
			if c.bytes != nil {
				msg = c.bytes(msg)
			}
			_, rej := e.Check(h, msg)
			got, count := "", advert.Counter(0)
			if rej != nil {
				got, count = rej.Text, rej.Counter
			}
			if got != c.want || count != c.count {
				t.Errorf("got %q (%s), want %q (%s)", got, count, c.want, c.count)
			}
		})
	}
}

func TestParseIPv4Rejects(t *testing.T) {
	good := unhex(t, wireV2)
	for name, b := range map[string][]byte{
		"empty": nil, "short": good[:19], "IPv6": append([]byte{0x60}, good[1:]...),
		"header longer than the packet": append([]byte{0x4f}, good[1:21]...),
		"cut":                           good[:40],
		"header too short":              append([]byte{0x44}, good[1:]...),
	} {
		if _, _, err := advert.ParseIPv4(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCounterNames(t *testing.T) {
	seen := map[string]bool{}
	for c := advert.Received; c <= advert.Checksum; c++ {
		if n := c.String(); n == "" || seen[n] {
			t.Errorf("counter %d is called %q", c, n)
		} else {
			seen[n] = true
		}
	}
}

// FuzzCheck: no bytes make a router panic, and what it believes survives being written again.
func FuzzCheck(f *testing.F) {
	f.Add(unhex(f, wireV2))
	f.Add(unhex(f, wireV3))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, msg, err := advert.ParseIPv4(b)
		if err != nil {
			return
		}
		for _, c := range captured() {
			e := expectation(c.msg)
			a, rej := e.Check(h, msg)
			if rej != nil {
				if rej.Error() == "" {
					t.Error("a reject without a reason")
				}
				continue
			}
			again := a.Append(nil, h.Src, h.Dst)
			if _, rej := e.Check(h, again); rej != nil {
				t.Errorf("believed %x, but not %x: %v", msg, again, rej)
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	h, msg, _ := advert.ParseIPv4(unhex(b, wireV2))
	e := expectation(captured()["v2"].msg)
	b.ReportAllocs()
	for b.Loop() {
		if _, rej := e.Check(h, msg); rej != nil {
			b.Fatal(rej)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	c := captured()["v3"]
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = advert.AppendIPv4(buf[:0], c.head, 12)
		buf = c.msg.Append(buf, c.head.Src, c.head.Dst)
	}
}

// TestAllocations: sending allocates nothing, receiving the list of addresses only.
func TestAllocations(t *testing.T) {
	c := captured()["v2"]
	h, msg, _ := advert.ParseIPv4(unhex(t, wireV2))
	e := expectation(c.msg)
	if n := testing.AllocsPerRun(100, func() { _, _ = e.Check(h, msg) }); n > 1 {
		t.Errorf("checking costs %v allocations", n)
	}
	buf := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		buf = advert.AppendIPv4(buf[:0], c.head, 24)
		buf = c.msg.Append(buf, c.head.Src, c.head.Dst)
	}); n != 0 {
		t.Errorf("writing costs %v allocations", n)
	}
}
