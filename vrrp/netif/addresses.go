package netif

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Address is a virtual address to be set on an interface.
type Address struct {
	Prefix        netip.Prefix
	Label         string     // at most 15 bytes, IPv4 only
	Scope         int        // rtnetlink's number
	Broadcast     netip.Addr // invalid: none
	AutoBroadcast bool       // the last address of the prefix
	Peer          netip.Prefix
	NoPrefixRoute bool
	Home          bool
	Forever       bool // it needs no renewal
}

// Addresses changes the addresses of interfaces.
type Addresses struct {
	handle *netlink.Handle
	life   int // seconds
}

// NewAddresses opens a netlink channel. Addresses vanish by themselves when they have not
// been set again for the lifetime, which the kernel counts in whole seconds.
func NewAddresses(lifetime time.Duration) (*Addresses, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	return &Addresses{handle: h, life: max(1, int(math.Ceil(lifetime.Seconds())))}, nil
}

// Close gives the channel back.
func (a *Addresses) Close() { a.handle.Close() }

// Set sets an address, or renews it if it is there.
func (a *Addresses) Set(index int, addr Address) error {
	n := a.netlink(index, addr)
	if err := a.handle.AddrReplace(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}, n); err != nil {
		return fmt.Errorf("set address %s: %w", addr.Prefix, err)
	}
	return nil
}

// Remove removes an address. That it is not there, or its interface is gone, is no error.
func (a *Addresses) Remove(index int, p netip.Prefix) error {
	err := a.handle.AddrDel(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}},
		&netlink.Addr{IPNet: ipNet(p)})
	if err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove address %s: %w", p, err)
	}
	return nil
}

func (a *Addresses) netlink(index int, addr Address) *netlink.Addr {
	n := &netlink.Addr{
		IPNet: ipNet(addr.Prefix), Label: addr.Label, Scope: addr.Scope, LinkIndex: index,
		ValidLft: a.life, PreferedLft: a.life,
		Broadcast: net.IPv4zero, // none; netlink would choose one
	}
	if addr.Forever {
		n.ValidLft, n.PreferedLft = 0, 0 // the library's word for no limit
	}
	switch {
	case addr.AutoBroadcast:
		n.Broadcast = nil
	case addr.Broadcast.IsValid():
		n.Broadcast = addr.Broadcast.AsSlice()
	}
	if addr.Peer.IsValid() {
		n.Peer = ipNet(addr.Peer)
	}
	if addr.NoPrefixRoute {
		n.Flags |= unix.IFA_F_NOPREFIXROUTE
	}
	if addr.Home {
		n.Flags |= unix.IFA_F_HOMEADDRESS
	}
	if addr.Prefix.Addr().Is6() {
		n.Flags |= unix.IFA_F_NODAD
		n.Broadcast = nil
		if addr.Prefix.Bits() == 128 && !addr.Forever {
			n.PreferedLft = 0 // deprecated: not to be chosen as a source
		}
	}
	return n
}

func ipNet(p netip.Prefix) *net.IPNet {
	a := p.Addr()
	return &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(p.Bits(), a.BitLen())}
}
