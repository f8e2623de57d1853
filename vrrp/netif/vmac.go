package netif

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
)

// vmacAlias marks interfaces of ours, so that those a killed speaker has left behind are found.
const vmacAlias = "keepsql virtual router"

// VirtualMAC is the address of a virtual router (RFC 9568 §7.3).
func VirtualMAC(vrid uint8, v6 bool) net.HardwareAddr {
	family := byte(1)
	if v6 {
		family = 2
	}
	return net.HardwareAddr{0, 0, 0x5e, 0, family, vrid}
}

// MakeVMAC makes an interface with a MAC of its own on another one, if there is none yet. It is
// down: while it is, nothing comes from that MAC. The error says what is in the way.
func MakeVMAC(base Interface, name string, mac net.HardwareAddr) error {
	link, err := netlink.LinkByName(name)
	switch {
	case err == nil && !isVMAC(link):
		return fmt.Errorf("make %s on %s: there is another interface of that name", name, base.Name)
	case err == nil && link.Attrs().ParentIndex == base.Index && bytes.Equal(link.Attrs().HardwareAddr, mac):
		return errors.Join(netlink.LinkSetAlias(link, vmacAlias), netlink.LinkSetDown(link), vmacSettings(name))
	case err == nil:
		if err := netlink.LinkDel(link); err != nil {
			return fmt.Errorf("make %s anew: %w", name, err)
		}
	case !errors.As(err, new(netlink.LinkNotFoundError)):
		return fmt.Errorf("look up %s: %w", name, err)
	}
	fresh := &netlink.Macvlan{
		LinkAttrs: netlink.LinkAttrs{Name: name, ParentIndex: base.Index, HardwareAddr: mac},
		Mode:      netlink.MACVLAN_MODE_PRIVATE,
	}
	if err := netlink.LinkAdd(fresh); err != nil {
		return fmt.Errorf("make %s on %s: %w", name, base.Name, err)
	}
	if err := netlink.LinkSetAlias(fresh, vmacAlias); err != nil {
		return fmt.Errorf("make %s on %s: %w", name, base.Name, err)
	}
	return vmacSettings(name)
}

// isVMAC tells whether an interface may be one of ours: what keepalived leaves behind is taken over.
func isVMAC(link netlink.Link) bool {
	a := link.Attrs()
	return link.Type() == "macvlan" && (a.Alias == vmacAlias || bytes.HasPrefix(a.HardwareAddr, []byte{0, 0, 0x5e, 0}))
}

// vmacSettings makes an interface answer for its own addresses only, take packets whose way back is
// another one, and have no IPv6 address by itself: two routers would have the same.
func vmacSettings(name string) error {
	return errors.Join(
		Setting("ipv4", name, "arp_ignore", "1"),
		Setting("ipv4", name, "rp_filter", "2"),
		Setting("ipv6", name, "addr_gen_mode", "1"),
		Setting("ipv6", name, "accept_ra", "0"),
		Setting("ipv6", name, "autoconf", "0"),
	)
}

// Setting writes one of the settings of an interface in /proc/sys/net. Without IPv6 there are none
// of that, which is no error.
func Setting(family, name, what, value string) error {
	path := settingPath(family, name, what)
	err := os.WriteFile(path, []byte(value), 0)
	if errors.Is(err, os.ErrNotExist) && family == "ipv6" {
		return nil
	}
	return err
}

// SettingOf reads one.
func SettingOf(family, name, what string) (string, error) {
	b, err := os.ReadFile(settingPath(family, name, what))
	return strings.TrimSpace(string(b)), err
}

func settingPath(family, name, what string) string {
	return "/proc/sys/net/" + family + "/conf/" + name + "/" + what
}

// Raise sets an interface up or down.
func Raise(index int, up bool) error {
	link := &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}
	set := netlink.LinkSetDown
	if up {
		set = netlink.LinkSetUp
	}
	if err := set(link); err != nil {
		return fmt.Errorf("set interface %d up or down: %w", index, err)
	}
	return nil
}

// RemoveVMAC removes an interface made by MakeVMAC. That there is none is no error.
func RemoveVMAC(name string) error {
	link, err := netlink.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil
	}
	if err == nil && isVMAC(link) {
		err = netlink.LinkDel(link)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// VMACs lists the interfaces that a speaker of ours has made.
func VMACs() ([]string, error) {
	links, err := netlink.LinkList()
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var out []string
	for _, l := range links {
		if l.Attrs().Alias == vmacAlias && isVMAC(l) {
			out = append(out, l.Attrs().Name)
		}
	}
	return out, nil
}
