package engine_test

import (
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
)

// netnsVariable tells a guardian of the tests that it runs in a network namespace of its own.
const netnsVariable = "KEEPSQL_TEST_NETNS"

// ownNetwork furnishes the namespace: lo, and an interface eth0 with 10.99.0.1/24.
func ownNetwork() error {
	if os.Getenv(netnsVariable) == "" {
		return nil
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	eth0 := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "far"}
	if err := netlink.LinkAdd(eth0); err != nil {
		return fmt.Errorf("add eth0: %w", err)
	}
	address, err := netlink.ParseAddr("10.99.0.1/24")
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(eth0, address); err != nil {
		return fmt.Errorf("set address of eth0: %w", err)
	}
	far, err := netlink.LinkByName("far")
	if err != nil {
		return fmt.Errorf("find the far end: %w", err)
	}
	for _, l := range []netlink.Link{lo, far, eth0} {
		if err := netlink.LinkSetUp(l); err != nil {
			return fmt.Errorf("set %s up: %w", l.Attrs().Name, err)
		}
	}
	return nil
}
