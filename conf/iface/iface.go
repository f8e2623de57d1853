// Package iface reads the lists of addresses that variables hold: interfaces to listen at and networks to believe. What checks a
// value and what acts on it read it here, so that they cannot differ.
//
// It opens nothing and looks nothing up.
package iface

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Address is one entry of an interface list.
type Address struct {
	Network string // "tcp4", "tcp6", "tcp" for a host name, or "unix"
	Text    string // "10.0.0.1:6032", "[::1]:6032" or "/path.sock"
}

// String gives the entry as it stands in the list.
func (a Address) String() string { return a.Text }

// Parse reads a list whose entries are separated by ';': ip:port, [ipv6]:port, host:port, or the path of a unix socket.
// Empty entries are left out, repeated ones count once. The entries that are right are returned beside the errors of the
// others.
func Parse(list string) ([]Address, error) {
	var (
		addresses []Address
		errs      []error
		seen      = map[Address]bool{}
	)
	for _, entry := range Entries(list) {
		a, err := ParseEntry(entry)
		switch {
		case err != nil:
			errs = append(errs, err)
		case !seen[a]:
			seen[a] = true
			addresses = append(addresses, a)
		}
	}
	return addresses, errors.Join(errs...)
}

// Entries gives the entries of a list as they are written, without the empty ones.
func Entries(list string) []string {
	var entries []string
	for entry := range strings.SplitSeq(list, ";") {
		if entry = strings.TrimSpace(entry); entry != "" {
			entries = append(entries, entry)
		}
	}
	return entries
}

// ParseEntry reads one entry of a list.
func ParseEntry(entry string) (Address, error) {
	if strings.HasPrefix(entry, "/") {
		return Address{Network: "unix", Text: entry}, nil
	}
	host, port, err := net.SplitHostPort(entry)
	if err != nil {
		return Address{}, fmt.Errorf("read interface %q: want ip:port, [ipv6]:port or /path", entry)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return Address{}, fmt.Errorf("read interface %q: port %q is not between 0 and 65535", entry, port)
	} else {
		port = strconv.FormatUint(n, 10)
	}
	a := Address{Network: "tcp", Text: net.JoinHostPort(host, port)}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		a.Network = "tcp4"
	} else if err == nil {
		a.Network = "tcp6" // without IPv4 addresses, so that "0.0.0.0:1;[::]:1" works
	}
	return a, nil
}
