package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/keepsql/keepsql/engine/demo"
)

// Demo is `keepsql demo`.
type Demo struct{ demo.Options }

// Run shows one node at work until Ctrl-C.
func (d *Demo) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	return demo.Run(ctx, exe, os.Stdout, d.Options)
}

// Version is `keepsql version`.
type Version struct{}

// Run prints the version.
func (Version) Run(g *Globals) error {
	fmt.Println("keepsql", g.Version)
	return nil
}
