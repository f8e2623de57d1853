package netif

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Interface is one network interface as it is now.
type Interface struct {
	Index int
	Name  string
	Up    bool // administratively up and with carrier
	HW    net.HardwareAddr
	Addrs []netip.Prefix // in the kernel's order
}

// ErrNoInterface says that no interface has the name asked for.
var ErrNoInterface = errors.New("no such interface")

// Lookup reads the present state of an interface.
func Lookup(name string) (Interface, error) {
	link, err := netlink.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return Interface{}, fmt.Errorf("look up %s: %w", name, ErrNoInterface)
	}
	if err != nil {
		return Interface{}, fmt.Errorf("look up %s: %w", name, err)
	}
	list, err := addresses(link)
	if err != nil {
		return Interface{}, fmt.Errorf("list addresses of %s: %w", name, err)
	}
	a := link.Attrs()
	i := Interface{Index: a.Index, Name: a.Name, Up: running(a), HW: a.HardwareAddr}
	for _, addr := range list {
		// A tentative IPv6 address cannot be used yet; the kernel tells when it can.
		const unusable = unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED
		if p, ok := prefixOf(addr.IPNet); ok && addr.Flags&unusable == 0 {
			i.Addrs = append(i.Addrs, p)
		}
	}
	return i, nil
}

// addresses lists an interface's addresses. The kernel interrupts a listing during which they
// change, which they do all the time while we renew them.
func addresses(link netlink.Link) (list []netlink.Addr, err error) {
	for range 10 {
		list, err = netlink.AddrList(link, netlink.FAMILY_ALL)
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return list, err
}

// running tells whether packets can pass: IFF_UP and IFF_RUNNING.
func running(a *netlink.LinkAttrs) bool {
	const need = net.FlagUp | net.FlagRunning
	return a.Flags&need == need
}

func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), ones), ok
}
