package listen

import (
	"errors"
	"net"
	"time"

	"github.com/keepsql/keepsql/conf/iface"
)

// acceptPause is the wait after an accept that failed, such as for want of file descriptors.
const acceptPause = 100 * time.Millisecond

// start accepts on a listener, with mu held.
func (s *Set) start(a iface.Address, l *listener) {
	ctx := s.ctx
	s.acceptor.Go(func() {
		var told time.Time
		for {
			c, err := l.Accept()
			switch {
			case err == nil:
				s.acceptor.Go(func() {
					defer c.Close() // harmless where the handler has closed it
					s.handle(ctx, c)
				})
			case errors.Is(err, net.ErrClosed):
				return
			default:
				if time.Since(told) > time.Minute {
					told = time.Now()
					s.log.Error().Err(err).Str("interface", a.Text).Msg("accept connection")
				}
				select {
				case <-ctx.Done():
				case <-time.After(acceptPause):
				}
			}
		}
	})
}
