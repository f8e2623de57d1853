package wire

import "net"

// HostOf returns the host part of a peer's address as error messages and statistics show it: the IP address without port,
// "localhost" for a unix socket.
func HostOf(a net.Addr) string {
	if a == nil || isUnix(a) {
		return "localhost"
	}
	if t, ok := a.(*net.TCPAddr); ok {
		if ip := t.AddrPort().Addr(); ip.IsValid() {
			return ip.Unmap().String()
		}
	}
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}
