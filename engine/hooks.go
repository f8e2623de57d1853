package engine

import (
	"context"
	"sync"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/script"
)

// hooks are the commands that the configuration wants run at turning points of the process tree, with
// the guardian's rights: startup_script and shutdown_script. See exitScript for the third.
type hooks struct {
	wg     sync.WaitGroup
	cancel context.CancelFunc
}

// begin runs startup_script, which keepalived waits for before anything else of VRRP, and then
// has the vrrp process started. The engine does not wait for it.
func (h *hooks) begin(g *Guardian, start func()) {
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	hook := g.file.VRRP.Global.Startup
	if !g.wantsVRRP() || hook.Command == nil {
		start()
		return
	}
	h.wg.Go(func() {
		if err := vrrp.RunHook(ctx, script.Local{}, &hook); err != nil {
			g.log.Warn().Err(err).Msg("startup_script failed")
		}
		select {
		case g.timers <- roleVRRP:
		case <-g.done:
		}
	})
}

// end runs shutdown_script when both processes are gone.
func (h *hooks) end(log zerolog.Logger, hook *vrrpconf.Hook) {
	h.cancel()
	h.wg.Wait()
	if err := vrrp.RunHook(context.Background(), script.Local{}, hook); err != nil {
		log.Warn().Err(err).Msg("shutdown_script failed")
	}
}
