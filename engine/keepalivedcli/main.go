package keepalivedcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/check"
	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
	"github.com/keepsql/keepsql/engine/privilege"
	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/script"
)

// The statuses that keepalived ends with.
const (
	statusOK         = 0
	statusOption     = 1
	statusConfig     = 2 // the configuration cannot be run
	statusPermission = 4 // a capability is missing
	statusNoFile     = 6
	statusCannotRun  = 70
)

// like is the version of keepalived that is matched.
const like = "2.2.7"

// signals by the names of --signum.
var signals = map[string]syscall.Signal{
	"STOP": syscall.SIGTERM, "RELOAD": syscall.SIGHUP, "DATA": syscall.SIGUSR1, "STATS": syscall.SIGUSR2,
	"STATS_CLEAR": 63, "JSON": 36,
}

// Main is the program under the name keepalived; args are the words behind the name. It returns
// the exit status.
func Main(args []string, version string) int {
	o, err := Parse(args, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return statusOption
	}
	switch {
	case o.Help:
		usage(os.Stderr)
		return statusOK
	case o.Version:
		fmt.Fprintf(os.Stderr, "Keepalived v%s (keepsql %s)\n", like, version)
		return statusOK
	case o.Signum != "":
		return signum(o.Signum)
	case o.Namespace != "" && os.Getenv(entered) != o.Namespace:
		fmt.Fprintln(os.Stderr, enter(o.Namespace))
		return statusOption
	case o.Test:
		return test(o)
	case !o.Foreground:
		return background(args)
	}
	d := &daemon{o: o, log: newLog(o, os.Stderr)}
	d.log.Info().Msgf("Starting Keepalived v%s (keepsql %s)", like, version)
	d.log.Info().Msgf("Command line: '%s'", strings.Join(append([]string{os.Args[0]}, args...), "' '"))
	status := d.run()
	d.log.Info().Msgf("Stopped Keepalived v%s (keepsql %s)", like, version)
	return status
}

func signum(name string) int {
	s, ok := signals[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "Unknown sigfunc %s\n", name)
		return statusOption
	}
	fmt.Println(int(s))
	return statusOK
}

// test is -t.
func test(o *Options) int {
	var errs io.Writer = os.Stderr
	if o.TestFile != "" {
		f, err := os.OpenFile(o.TestFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return statusOption
		}
		defer f.Close()
		errs = f
	}
	_, err := check.Options{Files: []string{o.File}, Keepalived: true, Format: "text", ConfigID: o.ConfigID}.Run(io.Discard, errs)
	if failure := (*check.Failure)(nil); errors.As(err, &failure) {
		return failure.Status
	}
	return statusOK
}

// entered marks the process that has been put into a namespace.
const entered = "KEEPSQL_NETNS"

// enter runs this program again in a network namespace. It returns only if that fails.
func enter(name string) error {
	runtime.LockOSThread() // a namespace belongs to a thread, and exec keeps that of its caller
	fd, err := unix.Open("/run/netns/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Setns(fd, unix.CLONE_NEWNET)
	}
	if err != nil {
		return fmt.Errorf("enter network namespace %s: %w", name, err)
	}
	return syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), entered+"="+name))
}

// background starts this program again without a terminal.
func background(args []string) int {
	cmd := exec.Command("/proc/self/exe", append([]string{"-n"}, args...)...)
	cmd.Args[0] = os.Args[0]
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return statusCannotRun
	}
	return statusOK
}

// daemon is a running speaker and what is around it.
type daemon struct {
	o       *Options
	log     zerolog.Logger
	speaker *vrrp.Speaker
}

