package iproute

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf/vrrpconf"
)

// Table changes routes and rules.
type Table struct{ handle *netlink.Handle }

// Open opens a netlink channel.
func Open() (*Table, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	return &Table{h}, nil
}

// Close gives the channel back.
func (t *Table) Close() { t.handle.Close() }

// SetRoute sets a route, or replaces the one to the same destination with the same metric.
func (t *Table) SetRoute(r *vrrpconf.Route) error {
	n, err := route(r)
	if err == nil {
		err = t.handle.RouteReplace(n)
	}
	if err != nil {
		return fmt.Errorf("set route %s: %w", r.Text, err)
	}
	return nil
}

// RemoveRoute removes a route. That it is not there, or its interface is gone, is no error.
func (t *Table) RemoveRoute(r *vrrpconf.Route) error {
	n, err := route(r)
	if errors.Is(err, errNoDevice) {
		return nil
	}
	if err == nil {
		n.Protocol = 0 // whoever has set it
		err = t.handle.RouteDel(n)
	}
	if err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.ENODEV) && !errors.Is(err, unix.ENETUNREACH) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove route %s: %w", r.Text, err)
	}
	return nil
}

// errNoDevice says that a route names an interface that does not exist.
var errNoDevice = errors.New("no such interface")

// kinds are rtnetlink's types of routes.
var kinds = map[string]int{
	"": unix.RTN_UNICAST, "unicast": unix.RTN_UNICAST, "blackhole": unix.RTN_BLACKHOLE,
	"unreachable": unix.RTN_UNREACHABLE, "prohibit": unix.RTN_PROHIBIT, "throw": unix.RTN_THROW,
}

func route(r *vrrpconf.Route) (*netlink.Route, error) {
	table, err1 := number(r.Table, tables, "rt_tables", 1<<31-1)
	protocol, err2 := number(r.Protocol, protocols, "rt_protos", 255)
	dev, err3 := index(r.Dev)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	n := &netlink.Route{
		Dst: ipNet(r.Dst), Gw: ip(r.Via), Src: ip(r.Source), LinkIndex: dev, Table: table,
		Protocol: netlink.RouteProtocol(protocol), Type: kinds[r.Kind], Priority: r.Metric, Tos: r.TOS, MTU: r.MTU,
		AdvMSS: r.AdvMSS, Window: r.Window, InitCwnd: r.InitCwnd, InitRwnd: r.InitRwnd, Hoplimit: r.HopLimit,
	}
	if r.OnLink {
		n.Flags = unix.RTNH_F_ONLINK
	}
	switch {
	case r.Scope >= 0:
		n.Scope = netlink.Scope(r.Scope)
	case !r.IPv6() && !r.Via.IsValid() && len(r.Hops) == 0 && n.Type == unix.RTN_UNICAST:
		n.Scope = netlink.SCOPE_LINK // as iproute2 has it
	}
	for _, h := range r.Hops {
		dev, err := index(firstOf(h.Dev, r.Dev))
		if err != nil {
			return nil, err
		}
		hop := &netlink.NexthopInfo{Gw: ip(h.Via), LinkIndex: dev, Hops: h.Weight - 1}
		if h.OnLink || r.OnLink {
			hop.Flags = unix.RTNH_F_ONLINK
		}
		n.MultiPath = append(n.MultiPath, hop)
	}
	if len(n.MultiPath) > 0 {
		n.LinkIndex = 0
	}
	return n, nil
}

// index is that of an interface; 0 without a name, which lets the kernel choose.
func index(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, fmt.Errorf("interface %s: %w", name, errNoDevice)
	}
	return i.Index, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func ip(a netip.Addr) net.IP {
	if !a.IsValid() {
		return nil
	}
	return a.AsSlice()
}

func ipNet(p netip.Prefix) *net.IPNet {
	if !p.IsValid() {
		return nil
	}
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
