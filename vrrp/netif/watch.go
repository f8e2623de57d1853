package netif

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
)

// Change is one thing that happened to the interfaces of this host.
type Change struct {
	Index int
	Name  string // of a link; empty if only an address changed
	// Added and Lost are an address that was set or renewed, or is no longer there; invalid
	// otherwise.
	Added, Lost netip.Prefix
	// Resync says that changes may have been missed: look at everything again.
	Resync bool
}

// Watch reports changes until the context ends. report is called from one goroutine and must
// not wait for long. retry is how long to pause after the subscription broke, before the
// next is made; every new subscription begins with a Resync. broken is told why it broke.
func Watch(ctx context.Context, retry time.Duration, report func(Change), broken func(error)) {
	for {
		if err := watchOnce(ctx, report); err != nil {
			broken(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retry):
		}
	}
}

// watchOnce reports changes until a subscription breaks.
func watchOnce(ctx context.Context, report func(Change)) error {
	done := make(chan struct{})
	links, addrs := make(chan netlink.LinkUpdate, 64), make(chan netlink.AddrUpdate, 64)
	if err := netlink.LinkSubscribeWithOptions(links, done, netlink.LinkSubscribeOptions{}); err != nil {
		close(done)
		return fmt.Errorf("subscribe to links: %w", err)
	}
	defer func() {
		for range links { // until the library's goroutine has gone
		}
	}()
	if err := netlink.AddrSubscribeWithOptions(addrs, done, netlink.AddrSubscribeOptions{}); err != nil {
		close(done)
		return fmt.Errorf("subscribe to addresses: %w", err)
	}
	defer func() {
		close(done)
		for range addrs {
		}
	}()
	report(Change{Resync: true})
	for {
		select {
		case <-ctx.Done():
			return nil
		case u, ok := <-links:
			if !ok {
				return fmt.Errorf("watch links: subscription broke")
			}
			report(Change{Index: u.Attrs().Index, Name: u.Attrs().Name})
		case u, ok := <-addrs:
			if !ok {
				return fmt.Errorf("watch addresses: subscription broke")
			}
			c := Change{Index: u.LinkIndex}
			if p, ok := prefixOf(&u.LinkAddress); ok && u.NewAddr {
				c.Added = p
			} else if ok {
				c.Lost = p
			}
			report(c)
		}
	}
}
