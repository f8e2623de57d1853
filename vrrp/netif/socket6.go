package netif

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// hopLimit is what packets of this link must have, so that none comes from beyond it.
const hopLimit = 255

// Open6 is Open for IPv6. Packets are sent and received without their IP header, which the
// kernel writes; see Packet.
func Open6(i Interface, protocol int) (*Socket, error) {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err == nil {
		if err = setOptions6(fd, i); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open IPv6 socket on %s: %w", i.Name, err)
	}
	return &Socket{fd: fd, v6: true, index: i.Index, name: i.Name}, nil
}

func setOptions6(fd int, i Interface) error {
	return errors.Join(
		unix.BindToDevice(fd, i.Name),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, hopLimit),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, hopLimit),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, i.Index),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 0),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 0xc0), // CS6
		// Adverts of a virtual MAC come from the address of the interface below.
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 6),
	)
}

// Send6 sends one message from an address of ours.
func (s *Socket) Send6(msg []byte, src, dst netip.Addr) error {
	oob := unix.PktInfo6(&unix.Inet6Pktinfo{Addr: src.As16(), Ifindex: uint32(s.index)})
	s.to6 = unix.SockaddrInet6{Addr: dst.As16()}
	if dst.IsLinkLocalUnicast() || dst.IsLinkLocalMulticast() {
		s.to6.ZoneId = uint32(s.index)
	}
	if err := unix.Sendmsg(s.fd, msg, oob, &s.to6, unix.MSG_DONTWAIT); err != nil {
		return fmt.Errorf("send to %s on %s: %w", dst, s.name, err)
	}
	return nil
}

// receive6 reads one message and what the kernel says about it.
func (s *Socket) receive6(buf []byte) (Packet, error) {
	oob := s.oob[:]
	n, on, _, from, err := unix.Recvmsg(s.fd, buf, oob, unix.MSG_DONTWAIT)
	if err != nil {
		return Packet{}, err
	}
	p := Packet{Data: buf[:n]}
	if sa, ok := from.(*unix.SockaddrInet6); ok {
		p.Src = netip.AddrFrom16(sa.Addr)
	}
	var cm ipv6.ControlMessage
	if err := cm.Parse(oob[:on]); err != nil {
		return Packet{}, fmt.Errorf("parse control message: %w", err)
	}
	p.HopLimit = cm.HopLimit
	p.Dst, _ = netip.AddrFromSlice(cm.Dst)
	return p, nil
}
