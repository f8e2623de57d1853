package engine

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/rs/zerolog"
)

// exitScript runs execute_on_exit_failure, one at a time.
type exitScript struct {
	log     zerolog.Logger
	running atomic.Bool
	wg      sync.WaitGroup
	stop    context.CancelFunc // of the one that runs
}

// run starts a command by the shell, as ProxySQL does. While one runs no other is started.
func (s *exitScript) run(command string) {
	if command == "" {
		return
	}
	if !s.running.CompareAndSwap(false, true) {
		s.log.Warn().Msgf("execute_on_exit_failure still runs, it is not started again: %s", command)
		return
	}
	s.log.Info().Msgf("Trying to call external script after exit failure: %s", command)
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	s.wg.Go(func() {
		defer cancel()
		defer s.running.Store(false)
		if err := cmd.Run(); err != nil {
			s.log.Error().Err(err).Msg("execute_on_exit_failure failed")
		}
	})
}

// end stops the one that runs and joins it.
func (s *exitScript) end() {
	if s.stop != nil {
		s.stop()
	}
	s.wg.Wait()
}
