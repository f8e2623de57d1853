package vrrp

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/advert"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/netif"
)

// port is one interface that matters to some virtual router.
type port struct {
	name  string
	ifi   netif.Interface // as last seen; Index 0 while there is none
	lines [kinds]line
	ann   *netif.Announcer
	stale bool // look at the interface again before the turn ends
}

// kind is one way to speak VRRP on an interface; each needs a socket of its own.
type kind uint8

const (
	kindIPv4 kind = iota
	kindAH        // IPv4 with an authentication header
	kindIPv6
	kinds
)

// kindOf is how an instance speaks.
func kindOf(c *vrrpconf.Instance) kind {
	switch {
	case c.IPv6():
		return kindIPv6
	case c.Auth.Type == vrrpconf.AuthAH:
		return kindAH
	}
	return kindIPv4
}

// line is one kind of socket of a port.
type line struct {
	needed    bool          // some router speaks so
	sock      *netif.Socket // nil while it cannot be opened
	complaint string
}

// port finds or makes the port of an interface.
func (l *loop) port(name string) *port {
	p := l.ports[name]
	if p == nil {
		p = &port{name: name, stale: true}
		l.ports[name] = p
	}
	return p
}

// changed notes that something happened to an interface. Our own renewals are not news.
func (l *loop) changed(c netif.Change) {
	if c.Added.IsValid() && l.claimant(c.Index, c.Added) != nil {
		return
	}
	for _, p := range l.ports {
		if c.Resync || p.ifi.Index == c.Index || p.name == c.Name {
			p.stale = true
		}
	}
	l.refreshStale()
	if c.Name != "" || c.Resync {
		l.makeVMACs()
	}
	if c.Lost.IsValid() {
		l.lostStatic(c.Index, c.Lost)
	}
	if r := l.claimant(c.Index, c.Lost); c.Lost.IsValid() && r != nil {
		l.addressLost(r, c.Lost)
	}
}

// claimant is the router that holds an address on an interface, or nil.
func (l *loop) claimant(index int, p netip.Prefix) *router {
	for _, r := range l.all() {
		if i, ok := r.claimed[p]; ok && i == index {
			return r
		}
	}
	return nil
}

// addressLost tells a router that its address was taken away, unless it is back already: a
// removal of our own may be reported after the address has been claimed again.
func (l *loop) addressLost(r *router, lost netip.Prefix) {
	v, _ := r.vip(lost)
	p := l.port(r.device(v))
	if v.NoTrack || !p.ifi.Up || slices.Contains(p.ifi.Addrs, lost) {
		return
	}
	l.step(r, time.Now(), machine.AddressLost{Prefix: lost})
}

func (l *loop) refreshStale() {
	for _, p := range l.ports {
		if p.stale {
			l.refresh(p)
		}
	}
}

// refresh looks at an interface and tells every router that depends on it.
func (l *loop) refresh(p *port) {
	p.stale = false
	was := p.ifi
	ifi, err := netif.Lookup(p.name)
	if err != nil && !errors.Is(err, netif.ErrNoInterface) {
		l.log.Error().Err(err).Msg("looking at an interface failed, trying again")
		p.stale = true // what was known goes on counting
		return
	}
	if p.ifi = ifi; ifi.Index != was.Index {
		l.closePort(p) // it has been made anew: the old sockets are bound to nothing
	}
	if was.Index != 0 && was.Up != ifi.Up {
		l.log.Info().Str(keyInterface, p.name).Msgf("Netlink reports %s %s", p.name, upDown(ifi.Up))
	}
	for k := range kinds {
		if ln := &p.lines[k]; ifi.Index != 0 && ln.needed && ln.sock == nil {
			l.open(p, k)
		}
	}
	for _, r := range l.all() {
		l.judgeInterface(r, p)
		// The kernel drops the routes of a link that goes down without telling anybody.
		r.gaps = r.gaps || r.laid && !was.Up && ifi.Up
	}
	if !was.Up && ifi.Up {
		l.static.gaps = true
		l.patch()
	}
}

func upDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

// open makes one of the sockets of an interface. What fails is tried again at the next
// renewal and complained about once.
func (l *loop) open(p *port, k kind) {
	ln := &p.lines[k]
	sock, err := openSocket(p.ifi, k)
	for _, g := range l.multicast(p.name, k) {
		if err == nil {
			if err = sock.Join(g); err != nil {
				sock.Close()
			}
		}
	}
	if err == nil {
		if err = l.poll.Add(sock); err != nil {
			sock.Close()
		}
	}
	if err != nil {
		if ln.complaint != err.Error() {
			ln.complaint = err.Error()
			l.log.Error().Err(err).Str(keyInterface, p.name).Msg("no VRRP on this interface (root or CAP_NET_RAW is needed), trying again")
		}
		return
	}
	ln.complaint, ln.sock = "", sock
}

func openSocket(i netif.Interface, k kind) (*netif.Socket, error) {
	switch k {
	case kindIPv6:
		return netif.Open6(i, advert.Protocol)
	case kindAH:
		return netif.Open(i, advert.ProtocolAH)
	}
	return netif.Open(i, advert.Protocol)
}

// multicast are the groups that routers of a kind on an interface listen to.
func (l *loop) multicast(name string, k kind) []netip.Addr {
	var out []netip.Addr
	for _, r := range l.all() {
		g := r.conf.Group
		if slices.Contains(ears(r.conf), name) && kindOf(r.conf) == k && len(r.conf.Peers) == 0 && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

// announcer is the packet socket of an interface, opened when first needed.
func (l *loop) announcer(p *port) (*netif.Announcer, error) {
	if p.ann == nil {
		a, err := netif.NewAnnouncer(p.ifi)
		if err != nil {
			return nil, err
		}
		p.ann = a
	}
	return p.ann, nil
}

// closePort gives the sockets back.
func (l *loop) closePort(p *port) {
	for k := range p.lines {
		l.closeLine(&p.lines[k])
	}
	if p.ann != nil {
		p.ann.Close()
		p.ann = nil
	}
}

func (l *loop) closeLine(ln *line) {
	if ln.sock != nil {
		l.poll.Remove(ln.sock)
		ln.sock.Close()
		ln.sock = nil
	}
}
