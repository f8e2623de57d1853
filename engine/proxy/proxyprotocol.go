package proxy

import (
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/keepsql/keepsql/engine/wire"
)

// trusted are the networks from which a PROXY protocol header is believed: mysql-proxy_protocol_networks.
type trusted struct {
	all  bool
	nets []netip.Prefix
}

// readTrusted reads a comma list of networks, or "*". What is no network is left out and returned.
func readTrusted(list string) (t trusted, wrong []string) {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		n, err := netip.ParsePrefix(entry)
		switch {
		case entry == "":
		case entry == "*":
			t.all = true
		case err != nil:
			wrong = append(wrong, entry)
		default:
			t.nets = append(t.nets, n.Masked())
		}
	}
	return t, wrong
}

func (t trusted) includes(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return t.all
	}
	ip := tcp.AddrPort().Addr().Unmap()
	for _, n := range t.nets {
		if n.Contains(ip) {
			return true
		}
	}
	return t.all
}

// preamble takes a PROXY protocol header from in front of a login. As upstream has it, one that is not believed is skipped.
func (p *Proxy) preamble(t trusted) func(*wire.Conn) error {
	return func(c *wire.Conn) error {
		src, found, err := c.TakeProxyHeader()
		if err != nil && !errors.Is(err, wire.ErrNoProxySource) {
			return err
		}
		switch {
		case !found:
		case src != nil && t.includes(c.RemoteAddr()):
			c.SetRemoteAddr(src)
		default:
			p.log.Warn().Msgf("Unable to parse PROXY header from IP %s . Skipping PROXY header", wire.HostOf(c.RemoteAddr()))
		}
		return nil
	}
}
