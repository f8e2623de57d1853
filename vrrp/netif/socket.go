package netif

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// Socket carries the packets of one IP protocol on one interface. Send and Receive belong to
// one goroutine, Wait to another; Close may be called by either.
type Socket struct {
	conn   *net.IPConn
	raw    syscall.RawConn
	group  *ipv4.PacketConn // one of these two
	group6 *ipv6.PacketConn
	ifi    *net.Interface
	oob    [128]byte // of Receive
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
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) { err = setOptions(int(fd), i.Name) }); cerr != nil {
			return cerr
		}
		return err
	}}
	c, err := lc.ListenPacket(context.Background(), fmt.Sprintf("ip4:%d", protocol), "0.0.0.0")
	if err != nil {
		return nil, fmt.Errorf("open socket on %s: %w", i.Name, err)
	}
	conn := c.(*net.IPConn)
	s := &Socket{conn: conn, group: ipv4.NewPacketConn(conn), ifi: &net.Interface{Index: i.Index, Name: i.Name}}
	if s.raw, err = conn.SyscallConn(); err == nil {
		err = errors.Join(s.group.SetMulticastInterface(s.ifi), s.group.SetMulticastLoopback(false))
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("set up socket on %s: %w", i.Name, err)
	}
	return s, nil
}

func setOptions(fd int, device string) error {
	return errors.Join(
		unix.BindToDevice(fd, device),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_HDRINCL, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
		// Room for what arrives while we are not scheduled: 255 routers at ten adverts a second.
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 6), // control traffic
	)
}

// Join makes the socket receive what is sent to a group.
func (s *Socket) Join(group netip.Addr) error {
	join := func() error { return s.group.JoinGroup(s.ifi, &net.IPAddr{IP: group.AsSlice()}) }
	if s.group6 != nil {
		join = func() error { return s.group6.JoinGroup(s.ifi, &net.IPAddr{IP: group.AsSlice()}) }
	}
	err := join()
	if err != nil && !errors.Is(err, unix.EADDRINUSE) {
		return fmt.Errorf("join %s on %s: %w", group, s.ifi.Name, err)
	}
	return nil
}

// Send sends one complete IPv4 packet. It does not wait for room in the send queue.
func (s *Socket) Send(packet []byte, dst netip.Addr) error {
	var err error
	cerr := s.raw.Control(func(fd uintptr) {
		err = unix.Sendto(int(fd), packet, unix.MSG_DONTWAIT, &unix.SockaddrInet4{Addr: dst.As4()})
	})
	if err = errors.Join(cerr, err); err != nil {
		return fmt.Errorf("send to %s on %s: %w", dst, s.ifi.Name, err)
	}
	return nil
}

// Receive reads one packet into buf. It never waits: ok is false when there is nothing to
// read. An error means that the socket is of no more use.
func (s *Socket) Receive(buf []byte) (p Packet, ok bool, err error) {
	cerr := s.raw.Control(func(fd uintptr) {
		if s.group6 != nil {
			p, err = s.receive6(int(fd), buf)
			return
		}
		var n int
		n, _, err = unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT)
		p.Data = buf[:max(n, 0)]
	})
	switch {
	case cerr != nil:
		return Packet{}, false, fmt.Errorf("receive on %s: %w", s.ifi.Name, cerr)
	case err == nil:
		return p, true, nil
	case temporary(err):
		return Packet{}, false, nil
	}
	return Packet{}, false, fmt.Errorf("receive on %s: %w", s.ifi.Name, err)
}

// temporary errors leave the socket usable. ENETDOWN is how a raw socket reports a link
// that went down.
func temporary(err error) bool {
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN)
}

// Wait returns when there is something to read, without reading it, or with an error when
// the socket is closed.
func (s *Socket) Wait() error {
	return s.raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return !errors.Is(err, unix.EAGAIN)
	})
}

// Close ends Wait.
func (s *Socket) Close() error { return s.conn.Close() }
