package netif

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Socket carries the packets of one IP protocol on one interface. It belongs to one thread.
type Socket struct {
	fd       int
	v6       bool
	index    int
	name     string
	readable bool // the poller saw something; see Readable
	oob      [128]byte
	// to4 and to6 are where the last packet went, kept so that sending allocates nothing.
	to4 unix.SockaddrInet4
	to6 unix.SockaddrInet6
}

// Packet is what was received. Of an IPv4 socket it is only Data, with the IP header.
type Packet struct {
	Data     []byte // valid until the next Receive
	Src, Dst netip.Addr
	HopLimit int
}

// Open makes a raw socket bound to the interface. It takes complete IPv4 packets, does not
// hear what this host sends, and receives multicast only for groups it has joined.
func Open(i Interface, protocol int) (*Socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err == nil {
		if err = setOptions(fd, i); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open socket on %s: %w", i.Name, err)
	}
	return &Socket{fd: fd, index: i.Index, name: i.Name}, nil
}

func setOptions(fd int, i Interface) error {
	return errors.Join(
		unix.BindToDevice(fd, i.Name),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_HDRINCL, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0),
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(i.Index)}),
		// Room for what arrives while we are not scheduled: 255 routers at ten adverts a second.
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 6), // control traffic
	)
}

// Join makes the socket receive what is sent to a group.
func (s *Socket) Join(group netip.Addr) error {
	var err error
	if s.v6 {
		err = unix.SetsockoptIPv6Mreq(s.fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(s.index)})
	} else {
		err = unix.SetsockoptIPMreqn(s.fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(s.index)})
	}
	if err != nil && !errors.Is(err, unix.EADDRINUSE) {
		return fmt.Errorf("join %s on %s: %w", group, s.name, err)
	}
	return nil
}

// Send sends one complete IPv4 packet. It does not wait for room in the send queue.
func (s *Socket) Send(packet []byte, dst netip.Addr) error {
	s.to4.Addr = dst.As4()
	if err := unix.Sendto(s.fd, packet, unix.MSG_DONTWAIT, &s.to4); err != nil {
		return fmt.Errorf("send to %s on %s: %w", dst, s.name, err)
	}
	return nil
}

// Readable tells whether the poller saw something to read since the socket was last empty.
func (s *Socket) Readable() bool { return s.readable }

// Receive reads one packet into buf. It never waits: ok is false when there is nothing to
// read. An error means that the socket is of no more use.
func (s *Socket) Receive(buf []byte) (p Packet, ok bool, err error) {
	if s.v6 {
		p, err = s.receive6(buf)
	} else {
		var n int
		n, _, err = unix.Recvfrom(s.fd, buf, unix.MSG_DONTWAIT)
		p.Data = buf[:max(n, 0)]
	}
	switch {
	case err == nil:
		return p, true, nil
	case temporary(err):
		s.readable = false
		return Packet{}, false, nil
	}
	return Packet{}, false, fmt.Errorf("receive on %s: %w", s.name, err)
}

// temporary errors leave the socket usable. ENETDOWN is how a raw socket reports a link
// that went down.
func temporary(err error) bool {
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN)
}

// Close gives the socket back.
func (s *Socket) Close() error { return unix.Close(s.fd) }
