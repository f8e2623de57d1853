package advert_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp/advert"
)

// signedPacket is a packet as a router with authentication headers sends it.
func signedPacket(dst string, key [8]byte) []byte {
	h := advert.Header{Src: addr("10.99.0.1"), Dst: addr(dst), TTL: 255, ID: 7, Protocol: advert.ProtocolAH}
	a := advert.Advert{Version: 2, VRID: 51, Priority: 100, AuthType: advert.AuthAH, Interval: time.Second, Addrs: []netip.Addr{addr("10.99.0.20")}}
	b := advert.AppendIPv4(nil, h, advert.AHLen+a.Size())
	b = advert.AppendAH(b, h.Src, 1)
	b = a.Append(b, h.Src, h.Dst)
	advert.Sign(b, key, !h.Dst.IsMulticast())
	return b
}

func TestAuthenticationHeader(t *testing.T) {
	e := advert.Expect{Version: 2, VRID: 51, AuthType: advert.AuthAH, Auth: password("secret12"), Interval: time.Second, Addrs: []netip.Addr{addr("10.99.0.20")}}
	for name, c := range map[string]struct {
		dst   string
		key   string
		spoil func(b []byte)
		want  string
	}{
		"good":                      {"224.0.0.18", "secret12", func([]byte) {}, ""},
		"mutable fields":            {"224.0.0.18", "secret12", func(b []byte) { b[1], b[6], b[10] = 1, 0x40, 9 }, ""},
		"other password":            {"224.0.0.18", "secret13", func([]byte) {}, "invalid HMAC-MD5 value: another password, or changed on the way"},
		"priority changed":          {"224.0.0.18", "secret12", func(b []byte) { b[20+24+2]++ }, "invalid HMAC-MD5 value: another password, or changed on the way"},
		"sequence changed":          {"224.0.0.18", "secret12", func(b []byte) { b[20+11]++ }, "invalid HMAC-MD5 value: another password, or changed on the way"},
		"TTL changed with unicast":  {"10.99.0.2", "secret12", func(b []byte) { b[8]-- }, ""},
		"TTL of multicast is fixed": {"224.0.0.18", "secret12", func(b []byte) { b[8]-- }, "invalid TTL/HL. Received 254 and expect 255"},
	} {
		t.Run(name, func(t *testing.T) {
			b := signedPacket(c.dst, password(c.key))
			c.spoil(b)
			h, msg, err := advert.ParseIPv4(b)
			if err != nil {
				t.Fatal(err)
			}
			e := e
			e.Unicast = c.dst != "224.0.0.18"
			_, rej := e.Check(h, msg)
			got := ""
			if rej != nil {
				got = rej.Text
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	h, msg, _ := advert.ParseIPv4(unhex(t, wireV2))
	if _, rej := e.Check(h, msg); rej == nil || rej.Text != "received protocol 112, expected 51" {
		t.Errorf("without the header: %v", rej)
	}
	short := signedPacket("224.0.0.18", password("x"))[:40]
	short[3] = 40
	if _, _, err := advert.ParseIPv4(short); err == nil {
		t.Error("half a header is taken for one")
	}
}

// TestIPv6 writes and reads a message with IPv6 addresses; its checksum covers sender and group.
func TestIPv6(t *testing.T) {
	h := advert.Header{Src: addr("fe80::1"), Dst: addr("ff02::12"), TTL: 255, Protocol: advert.Protocol}
	want := advert.Advert{Version: 3, Type: 1, VRID: 51, Priority: 100, Interval: 500 * time.Millisecond,
		Addrs: []netip.Addr{addr("fe80::99:20"), addr("fd99:6::20")}}
	msg := want.Append(nil, h.Src, h.Dst)
	if len(msg) != want.Size() || len(msg) != 40 {
		t.Errorf("%d bytes", len(msg))
	}
	e := expectation(want)
	got, rej := e.Check(h, msg)
	if rej != nil {
		t.Fatal(rej)
	}
	if diff := cmp.Diff(want, got, sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	h.Src = addr("fe80::2")
	if _, rej := e.Check(h, msg); rej == nil || rej.Text != "Invalid VRRPv3 checksum" {
		t.Errorf("from somebody else: %v", rej)
	}
}
