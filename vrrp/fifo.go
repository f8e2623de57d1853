package vrrp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/script"
)

// fifos are the named pipes that are told of every change.
type fifos struct {
	log  zerolog.Logger
	list []*fifo
}

// fifo is one open pipe.
type fifo struct {
	conf    vrrpconf.FIFO
	file    int
	made    bool // by us, so it is removed at the end
	full    bool // nobody reads, and it was said
	endRead context.CancelFunc
}

// use opens the pipes of a configuration and closes the others. run starts the goroutine of
// a script that reads from a pipe.
func (f *fifos) use(cfg *vrrpconf.Config, run func(func(context.Context)) context.CancelFunc) {
	old := f.list
	f.list = nil
	for _, c := range cfg.Global.FIFOs {
		i := slices.IndexFunc(old, func(o *fifo) bool { return sameFIFO(o.conf, c) })
		switch {
		case c.Path == "":
		case i >= 0:
			f.list = append(f.list, old[i])
		default:
			p, err := openFIFO(c)
			if err != nil {
				f.log.Error().Err(err).Msg("no notifications to a pipe")
				continue
			}
			f.list = append(f.list, p)
			p.endRead = func() {}
			if c.Script != nil {
				p.endRead = run(func(ctx context.Context) { f.read(ctx, c) })
			}
		}
	}
	for _, o := range old {
		if !slices.Contains(f.list, o) {
			o.close()
		}
	}
}

func sameFIFO(a, b vrrpconf.FIFO) bool {
	script := func(c *vrrpconf.Command) string { return fmt.Sprintf("%+v", c) }
	return a.Path == b.Path && a.User == b.User && script(a.Script) == script(b.Script)
}

// openFIFO makes the pipe if there is none. Open for reading too it needs no reader: what is
// written waits in it.
func openFIFO(c vrrpconf.FIFO) (*fifo, error) {
	err := unix.Mkfifo(c.Path, 0o600)
	p := &fifo{conf: c, made: err == nil}
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
			err = os.Chown(c.Path, int(uid), int(gid))
		}
		if err != nil {
			unix.Close(p.file)
			return nil, fmt.Errorf("give pipe %s away: %w", c.Path, err)
		}
	}
	return p, nil
}

// write writes one line to all pipes. What does not fit is lost: nobody reads.
func (f *fifos) write(t told) {
	for _, p := range f.list {
		_, err := unix.Write(p.file, []byte(t.line()))
		if err != nil && !p.full {
			f.log.Warn().Err(err).Str("path", p.conf.Path).Msg("a notification to a pipe is lost")
		}
		p.full = err != nil
	}
}

// read runs the script that reads from a pipe until it ends or is ended.
func (f *fifos) read(ctx context.Context, c vrrpconf.FIFO) {
	cmd := command(c.Script, c.Path)
	if err := cmd.Run(ctx, syscall.SIGTERM); err != nil && ctx.Err() == nil {
		f.log.Warn().Err(err).Str(keyScript, cmd.String()).Msg("the reader of a pipe ended")
	}
}

func (f *fifos) close() {
	for _, p := range f.list {
		p.close()
	}
	f.list = nil
}

func (p *fifo) close() {
	p.endRead()
	unix.Close(p.file)
	if p.made {
		os.Remove(p.conf.Path)
	}
}
