package netif

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"
	"github.com/mdlayher/ndp"
	"github.com/mdlayher/packet"
)

// Announcer tells the neighbours on one interface which addresses are here.
type Announcer struct {
	conn   *packet.Conn
	hw     net.HardwareAddr
	router bool // the interface forwards IPv6
}

// NewAnnouncer opens a packet socket that only sends.
func NewAnnouncer(i Interface) (*Announcer, error) {
	if len(i.HW) != 6 {
		return nil, fmt.Errorf("announce on %s: it is not an Ethernet interface", i.Name)
	}
	c, err := packet.Listen(&net.Interface{Index: i.Index, Name: i.Name, HardwareAddr: i.HW}, packet.Raw, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("open packet socket on %s: %w", i.Name, err)
	}
	forwards, _ := os.ReadFile("/proc/sys/net/ipv6/conf/" + i.Name + "/forwarding") // absent without IPv6
	return &Announcer{conn: c, hw: i.HW, router: strings.TrimSpace(string(forwards)) == "1"}, nil
}

// Announce sends one gratuitous ARP, or for IPv6 one unsolicited neighbour advertisement.
func (a *Announcer) Announce(ip netip.Addr) error {
	frame, err := announcement(a.hw, ip, a.router)
	if err != nil {
		return fmt.Errorf("announce %s: %w", ip, err)
	}
	if _, err := a.conn.WriteTo(frame, &packet.Addr{HardwareAddr: net.HardwareAddr(frame[:6])}); err != nil {
		return fmt.Errorf("announce %s: %w", ip, err)
	}
	return nil
}

// Close gives the socket back.
func (a *Announcer) Close() error { return a.conn.Close() }

// announcement is the frame for one address.
func announcement(hw net.HardwareAddr, ip netip.Addr, router bool) ([]byte, error) {
	f := &ethernet.Frame{Source: hw}
	var err error
	if ip.Is4() {
		f.Destination, f.EtherType = ethernet.Broadcast, ethernet.EtherTypeARP
		f.Payload, err = gratuitousARP(hw, ip)
	} else {
		// All nodes, ff02::1 (RFC 4861 §7.2.6).
		f.Destination, f.EtherType = net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}, ethernet.EtherTypeIPv6
		f.Payload, err = unsolicitedNA(hw, ip, router)
	}
	if err != nil {
		return nil, err
	}
	return f.MarshalBinary()
}

// gratuitousARP is keepalived's form: a request, the target's hardware address broadcast.
func gratuitousARP(hw net.HardwareAddr, ip netip.Addr) ([]byte, error) {
	p, err := arp.NewPacket(arp.OperationRequest, hw, ip, ethernet.Broadcast, ip)
	if err != nil {
		return nil, err
	}
	return p.MarshalBinary()
}

func unsolicitedNA(hw net.HardwareAddr, ip netip.Addr, router bool) ([]byte, error) {
	dst := netip.IPv6LinkLocalAllNodes()
	msg, err := ndp.MarshalMessageChecksum(&ndp.NeighborAdvertisement{
		Router: router, Override: true, TargetAddress: ip,
		Options: []ndp.Option{&ndp.LinkLayerAddress{Direction: ndp.Target, Addr: hw}},
	}, ip, dst)
	if err != nil {
		return nil, err
	}
	b := binary.BigEndian.AppendUint32(nil, 6<<28)
	b = binary.BigEndian.AppendUint16(b, uint16(len(msg)))
	b = append(b, 58, 255) // ICMPv6, hop limit
	b = append(append(b, ip.AsSlice()...), dst.AsSlice()...)
	return append(b, msg...), nil
}
