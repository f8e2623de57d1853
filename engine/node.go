package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/certs"
	"github.com/keepsql/keepsql/engine/privilege"
	"github.com/keepsql/keepsql/engine/proxy"
	"github.com/keepsql/keepsql/vrrp"
)

// NodeOptions is the command line of the engine child.
type NodeOptions struct {
	Datadir        string `required:""`
	ProgramVersion string
	Initial        bool
	Reload         bool
	SQLiteServer   bool `name:"sqlite3-server"`
	NoStart        bool
	NoMonitor      bool
	AdminSocket    string
	UUID           string `name:"uuid"`
}

// CompatVersion is admin-version: peers sync with those that show the same. It names the
// ProxySQL whose protocol and checksums the cluster speaks, and is no release of keepsql.
const CompatVersion = "2.7.1-16-g2726c27"

// RunNode is the engine child: it runs the proxy, the admin interface and cluster sync by the
// configuration it is handed, until the guardian is gone or tells it to stop.
func RunNode(o NodeOptions, log zerolog.Logger) error {
	link, err := inheritedLink()
	if err != nil {
		return err
	}
	defer link.Close()
	help, err := inheritedHelper()
	if err != nil {
		return err
	}
	defer help.Close()
	nameProcess(roleEngine)
	if os.Geteuid() != 0 { // else nobody wanted it to have less
		if err := privilege.Keep(privilege.NetBindService); err != nil {
			log.Warn().Err(err).Msg("the engine has more rights than it needs")
		}
	}
	first, err := link.Receive()
	if err != nil || first.Config == nil {
		return errors.New("start the engine: the guardian handed over no configuration")
	}
	file, ds := first.Config.Generation.ParseAgain()
	if ds.HasErrors() {
		return errors.Join(fmt.Errorf("start the engine:\n%s", ds), link.Send(Message{Verdict: &VerdictMessage{Seq: first.Config.Seq, Error: ds.String()}}))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	n, err := newNode(o, file, link, help, log)
	if err != nil {
		return errors.Join(err, link.Send(Message{Verdict: &VerdictMessage{Seq: first.Config.Seq, Error: err.Error()}}))
	}
	err = n.run(ctx, stop, first.Config.Seq, file)
	return errors.Join(err, n.close())
}

// node is the parts of a running engine.
type node struct {
	opt    NodeOptions
	log    zerolog.Logger
	link   *Link
	help   *helper // reads the config files for LOAD … FROM CONFIG
	store  *store.Store
	state  *store.State
	layers *layers.Manager
	proxy  *proxy.Proxy
	vrrp   atomic.Pointer[[]vrrp.InstanceStatus] // what the vrrp child last said of itself
	relays *relays
	drain  *drainer
	asks   chan Message // for work
	parts  []part
	certs  *certs.Store
}

// part is one of the long-running things of an engine.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// newNode opens the databases and builds the parts; it starts nothing.
func newNode(o NodeOptions, file *conf.File, link *Link, help *helper, log zerolog.Logger) (n *node, err error) {
	n = &node{opt: o, log: log, link: link, help: help, relays: newRelays(link), asks: make(chan Message, workBacklog)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if o.Initial {
		if err := setAside(o.Datadir, log); err != nil {
			return n, err
		}
	}
	if n.store, err = store.Open(o.Datadir); err != nil {
		return n, err
	}
	for _, u := range n.store.Upgraded {
		log.Warn().Str("table", u.Table).Int("rows", u.Rows).Str("kept_as", u.Kept).Strs("columns_not_taken_over", u.Lost).
			Msg("table was written by another version and is upgraded")
	}
	if n.state, err = store.OpenState(o.Datadir); err != nil {
		return n, err
	}
	n.layers, err = layers.New(layers.Options{
		Log: log, Store: n.store, State: n.state, Version: CompatVersion,
		SyncInterfaces: file.Process.ClusterSyncInterfaces, NoSQLiteServer: !o.SQLiteServer,
	})
	if err != nil {
		return n, err
	}
	if n.certs, err = certs.Open(o.Datadir); err != nil {
		return n, err
	}
	return n, n.build(file)
}

// run boots the layers, runs the parts and obeys the guardian. It returns when all parts have
// stopped.
func (n *node) run(ctx context.Context, stop context.CancelFunc, seq uint64, file *conf.File) error {
	if err := n.layers.Boot(file, n.opt.Reload); err != nil {
		return errors.Join(err, n.link.Send(Message{Verdict: &VerdictMessage{Seq: seq, Error: err.Error()}}))
	}
	tasks := newTasks()
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // of the parts: they outlive ctx by the time sessions get
	defer end()
	for _, p := range n.parts {
		tasks.run(func() error {
			defer stop() // the engine is as good as its parts: one that ends takes it along
			if err := p.run(life); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		})
	}
	tasks.run(func() error {
		defer stop() // the guardian is gone
		return n.listen()
	})
	tasks.run(func() error { n.work(life); return nil })
	err := n.link.Send(Message{Verdict: &VerdictMessage{Seq: seq}})
	if n.serving(ctx) {
		err = errors.Join(err, n.link.Send(Message{Ready: true}))
	}
	<-ctx.Done()
	n.quiesce()
	end()
	return errors.Join(err, n.link.Close(), tasks.wait())
}

// readyInterval is how often a starting engine looks whether its proxy serves.
const readyInterval = 5 * time.Millisecond

// serving waits until the proxy accepts clients: before that no virtual router may claim an
// address. It gives up when the context ends.
func (n *node) serving(ctx context.Context) bool {
	tick := time.NewTicker(readyInterval)
	defer tick.Stop()
	for {
		if ok, _ := n.proxy.Health(); ok {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// listen obeys the guardian until its end of the link closes.
func (n *node) listen() error {
	for {
		m, err := n.link.Receive()
		if err != nil {
			return nil // the death notice of the guardian
		}
		switch {
		case m.Config != nil, m.Ask != nil:
			n.enqueue(m)
		case m.Signal == "flush-logs":
			n.proxy.FlushLogs()
		case m.VRRP != nil:
			n.keepRouters(m.VRRP)
		case m.Verdict != nil:
			n.relays.answered(m.Verdict)
		}
	}
}

// configure applies a generation, or only plans it, and says what that changes.
func (n *node) configure(m *ConfigMessage) *VerdictMessage {
	v := &VerdictMessage{Seq: m.Seq}
	file, ds := m.Generation.ParseAgain()
	if ds.HasErrors() {
		v.Error = ds.String()
		return v
	}
	apply := n.layers.ApplyFile
	if m.Plan {
		apply = n.layers.PlanFile
	}
	report, err := apply(file)
	if err != nil {
		v.Error = err.Error()
		return v
	}
	for _, a := range report {
		line := fmt.Sprintf("%s: %d changed, %d deleted", a.Module, a.Changed, a.Deleted)
		if !a.Loaded {
			line += " (in force already)"
		}
		v.Report = append(v.Report, line)
	}
	return v
}

// readConfig reads the config files as they are now, for LOAD … FROM CONFIG.
func (n *node) readConfig() (*conf.File, error) {
	generation, err := n.help.readConfig() // it may be closed to this process
	if err != nil {
		return nil, err
	}
	return understand(generation, n.log)
}

func (n *node) close() error {
	var errs []error
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	if n.state != nil {
		errs = append(errs, n.state.Close())
	}
	return errors.Join(errs...)
}
