//go:build (amd64 || arm64 || riscv64 || loong64 || ppc64le) && !race

package wire

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// rawSocket holds what the callbacks of syscall.RawConn work on. They are bound once: a closure made per call would be
// allocated per call. The read half and the write half share nothing.
type rawSocket struct {
	rc syscall.RawConn

	rbuf    []byte
	rpooled *buffer
	rn      int
	rerr    syscall.Errno
	readFn  func(uintptr) bool
	lazyFn  func(uintptr) bool

	wbuf    []byte
	wn      int
	werr    syscall.Errno
	writeFn func(uintptr) bool
}

func (r *rawSocket) init(nc net.Conn) {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return
	}
	rc, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return
	}
	r.rc = rc
	r.readFn, r.lazyFn, r.writeFn = r.tryRead, r.tryReadPooled, r.tryWrite
}

func (r *rawSocket) usable() bool { return r.rc != nil }

func (r *rawSocket) tryRead(fd uintptr) bool {
	r.rn, r.rerr = receive(int(fd), r.rbuf)
	return r.rerr != syscall.EAGAIN
}

func (r *rawSocket) tryReadPooled(fd uintptr) bool {
	buf := getBuffer()
	r.rn, r.rerr = receive(int(fd), buf[:])
	if r.rerr != 0 || r.rn == 0 {
		putBuffer(buf)
		return r.rerr != syscall.EAGAIN
	}
	r.rpooled = buf
	return true
}

func (r *rawSocket) tryWrite(fd uintptr) bool {
	for len(r.wbuf) > 0 {
		n, e := send(int(fd), r.wbuf)
		if e != 0 {
			r.werr = e
			return e != syscall.EAGAIN
		}
		r.werr = 0
		r.wn += n
		r.wbuf = r.wbuf[n:]
	}
	return true
}

func (r *rawSocket) read(p []byte) (int, error) {
	r.rbuf, r.rerr, r.rn = p, 0, 0
	err := r.rc.Read(r.readFn)
	r.rbuf = nil
	if err = r.readResult(err); err != nil {
		return 0, err
	}
	return r.rn, nil
}

func (r *rawSocket) readPooled() (*buffer, int, error) {
	r.rpooled, r.rerr, r.rn = nil, 0, 0
	err := r.rc.Read(r.lazyFn)
	buf := r.rpooled
	r.rpooled = nil
	if err = r.readResult(err); err != nil {
		if buf != nil {
			putBuffer(buf)
		}
		return nil, 0, err
	}
	return buf, r.rn, nil
}

func (r *rawSocket) readResult(err error) error {
	if err != nil {
		return err
	}
	if r.rerr != 0 {
		return os.NewSyscallError("recvfrom", r.rerr)
	}
	if r.rn == 0 {
		return io.EOF
	}
	return nil
}

func (r *rawSocket) write(p []byte) (int, error) {
	r.wbuf, r.werr, r.wn = p, 0, 0
	err := r.rc.Write(r.writeFn)
	r.wbuf = nil
	if err != nil {
		return r.wn, err
	}
	if r.werr != 0 {
		return r.wn, os.NewSyscallError("sendto", r.werr)
	}
	return r.wn, nil
}

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
