package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/keepsql/keepsql/conf/iface"
)

// listener is one open listener; stop closes it and takes a socket file away.
type listener struct {
	net.Listener
	file os.FileInfo // of a unix socket, nil otherwise
	path string
}

func open(a iface.Address, config *net.ListenConfig) (*listener, error) {
	if a.Network != "unix" {
		ln, err := config.Listen(context.Background(), a.Network, a.Text)
		if err != nil {
			return nil, err
		}
		return &listener{Listener: ln}, nil
	}
	return openUnix(a.Text)
}

// openUnix binds a socket file that everybody may connect to, as upstream does: who may log in is decided by password.
func openUnix(path string) (*listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // stop looks first whose file it is
	l := &listener{Listener: ln, path: path}
	if err = os.Chmod(path, 0o777); err == nil {
		l.file, err = os.Lstat(path)
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close(), os.Remove(path))
	}
	return l, nil
}

// removeStale removes the socket file of a process that is gone. A socket somebody answers on, and a file that is no
// socket, are left alone and are an error.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is no socket: %w", path, syscall.EADDRINUSE)
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		return errors.Join(syscall.EADDRINUSE, c.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// stop closes the listener, and removes its socket file unless another process put its own there.
func (l *listener) stop() error {
	err := l.Close()
	if l.file == nil {
		return err
	}
	if now, statErr := os.Lstat(l.path); statErr == nil && os.SameFile(now, l.file) {
		err = errors.Join(err, os.Remove(l.path))
	}
	return err
}

// reason gives the system's words for an error, spelled as in C programs' logs: "Address already in use".
func reason(err error) string {
	text := err.Error()
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		text = errno.Error()
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
