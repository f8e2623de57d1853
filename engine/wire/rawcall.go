//go:build (amd64 || arm64 || riscv64 || loong64 || ppc64le) && !race

package wire

import (
	"syscall"
	"unsafe"
)

// receive and send do one non-blocking system call each.
func receive(fd int, p []byte) (int, syscall.Errno) {
	return rawCall(syscall.SYS_RECVFROM, uintptr(fd), p, syscall.MSG_DONTWAIT)
}

func send(fd int, p []byte) (int, syscall.Errno) {
	return rawCall(syscall.SYS_SENDTO, uintptr(fd), p, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

// rawCall does recvfrom or sendto without address. The call cannot block, so the scheduler need not be told of it.
func rawCall(trap, fd uintptr, p []byte, flags uintptr) (int, syscall.Errno) {
	for {
		n, _, e := syscall.RawSyscall6(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		if e == 0 {
			return int(n), 0
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}
