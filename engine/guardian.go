package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/lint"
	"github.com/keepsql/keepsql/conf/watch"
	"github.com/keepsql/keepsql/confparse"
	"github.com/keepsql/keepsql/vrrp"
)

// Options is what the command line says.
type Options struct {
	Files        []string // config files
	Datadir      string   // wins over the file's; empty: the file's, else conf.DefaultDatadir
	Initial      bool     // rename the disk database and start from the file
	Reload       bool     // put the file's rows over the database's
	SQLiteServer bool     // run the embedded server
	NoStart      bool     // the proxy serves after PROXYSQL START only
	NoMonitor    bool     // servers are not probed, whatever mysql-monitor_enabled says
	Version      string   // of the program
	JSONLog      bool     // log lines as JSON objects
	User         string   // whom the engine runs as; wins over the file's
	AdminSocket  string   // takes the place of admin-mysql_ifaces for good; empty: it does not
	UUID         string   // of the node; wins over the file's
}

// args are the command line of a child.
func (o Options) args(r role, datadir string) []string {
	args := []string{string(r)}
	if o.JSONLog {
		args = append(args, "--log-format=json")
	}
	if r == roleVRRP {
		return args
	}
	args = append(args, "--datadir="+datadir, "--program-version="+o.Version)
	for name, value := range map[string]string{"--admin-socket=": o.AdminSocket, "--uuid=": o.UUID} {
		if value != "" {
			args = append(args, name+value)
		}
	}
	for name, on := range map[string]bool{"--initial": o.Initial, "--reload": o.Reload, "--sqlite3-server": o.SQLiteServer,
		"--no-start": o.NoStart, "--no-monitor": o.NoMonitor} {
		if on {
			args = append(args, name)
		}
	}
	return args
}

// How long children get to stop. The vrrp child needs milliseconds to give its addresses
// away; the engine lets statements that run come to their end.
const (
	vrrpPatience   = 3 * time.Second
	enginePatience = 5 * time.Second
	verdictTimeout = 30 * time.Second
)

// Guardian is the parent of the process tree. One goroutine, Run, owns all its state.
type Guardian struct {
	opt     Options
	log     zerolog.Logger
	exe     string
	datadir string

	generation *conf.Generation // in force
	file       *conf.File
	seq        uint64
	rejected   *Rejected // the last edit that was not accepted, nil after one that was

	stopping bool // an operator asked for the end

	children map[role]*child
	backoff  map[role]*backoff
	restart  map[role]*time.Timer // runs while a child waits for its next start
	status   map[role]json.RawMessage
	restarts map[role]int

	health  vrrp.Health       // of the engine, as it last said
	peers   *PeersMessage     // as the engine last said; nil: nothing yet
	relays  map[uint64]uint64 // numbers of requests of the engine to the vrrp child, ours to its own
	pulse   pulse
	script  exitScript
	permits permits // what the vrrp child may have done, see servant
	rights  rights
	hooks   hooks

	events  chan childEvent
	timers  chan role
	asks    chan ask
	done    chan struct{} // closed when Run ends
	started time.Time
}

// Rejected says why a config generation is not in force.
type Rejected struct {
	At     time.Time
	Reason string

	generation *conf.Generation // that was rejected: the same bytes get the same answer
}

// NewGuardian takes the configuration; errors in it are returned as text for the operator.
func NewGuardian(opt Options, log zerolog.Logger) (*Guardian, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	g := &Guardian{
		opt: opt, log: log, exe: exe, script: exitScript{log: log},
		children: map[role]*child{}, backoff: map[role]*backoff{roleEngine: {}, roleVRRP: {}},
		relays: map[uint64]uint64{}, restart: map[role]*time.Timer{}, status: map[role]json.RawMessage{}, restarts: map[role]int{},
		events: make(chan childEvent), timers: make(chan role), asks: make(chan ask), done: make(chan struct{}),
		started: time.Now(),
	}
	if g.generation, g.file, err = readConfig(opt.Files, log); err != nil {
		if err := g.useLastGood(err); err != nil {
			return nil, err
		}
	}
	g.datadir = firstOf(opt.Datadir, g.file.Process.Datadir, conf.DefaultDatadir)
	if info, err := os.Stat(g.datadir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("data directory %s does not exist: create it, or name another with -D or datadir=", g.datadir)
	}
	return g, nil
}

