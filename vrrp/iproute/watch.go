package iproute

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Loss is something that is no longer there.
type Loss struct {
	Rule bool         // some rule; else a route
	Dst  netip.Prefix // of the route
}

// Watch reports routes and rules that are removed, by whomever, until the context ends. report is
// called from one goroutine. retry is how long to pause after the subscription broke.
func Watch(ctx context.Context, retry time.Duration, report func(Loss), broken func(error)) {
	for ctx.Err() == nil {
		if err := watchOnce(ctx, report); err != nil && ctx.Err() == nil {
			broken(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}

func watchOnce(ctx context.Context, report func(Loss)) error {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE)
	if err != nil {
		return fmt.Errorf("subscribe to routes: %w", err)
	}
	defer s.Close()
	// A reader does not notice that its socket is closed: it looks now and then.
	if err := s.SetReceiveTimeout(&unix.Timeval{Usec: 200_000}); err != nil {
		return fmt.Errorf("subscribe to routes: %w", err)
	}
	for ctx.Err() == nil {
		messages, _, err := s.Receive()
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("watch routes: %w", err)
		}
		for _, m := range messages {
			switch m.Header.Type {
			case unix.RTM_DELRULE:
				report(Loss{Rule: true})
			case unix.RTM_DELROUTE:
				if dst, ok := destination(m.Data); ok {
					report(Loss{Dst: dst})
				}
			}
		}
	}
	return nil
}

// destination reads that of a route (struct rtmsg and RTA_DST, rtnetlink(7)).
func destination(b []byte) (netip.Prefix, bool) {
	if len(b) < unix.SizeofRtMsg {
		return netip.Prefix{}, false
	}
	m := nl.DeserializeRtMsg(b)
	a := netip.IPv4Unspecified()
	if m.Family == unix.AF_INET6 {
		a = netip.IPv6Unspecified()
	}
	attrs, err := nl.ParseRouteAttr(b[m.Len():])
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, x := range attrs {
		if x.Attr.Type == unix.RTA_DST {
			a, _ = netip.AddrFromSlice(x.Value)
		}
	}
	p := netip.PrefixFrom(a, int(m.Dst_len))
	return p, p.IsValid()
}
