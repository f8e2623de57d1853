package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// proxyV1Limit is the longest line of version 1 of the PROXY protocol, CRLF included; proxyV2 begins a header of version 2.
const (
	proxyV1Limit = 107
	proxyV2      = "\r\n\r\n\x00\r\nQUIT\n"
)

// ErrNoProxySource is a PROXY protocol header that names no client: UNKNOWN, LOCAL, or one that cannot be read.
var ErrNoProxySource = errors.New("PROXY protocol header names no client")

// ProxyHeader reads a PROXY protocol header (version 1 or 2) at the beginning of b. size is 0 where there is none. Where size
// is more than len(b) it is how many bytes it takes to go on. Otherwise the header takes size bytes, and src is the client it
// names or err is ErrNoProxySource. Any other error means that b is no beginning of a conversation at all.
func ProxyHeader(b []byte) (src *net.TCPAddr, size int, err error) {
	switch {
	case matches(b, "PROXY "):
		return proxyV1(b)
	case matches(b, proxyV2):
		return proxyHeaderV2(b)
	}
	return nil, 0, nil
}

// matches reports whether b begins with magic, as far as it goes.
func matches(b []byte, magic string) bool {
	n := min(len(b), len(magic))
	return n > 3 && string(b[:n]) == magic[:n]
}

func proxyV1(b []byte) (*net.TCPAddr, int, error) {
	end := bytes.Index(b[:min(len(b), proxyV1Limit)], []byte("\r\n"))
	if end < 0 {
		if len(b) >= proxyV1Limit {
			return nil, 0, fmt.Errorf("read PROXY line: no end within %d bytes: %w", proxyV1Limit, ErrMalformed)
		}
		return nil, len(b) + 1, nil
	}
	f := strings.Split(string(b[:end]), " ")
	if len(f) != 6 || f[1] != "TCP4" && f[1] != "TCP6" {
		return nil, end + 2, ErrNoProxySource
	}
	src, err := netip.ParseAddrPort(net.JoinHostPort(f[2], f[4]))
	if err != nil || src.Addr().Is4() != (f[1] == "TCP4") {
		return nil, end + 2, ErrNoProxySource
	}
	return net.TCPAddrFromAddrPort(src), end + 2, nil
}

func proxyHeaderV2(b []byte) (*net.TCPAddr, int, error) {
	if len(b) < 16 {
		return nil, 16, nil
	}
	size := 16 + int(binary.BigEndian.Uint16(b[14:]))
	switch {
	case b[12]>>4 != 2 || size > bufferSize:
		return nil, 0, fmt.Errorf("read PROXY header: version %d, %d bytes: %w", b[12]>>4, size, ErrMalformed)
	case len(b) < size:
		return nil, size, nil
	case b[12]&0xf == 1 && b[13] == 0x11 && size >= 16+12: // PROXY, TCP over IPv4
		return tcpAddr(b[16:20], b[24:]), size, nil
	case b[12]&0xf == 1 && b[13] == 0x21 && size >= 16+36: // PROXY, TCP over IPv6
		return tcpAddr(b[16:32], b[48:]), size, nil
	}
	return nil, size, ErrNoProxySource
}

func tcpAddr(ip, port []byte) *net.TCPAddr {
	return &net.TCPAddr{IP: bytes.Clone(ip), Port: int(binary.BigEndian.Uint16(port))}
}

// TakeProxyHeader takes a PROXY protocol header from the beginning of the stream, which waits for the client's first bytes.
// found is false where the client sent none; src and err are as of ProxyHeader.
func (c *Conn) TakeProxyHeader() (src *net.TCPAddr, found bool, err error) {
	for need := headerSize; ; {
		b, err := c.Peek(need)
		if err != nil {
			return nil, false, fmt.Errorf("read handshake response: %w", err)
		}
		src, size, err := ProxyHeader(b)
		switch {
		case size == 0:
			return nil, false, err
		case size > len(b):
			need = size
			continue
		}
		c.Discard(size)
		return src, true, err
	}
}
