package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/engine/wire"
)

// selfProbes are the addresses that probes of the own listener come from, so that they are not counted as clients.
type selfProbes struct {
	mu   sync.Mutex // guards from; locked when a client connects, never for a statement
	from map[string]bool
}

// expect notes where a probe will come from.
func (s *selfProbes) expect(from string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.from == nil {
		s.from = map[string]bool{}
	}
	s.from[from] = true
}

// forget notes that a probe is over.
func (s *selfProbes) forget(from string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.from, from)
}

// has tells whether a connection is that of a probe.
func (s *selfProbes) has(nc net.Conn) bool {
	a := nc.RemoteAddr()
	if a == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.from) > 0 && s.from[a.String()]
}

// greet answers a probe by way of what a client's login needs too.
func (p *Proxy) greet(nc net.Conn) {
	p.registry.find(0)
	auth := p.auth.Load()
	c := wire.NewConn(nc)
	g := wire.Greeting{Version: auth.Version, Capabilities: auth.Capabilities, Plugin: auth.Plugin, Scramble: wire.NewScramble()}
	_ = errors.Join(c.WriteMessage(&g), c.Flush()) // the probe sees what is missing
}

// Probe connects to the own listener as a client would and reads the greeting. The error says what a client would see; it is
// nil too where no listener can be tried without asking another host, and while the proxy is drained, which is no illness.
func (p *Proxy) Probe(ctx context.Context) error {
	if p.draining.Load() {
		return nil
	}
	if ok, why := p.Health(); !ok {
		return errors.New(why)
	}
	for _, a := range p.listeners.Addrs() {
		d, to, ok := p.probeDialer(a)
		if !ok {
			continue
		}
		if err := p.probe(ctx, d, a.Network(), to); err != nil {
			return fmt.Errorf("%s: %w", a, root(err))
		}
		return nil
	}
	return nil
}

// prober dials from an address that is known before the listener sees it.
type prober struct {
	net.Dialer
	from string // set when the socket has its address
}

func (p *Proxy) probe(ctx context.Context, d *prober, network, to string) error {
	defer func() { p.probes.forget(d.from) }()
	nc, err := d.DialContext(ctx, network, to)
	if err != nil {
		return err
	}
	defer nc.Close()
	deadline, _ := ctx.Deadline()
	if err := nc.SetDeadline(deadline); err != nil {
		return err
	}
	c := wire.NewConn(nc)
	packet, err := c.ReadPacket()
	if err != nil {
		return err
	}
	var g wire.Greeting
	return g.Decode(packet)
}

// probeDialer prepares to connect to a listener; ok is false for an address that is not on this host, such as that of a virtual
// router which is elsewhere: whoever has it would answer.
func (p *Proxy) probeDialer(a net.Addr) (d *prober, to string, ok bool) {
	d = &prober{}
	tcp, isTCP := a.(*net.TCPAddr)
	if !isTCP {
		d.from = fmt.Sprintf("@keepsql-probe-%s-%p", a, d)
		if len(d.from) > 100 { // sun_path has 108 bytes
			d.from = d.from[:20] + d.from[len(d.from)-80:]
		}
		d.LocalAddr = &net.UnixAddr{Name: d.from, Net: "unix"}
		p.probes.expect(d.from)
		return d, a.String(), true
	}
	ip := tcp.AddrPort().Addr().Unmap()
	switch {
	case ip.IsUnspecified() && ip.Is4():
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case ip.IsUnspecified():
		ip = netip.IPv6Loopback()
	case !isLocal(ip):
		return nil, "", false
	}
	d.ControlContext = func(_ context.Context, _, _ string, c syscall.RawConn) error { return p.bind(d, ip, c) }
	return d, netip.AddrPortFrom(ip, uint16(tcp.Port)).String(), true
}

// bind gives a probe's socket its address before it connects.
func (p *Proxy) bind(d *prober, ip netip.Addr, c syscall.RawConn) error {
	var err error
	outer := c.Control(func(fd uintptr) {
		var sa unix.Sockaddr = &unix.SockaddrInet6{Addr: ip.As16()}
		if ip.Is4() {
			sa = &unix.SockaddrInet4{Addr: ip.As4()}
		}
		if err = unix.Bind(int(fd), sa); err != nil {
			return
		}
		if sa, err = unix.Getsockname(int(fd)); err != nil {
			return
		}
		port := 0
		switch sa := sa.(type) {
		case *unix.SockaddrInet4:
			port = sa.Port
		case *unix.SockaddrInet6:
			port = sa.Port
		}
		d.from = netip.AddrPortFrom(ip, uint16(port)).String()
		p.probes.expect(d.from)
	})
	return errors.Join(outer, err)
}

func isLocal(ip netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addrs, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		if !ok {
			return false
		}
		local, ok := netip.AddrFromSlice(n.IP)
		return ok && local.Unmap() == ip
	})
}
