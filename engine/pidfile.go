package engine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// pidFile is the guardian's pid file. It is locked while the process lives, so that a second
// start on the same data directory is refused whatever number an old file holds.
type pidFile struct{ f *os.File }

// openPidFile takes the lock and writes our pid.
func openPidFile(name string) (*pidFile, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open pid file: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		text := make([]byte, 16)
		n, _ := f.Read(text)
		return nil, errors.Join(fmt.Errorf("daemon already running on PID file %s (pid %s)", name, strings.TrimSpace(string(text[:n]))), f.Close())
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write pid file: %w", err), f.Close())
	}
	return &pidFile{f}, nil
}

// remove deletes the file and gives up the lock.
func (p *pidFile) remove() error {
	return errors.Join(os.Remove(p.f.Name()), p.f.Close())
}
