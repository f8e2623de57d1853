package vrrp

import (
	"context"
	"fmt"
	"io"
	"slices"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
)

// fifos are the named pipes that are told of every change.
type fifos struct {
	log  zerolog.Logger
	by   Helper
	list []*fifo
}

// fifo is one open pipe.
type fifo struct {
	conf    vrrpconf.FIFO
	pipe    io.WriteCloser
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
			pipe, err := f.by.OpenPipe(c)
			if err != nil {
				f.log.Error().Err(err).Msg("no notifications to a pipe")
				continue
			}
			p := &fifo{conf: c, pipe: pipe, endRead: func() {}}
			f.list = append(f.list, p)
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

// write writes one line to all pipes. What does not fit is lost: nobody reads.
func (f *fifos) write(t told) {
	for _, p := range f.list {
		_, err := io.WriteString(p.pipe, t.line())
		if err != nil && !p.full {
			f.log.Warn().Err(err).Str("path", p.conf.Path).Msg("a notification to a pipe is lost")
		}
		p.full = err != nil
	}
}

// read runs the script that reads from a pipe until it ends or is ended.
func (f *fifos) read(ctx context.Context, c vrrpconf.FIFO) {
	cmd := command(c.Script, c.Path)
	if err := cmd.Run(ctx, f.by, syscall.SIGTERM); err != nil && ctx.Err() == nil {
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
	_ = p.pipe.Close() // nothing is waiting in it for us
}