// readConfig reads, checks and logs; the error holds every diagnostic that is an error.
func readConfig(files []string, log zerolog.Logger) (*conf.Generation, *conf.File, error) {
	generation, _ := conf.Read(files)
	file, err := understand(generation, log)
	return generation, file, err
}

// understand parses a generation and logs what is worth a warning.
func understand(generation *conf.Generation, log zerolog.Logger) (*conf.File, error) {
	file, ds := generation.Parse() // even where the syntax is wrong: everything is said at once
	if !ds.HasErrors() {
		ds = append(ds, lint.Check(file, lint.Options{Probes: lint.Host{}})...)
	}
	var text string
	for _, d := range ds {
		if d.Severity == confparse.Error {
			text += d.String() + "\n"
		} else {
			log.Warn().Msg(d.String())
		}
	}
	if text != "" {
		return nil, errors.New("the configuration has errors:\n" + text)
	}
	return file, nil
}

func firstOf(choices ...string) string {
	i := slices.IndexFunc(choices, func(s string) bool { return s != "" })
	return choices[max(i, 0)]
}

// Run supervises until the context ends or a signal asks to stop. It returns when both
// children are gone.
func (g *Guardian) Run(ctx context.Context) error {
	pid, err := openPidFile(firstOf(g.file.Process.Pidfile, filepath.Join(g.datadir, "proxysql.pid")))
	if err != nil {
		return err
	}
	watcher, err := watch.New(g.log)
	if err != nil {
		return errors.Join(err, pid.remove())
	}
	control, err := listenControl(filepath.Join(g.datadir, controlSocket))
	if err != nil {
		return errors.Join(err, pid.remove())
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1)
	defer signal.Stop(signals)

	ctx, cancel := context.WithCancel(ctx)
	tasks := newTasks()
	tasks.run(func() error { return watcher.Run(ctx) })
	tasks.run(func() error { return control.serve(ctx, g.asks) })
	watcher.Watch(ctx, append(g.generation.Watched(), g.opt.Files...))
	g.start(roleEngine)
	g.hooks.begin(g, func() { g.start(roleVRRP) })
	g.loop(ctx, watcher, signals)

	sdNotify("STOPPING=1")
	g.stopChildren()
	g.script.end()
	close(g.done)
	cancel()
	g.hooks.end(g.log, &g.file.VRRP.Global.Shutdown)
	return errors.Join(tasks.wait(), pid.remove())
}

// loop is the guardian's life; it returns when it is time to stop.
func (g *Guardian) loop(ctx context.Context, w *watch.Watcher, signals <-chan os.Signal) {
	beat := time.NewTicker(heartbeatEvery)
	defer beat.Stop()
	for !g.stopping {
		select {
		case now := <-beat.C:
			g.beat(now)
		case <-ctx.Done():
			return
		case s := <-signals:
			g.signal(ctx, w, s)
		case e := <-g.events:
			g.hear(e)
		case r := <-g.timers:
			g.start(r)
		case <-w.Ticks():
			_, _ = g.reload(ctx, w, "file event") // it logs its verdict
		case a := <-g.asks:
			a.answer <- g.answer(ctx, w, a.request)
		}
	}
}

// signal acts on one signal.
func (g *Guardian) signal(ctx context.Context, w *watch.Watcher, s os.Signal) {
	switch s {
	case syscall.SIGTERM:
		g.log.Info().Msg("Received TERM signal: shutdown in progress...")
		g.stopping = true
	case syscall.SIGINT:
		g.stopping = true
	case syscall.SIGHUP:
		_, _ = g.reload(ctx, w, "SIGHUP") // it logs its verdict
	case syscall.SIGUSR1:
		for _, c := range g.children {
			_ = c.link.Send(Message{Signal: "flush-logs"}) // a child that is gone needs no flush
		}
	}
}

// wantsVRRP tells whether the configuration has a virtual router.
func (g *Guardian) wantsVRRP() bool { return len(g.file.VRRP.Instances) > 0 }
