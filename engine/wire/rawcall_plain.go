//go:build race || !(amd64 || arm64 || riscv64 || loong64 || ppc64le)

package wire

import (
	"errors"
	"syscall"
)

// receive and send do one system call each on a non-blocking socket. The race detector sees what they read and write.
func receive(fd int, p []byte) (int, syscall.Errno) { return retried(syscall.Read, fd, p) }

func send(fd int, p []byte) (int, syscall.Errno) { return retried(syscall.Write, fd, p) }

func retried(call func(int, []byte) (int, error), fd int, p []byte) (int, syscall.Errno) {
	for {
		n, err := call(fd, p)
		if e, _ := errors.AsType[syscall.Errno](err); e != syscall.EINTR {
			return max(n, 0), e
		}
	}
}
