package proxysqlcli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/engine"
)

// startPatience is how long the proxy may take until it serves.
const startPatience = 30 * time.Second

// background starts the same command line in the foreground of a session of its own, with the
// error log as its output, and returns once the proxy serves.
func background(o *Options) error {
	g, ds := conf.Read([]string{o.Config})
	f, all := g.Parse()
	if ds.HasErrors() || all.HasErrors() {
		return fmt.Errorf("the configuration has errors:\n%s", all)
	}
	datadir := o.Datadir
	if datadir == "" {
		datadir = f.Process.Datadir
	}
	if datadir == "" {
		datadir = conf.DefaultDatadir
	}
	name := f.Process.Errorlog
	if name == "" {
		name = filepath.Join(datadir, "proxysql.log")
	}
	log, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("open error log: %w", err)
	}
	defer log.Close()
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	cmd := exec.Command(exe, append([]string{"-f"}, os.Args[1:]...)...)
	cmd.Args[0] = "proxysql"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	return awaitServing(cmd, datadir, name, o.NoStart)
}

// awaitServing waits until the started process serves, or has ended. With noStart a running engine is enough.
func awaitServing(cmd *exec.Cmd, datadir, log string, noStart bool) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	patience := time.NewTimer(startPatience)
	defer patience.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return errors.Join(fmt.Errorf("the process ended, see %s", log), err)
		case <-patience.C:
			return fmt.Errorf("the proxy does not serve after %s, see %s", startPatience, log)
		case <-tick.C:
			a, err := engine.Ask(datadir, engine.Request{Command: "status"})
			if err != nil || a.Status.PID != cmd.Process.Pid {
				continue
			}
			if e := a.Status.Children["engine"]; e.Ready || noStart && e.PID != 0 {
				return nil
			}
		}
	}
}
