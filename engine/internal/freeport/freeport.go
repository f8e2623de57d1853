// Package freeport picks TCP ports for servers of tests that must be told theirs.
//
//  1. a port is chosen by chance below the range from which the kernel takes those of outgoing connections and of
//     listeners that do not care, so that nothing takes it between the choice and its use, nor while a server restarts;
//  2. it is tried out, and never given out twice by one process.
//
// It refuses to know what a port is for.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
)

// lowest is above what well-known services use.
const lowest = 10000

var given sync.Map // the ports this process got

// Get is Pick for a test.
func Get(t testing.TB) int {
	t.Helper()
	port, err := Pick()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Pick chooses a port that nobody listens on at any IPv4 address.
func Pick() (int, error) {
	var last error
	for range 1000 {
		port := lowest + rand.IntN(ephemeral()-lowest)
		l, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
		if err != nil {
			last = err
			continue
		}
		l.Close()
		if _, twice := given.LoadOrStore(port, true); !twice {
			return port, nil
		}
	}
	return 0, fmt.Errorf("choose port: %w", last)
}

// ephemeral is where the kernel's own range begins.
func ephemeral() int {
	const usual = 32768
	low := usual
	if b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(b), &low) // what it does not say stays as usual
	}
	if low <= lowest+1000 {
		return usual
	}
	return low
}
