package netif

import (
	"encoding/hex"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAnnouncement compares with a frame captured from keepalived 2.2.7, and with an
// unsolicited neighbour advertisement put together by hand from RFC 4861 §4.4.
func TestAnnouncement(t *testing.T) {
	hw := net.HardwareAddr{0xbe, 0x7c, 0x8b, 0xf8, 0xae, 0x08}
	for ip, want := range map[string]string{
		"10.99.0.20": "ffffffffffff" + "be7c8bf8ae08" + "0806" + "0001080006040001" +
			"be7c8bf8ae08" + "0a630014" + "ffffffffffff" + "0a630014",
		"fd00::14": "333300000001" + "be7c8bf8ae08" + "86dd" + "60000000" + "0020" + "3aff" +
			"fd000000000000000000000000000014" + "ff020000000000000000000000000001" +
			"8800" + "63f8" + "20000000" + "fd000000000000000000000000000014" + "0201" + "be7c8bf8ae08",
	} {
		got, err := announcement(hw, netip.MustParseAddr(ip), false)
		if err != nil {
			t.Fatal(err)
		}
		// The smallest Ethernet payload is 46 bytes; the library pads.
		text := hex.EncodeToString(got)
		if len(text) > len(want) {
			text = text[:len(want)]
		}
		if diff := cmp.Diff(want, text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", ip, diff)
		}
	}
	if _, err := NewAnnouncer(Interface{Name: "lo", Index: 1}); err == nil {
		t.Error("an interface without a hardware address can announce")
	}
}
