package iface

import (
	"net"
	"net/netip"
	"strings"
)

// Networks are the networks of a list; the zero value has none.
type Networks struct {
	all  bool
	nets []netip.Prefix
}

// ParseNetworks reads a comma list of networks, or "*" for all. What is no network is left out and returned.
func ParseNetworks(list string) (n Networks, wrong []string) {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		p, err := netip.ParsePrefix(entry)
		switch {
		case entry == "":
		case entry == "*":
			n.all = true
		case err != nil:
			wrong = append(wrong, entry)
		default:
			n.nets = append(n.nets, p.Masked())
		}
	}
	return n, wrong
}

// Include tells whether an address is in one of them. One that is not of TCP, such as a unix socket's, is only in all.
func (n Networks) Include(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return n.all
	}
	ip := tcp.AddrPort().Addr().Unmap()
	for _, p := range n.nets {
		if p.Contains(ip) {
			return true
		}
	}
	return n.all
}
