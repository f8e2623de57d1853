package proxy

import (
	"errors"

	"github.com/keepsql/keepsql/conf/iface"
	"github.com/keepsql/keepsql/engine/wire"
)

// preamble takes a PROXY protocol header from in front of a login. As upstream has it, one that does not come from the networks of
// mysql-proxy_protocol_networks is skipped.
func (p *Proxy) preamble(believed iface.Networks) func(*wire.Conn) error {
	return func(c *wire.Conn) error {
		src, found, err := c.TakeProxyHeader()
		if err != nil && !errors.Is(err, wire.ErrNoProxySource) {
			return err
		}
		switch {
		case !found:
		case src != nil && believed.Include(c.RemoteAddr()):
			c.SetRemoteAddr(src)
		default:
			p.log.Warn().Msgf("Unable to parse PROXY header from IP %s . Skipping PROXY header", wire.HostOf(c.RemoteAddr()))
		}
		return nil
	}
}
