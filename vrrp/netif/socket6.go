package netif

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// hopLimit is what packets of this link must have, so that none comes from beyond it.
const hopLimit = 255

// Open6 is Open for IPv6. Packets are sent and received without their IP header, which the
// kernel writes; see Packet.
func Open6(i Interface, protocol int) (*Socket, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) { err = setOptions6(int(fd), i) }); cerr != nil {
			return cerr
		}
		return err
	}}
	c, err := lc.ListenPacket(context.Background(), fmt.Sprintf("ip6:%d", protocol), "::")
	if err != nil {
		return nil, fmt.Errorf("open IPv6 socket on %s: %w", i.Name, err)
	}
	conn := c.(*net.IPConn)
	s := &Socket{conn: conn, group6: ipv6.NewPacketConn(conn), ifi: &net.Interface{Index: i.Index, Name: i.Name}}
	if s.raw, err = conn.SyscallConn(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("set up IPv6 socket on %s: %w", i.Name, err)
	}
	return s, nil
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
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 6),
	)
}

// Send6 sends one message from an address of ours.
func (s *Socket) Send6(msg []byte, src, dst netip.Addr) error {
	oob := unix.PktInfo6(&unix.Inet6Pktinfo{Addr: src.As16(), Ifindex: uint32(s.ifi.Index)})
	to := &unix.SockaddrInet6{Addr: dst.As16()}
	if dst.IsLinkLocalUnicast() || dst.IsLinkLocalMulticast() {
		to.ZoneId = uint32(s.ifi.Index)
	}
	var err error
	cerr := s.raw.Control(func(fd uintptr) { err = unix.Sendmsg(int(fd), msg, oob, to, unix.MSG_DONTWAIT) })
	if err = errors.Join(cerr, err); err != nil {
		return fmt.Errorf("send to %s on %s: %w", dst, s.ifi.Name, err)
	}
	return nil
}

// receive6 reads one message and what the kernel says about it.
func (s *Socket) receive6(fd int, buf []byte) (Packet, error) {
	oob := s.oob[:]
	n, on, _, from, err := unix.Recvmsg(fd, buf, oob, unix.MSG_DONTWAIT)
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