// run is everything between the first and the last log line.
func (d *daemon) run() int {
	if pid, ok := alive(d.o.PID); ok {
		d.log.Info().Msgf("daemon is already running (pid %d)", pid)
		return statusOK
	}
	if _, err := os.Stat(d.o.File); err != nil {
		d.log.Error().Msgf("Config files missing '%s'.", d.o.File)
		return statusNoFile
	}
	cfg := d.read()
	if cfg == nil {
		return statusConfig
	}
	d.speaker = vrrp.New(d.log, vrrp.Options{Realtime: true})
	d.speaker.Apply(cfg)
	// Whoever reads a pid file may send signals.
	got := make(chan os.Signal, 8)
	signal.Notify(got, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, signals["STATS_CLEAR"], signals["JSON"])
	defer signal.Stop(got)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { d.obey(ctx, got, cancel) })
	for _, name := range []string{d.o.PID, d.o.VRRPPID} {
		if err := os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
			d.log.Warn().Err(err).Msg("no pid file")
			continue
		}
		defer os.Remove(name)
	}
	_ = os.WriteFile("/proc/self/comm", []byte("keepalived"), 0) // cosmetic
	if missing := privilege.Missing(privilege.NetAdmin, privilege.NetRaw); len(missing) > 0 && len(cfg.Instances) > 0 {
		d.log.Error().Msgf("missing %v: %s", missing, privilege.Advice(missing))
		return statusPermission
	}
	if err := vrrp.RunHook(ctx, script.Local{}, &cfg.Global.Startup); err != nil && ctx.Err() == nil {
		d.log.Warn().Err(err).Msg("startup_script failed")
	}
	defer func() {
		if err := vrrp.RunHook(context.Background(), script.Local{}, &cfg.Global.Shutdown); err != nil {
			d.log.Warn().Err(err).Msg("shutdown_script failed")
		}
	}()
	if err := d.speaker.Run(ctx); err != nil {
		d.log.Error().Err(err).Msg("cannot speak VRRP")
		return statusCannotRun
	}
	return statusOK
}

// obey serves signals until ctx ends.
func (d *daemon) obey(ctx context.Context, got <-chan os.Signal, stop func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-got:
			switch s {
			case syscall.SIGTERM, syscall.SIGINT:
				d.log.Info().Msg("Stopping")
				stop()
			case syscall.SIGHUP:
				d.reload()
			case syscall.SIGUSR1:
				d.speaker.Dump(vrrp.DumpData)
			case syscall.SIGUSR2:
				d.speaker.Dump(vrrp.DumpStats)
			case signals["STATS_CLEAR"]:
				d.speaker.Dump(vrrp.DumpStatsClear)
			case signals["JSON"]:
				d.speaker.Dump(vrrp.DumpJSON)
			}
		}
	}
}

// reload takes the configuration again; if it cannot be run, the old one stays.
func (d *daemon) reload() {
	d.log.Info().Msg("Reloading")
	if cfg := d.read(); cfg != nil {
		d.speaker.Apply(cfg)
		d.log.Info().Msg("Reload complete")
		return
	}
	d.log.Error().Msg("the new configuration cannot be run, the old one stays in force")
}

// read reads the configuration; nil if it cannot be run, which is logged.
func (d *daemon) read() *vrrpconf.Config {
	d.log.Info().Msgf("Configuration file %s", d.o.File)
	host := conf.ThisHost()
	if d.o.ConfigID != "" {
		host.ConfigID = d.o.ConfigID
	}
	g, _ := conf.ReadOn(host, []string{d.o.File})
	tree, ds := confparse.ParseWith(g.Host, g, g.Names...)
	cfg, more := vrrpconf.Build(tree)
	fatal := false
	for _, x := range append(ds, more...) {
		fatal = fatal || unrunnable(x)
		d.log.Warn().Msgf("(%s: Line %d) %s", x.Pos.File, x.Pos.Line, x.Message)
	}
	if fatal {
		d.log.Error().Msg("permanent error CONFIG")
		return nil
	}
	if len(cfg.Instances) == 0 {
		d.log.Warn().Msg("Warning - keepalived has no configuration to run")
	}
	return cfg
}

// unrunnable tells what keeps keepalived from running. It goes on past the rest, such as
// keywords it does not know.
func unrunnable(x confparse.Diagnostic) bool {
	switch x.Code {
	case vrrpconf.CodeIncomplete, vrrpconf.CodeDuplicate, vrrpconf.CodeMissingWord, vrrpconf.CodeValue, confparse.CodeFile, confparse.CodeStrict:
		return x.Severity == confparse.Error
	}
	return false
}

// alive tells whether a pid file names a process that lives and is not this one.
func alive(name string) (pid int, ok bool) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	if _, err := fmt.Sscan(string(b), &pid); err != nil || pid <= 1 || pid == os.Getpid() {
		return 0, false
	}
	err = syscall.Kill(pid, 0)
	return pid, err == nil || errors.Is(err, syscall.EPERM)
}
