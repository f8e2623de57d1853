package vrrp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/probe"
	"github.com/keepsql/keepsql/vrrp/realtime"
	"github.com/keepsql/keepsql/vrrp/script"
)

// Helper does what needs other rights than speaking VRRP does: it starts the programs that the
// configuration names, as whom it names, makes its notification pipes, and writes dumps. Only
// OpenPipe and WriteDump must not wait.
type Helper interface {
	script.Launcher
	// OpenPipe makes and opens a named pipe. Writing to it never waits: what does not fit is an
	// error.
	OpenPipe(c vrrpconf.FIFO) (io.WriteCloser, error)
	// WriteDump replaces a file in DumpDir, whose name is one of keepalived's.
	WriteDump(name string, text []byte) error
	// ReadFile reads the beginning of a tracked file; InitFile writes one.
	ReadFile(path string) ([]byte, error)
	InitFile(path string, overwrite bool, text []byte) error
	// Urge gives a thread of this process a real-time priority, for which it has asked in vain.
	Urge(tid, priority int) error
}

// Self is a Helper that does everything in this process, with its own rights.
type Self struct{ script.Local }

// OpenPipe makes the pipe if there is none. Open for reading too it needs no reader: what is
// written waits in it.
func (Self) OpenPipe(c vrrpconf.FIFO) (io.WriteCloser, error) {
	err := unix.Mkfifo(c.Path, 0o600)
	p := &pipe{path: c.Path, made: err == nil}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make pipe %s: %w", c.Path, err)
	}
	if p.file, err = unix.Open(c.Path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0); err != nil {
		return nil, fmt.Errorf("open pipe %s: %w", c.Path, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(p.file, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		unix.Close(p.file)
		return nil, fmt.Errorf("open pipe %s: it is not a pipe", c.Path)
	}
	if c.User.Name != "" {
		uid, gid, err := script.Lookup(c.User.Name, c.User.Group)
		if err == nil {
			err = unix.Fchown(p.file, int(uid), int(gid))
		}
		if err != nil {
			unix.Close(p.file)
			return nil, fmt.Errorf("give pipe %s away: %w", c.Path, err)
		}
	}
	return p, nil
}

// pipe is one named pipe.
type pipe struct {
	path string
	file int
	made bool // by us, so it is removed at the end
}

func (p *pipe) Write(b []byte) (int, error) { return unix.Write(p.file, b) }

func (p *pipe) Close() error {
	err := unix.Close(p.file)
	if p.made {
		err = errors.Join(err, os.Remove(p.path))
	}
	return err
}

// WriteDump replaces the file as a whole, so that nobody reads half of one, and so that a link
// that somebody else has put there is not followed.
func (Self) WriteDump(name string, text []byte) error { return writeDump(DumpDir(), name, text) }

// ReadFile implements Helper.
func (Self) ReadFile(path string) ([]byte, error) { return probe.ReadFile(path) }

// Urge implements Helper: it is not allowed more than the thread itself.
func (Self) Urge(tid, priority int) error { return realtime.EnterThread(tid, priority) }

// InitFile implements Helper.
func (Self) InitFile(path string, overwrite bool, text []byte) error {
	return probe.InitFile(path, overwrite, text)
}
