package advert

import (
	"encoding/binary"
	"net/netip"
)

// messageChecksum is the value of the checksum field for a message in which that field is
// zero, or zero for a message in which it is right. v2 sums the message alone (RFC 3768
// §5.3.8); v3 puts the pseudo header of RFC 9568 §5.2.8 before it.
func messageChecksum(version uint8, src, dst netip.Addr, msg []byte) uint16 {
	var sum uint32
	if version == 3 {
		sum = addAddr(addAddr(0, src), dst) + Protocol + uint32(len(msg))
	}
	return fold(add(sum, msg))
}

func addAddr(sum uint32, ip netip.Addr) uint32 {
	if ip.Is6() {
		a := ip.As16()
		return add(sum, a[:])
	}
	a := ip.As4()
	return add(sum, a[:])
}

// add sums b as 16-bit big-endian words (RFC 1071).
func add(sum uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

func fold(sum uint32) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
