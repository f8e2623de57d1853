package iproute

import (
	"errors"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Sweep removes all routes and rules that bear Protocol, and tells how many. It is for the start:
// whoever has set them is gone.
func (t *Table) Sweep() (n int, err error) {
	var errs []error
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		rules, err := t.handle.RuleList(family)
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			errs = append(errs, err)
		}
		for i := range rules {
			if r := &rules[i]; r.Protocol == Protocol {
				r.Family = family
				errs = append(errs, t.handle.RuleDel(r))
				n++
			}
		}
		// A table of 0 in the filter is every table.
		routes, err := t.handle.RouteListFiltered(family, &netlink.Route{Protocol: Protocol, Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			errs = append(errs, err)
		}
		for i := range routes {
			errs = append(errs, t.handle.RouteDel(&routes[i]))
			n++
		}
	}
	return n, errors.Join(errs...)
}
