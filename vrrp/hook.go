package vrrp

import (
	"context"
	"fmt"
	"syscall"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/script"
)

// RunHook runs startup_script or shutdown_script and waits for it, but not longer than its timeout,
// after which it is told to end. Without a command it does nothing.
func RunHook(ctx context.Context, by script.Launcher, h *vrrpconf.Hook) error {
	if h.Command == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	if err := command(h.Command).Run(ctx, by, syscall.SIGTERM); err != nil {
		return fmt.Errorf("run %s: %w", command(h.Command), err)
	}
	return nil
}
