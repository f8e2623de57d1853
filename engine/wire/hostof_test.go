package wire_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/wire"
)

func TestHostOf(t *testing.T) {
	tcp := func(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
	f := func(a net.Addr, want string) {
		t.Helper()
		if diff := cmp.Diff(want, wire.HostOf(a)); diff != "" {
			t.Errorf("HostOf(%v): %s", a, diff)
		}
	}
	f(nil, "localhost")
	f(&net.UnixAddr{Name: "/tmp/s", Net: "unix"}, "localhost")
	f(tcp("10.1.2.3:4000"), "10.1.2.3")
	f(tcp("[::ffff:10.1.2.3]:4000"), "10.1.2.3")
	f(tcp("[2001:db8::1]:4000"), "2001:db8::1")
	f(tcp("[fe80::1%eth0]:4000"), "fe80::1%eth0")
	f(&net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 1}, "10.1.2.3")
	a := tcp("10.1.2.3:4000")
	if n := testing.AllocsPerRun(100, func() { wire.HostOf(a) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
