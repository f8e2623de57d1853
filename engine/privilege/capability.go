package privilege

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Capability is one of capabilities(7).
type Capability int

// Those that matter here.
const (
	NetBindService Capability = unix.CAP_NET_BIND_SERVICE // ports below 1024
	NetAdmin       Capability = unix.CAP_NET_ADMIN        // addresses, routes
	NetRaw         Capability = unix.CAP_NET_RAW          // packets of VRRP and ARP
)

// String is the name in capabilities(7).
func (c Capability) String() string {
	return map[Capability]string{NetBindService: "CAP_NET_BIND_SERVICE", NetAdmin: "CAP_NET_ADMIN", NetRaw: "CAP_NET_RAW"}[c]
}

// set is what the kernel is told of the capabilities of a thread.
type set [2]unix.CapUserData

func (s *set) bit(c Capability) (word int, mask uint32) { return int(c) / 32, 1 << (uint(c) % 32) }

func header() *unix.CapUserHeader {
	return &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
}

// Missing lists those of the given capabilities that this process does not have.
func Missing(want ...Capability) []Capability {
	var s set
	if err := unix.Capget(header(), &s[0]); err != nil {
		return want
	}
	return slices.DeleteFunc(slices.Clone(want), func(c Capability) bool {
		word, mask := s.bit(c)
		return s[word].Effective&mask != 0
	})
}

// Advice says how to give capabilities to the program, by systemd or by its file.
func Advice(missing []Capability) string {
	var names []string
	for _, c := range missing {
		names = append(names, c.String())
	}
	exe, err := os.Executable()
	if err != nil {
		exe = "keepsql"
	}
	return fmt.Sprintf("give it with AmbientCapabilities=%s in the systemd unit, with setcap %s=ep %s, or start as root",
		strings.Join(names, " "), strings.ToLower(strings.Join(names, ",")), exe)
}

// Keep gives up all capabilities but those listed, in all threads and for good: what programs that
// are started get, too. Those it does not have it does not get.
func Keep(keep ...Capability) error {
	var s set
	if err := unix.Capget(header(), &s[0]); err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	var left set
	for _, c := range keep {
		word, mask := s.bit(c)
		left[word].Permitted |= s[word].Permitted & mask
		left[word].Effective |= s[word].Permitted & mask
	}
	if s[0].Permitted == left[0].Permitted && s[1].Permitted == left[1].Permitted {
		return nil
	}
	// Ambient ones go with the inheritable ones, and those with this.
	h := header()
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(h)), uintptr(unsafe.Pointer(&left[0])), 0)
	runtime.KeepAlive(h)
	runtime.KeepAlive(&left)
	if errno != 0 {
		return fmt.Errorf("give up capabilities: %w", errno)
	}
	return nil
}
