package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/cluster"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/metrics"
	"github.com/keepsql/keepsql/engine/monitor"
	"github.com/keepsql/keepsql/engine/proxy"
	"github.com/keepsql/keepsql/engine/restapi"
	"github.com/keepsql/keepsql/engine/scheduler"
	"github.com/keepsql/keepsql/engine/sqliteserver"
	"github.com/keepsql/keepsql/engine/stats"
)

// build makes the parts and ties them together; each subscribes to the modules it works by.
func (n *node) build(file *conf.File) error {
	uuid, err := n.layers.UUID(firstOf(n.opt.UUID, file.Process.UUID))
	if err != nil {
		return err
	}
	var watch *monitor.Monitor
	n.proxy = proxy.New(proxy.Options{
		Log: n.log, Layers: n.layers, TLS: n.certs.Config, Datadir: n.opt.Datadir, SQLiteBytes: n.store.Memory, Gauges: func() stats.Gauges { return watch.Gauges() },
	})
	pools := n.proxy.Servers()
	watch = monitor.New(monitor.Options{Log: n.log, Layers: n.layers, Pool: pools, Off: n.opt.NoMonitor})
	peers := cluster.New(cluster.Options{Log: n.log, Layers: n.layers, UUID: uuid, NoMonitor: n.opt.NoMonitor})
	n.drain = newDrainer(n.log, n.proxy, n.routers, n.relays.ask)
	fit := &fitness{
		log: n.log, link: n.link, proxy: n.proxy, cluster: peers, uuid: uuid, routers: n.routers, drain: n.drain,
		writers: &writers{layers: n.layers, pool: pools},
	}
	control := &operator{link: n.link, proxy: n.proxy, certs: n.certs}
	if n.opt.NoStart {
		control.stop()
	}
	sql := admin.New(admin.Options{
		Log: n.log, Store: n.store, Layers: n.layers, TLS: n.certs.Config,
		Tables: stats.Merge(n.proxy.Tables(), peers.Tables()), Peers: peers, Metrics: n.metrics(peers), Audit: n.proxy.AuditLog(), Control: control,
		MonitorTables: watch.Tables(),
		Shunned: func(hg int, host string, port int) bool {
			return pools.Shunned(hostgroup.Key{Hostgroup: hg, Host: host, Port: port})
		},
		Config: n.readConfig, VRRP: n.vrrpRows, Interfaces: n.opt.AdminSocket,
		State: fit.state, Switch: &switcher{drain: n.drain, relays: n.relays},
	})
	jobs := scheduler.New(n.log, n.layers)
	rest := restapi.New(restapi.Options{Log: n.log, Layers: n.layers, Metrics: sql.Metrics})
	n.parts = []part{
		{"proxy", n.proxy.Run}, {"monitor", watch.Run}, {"admin", sql.Run}, {"cluster", peers.Run}, {"scheduler", jobs.Run}, {"restapi", rest.Run},
		{"drain", n.drain.run}, {"health", fit.run},
		{"certificates", func(ctx context.Context) error { n.certs.Watch(ctx, n.log); <-ctx.Done(); return nil }},
	}
	if n.opt.SQLiteServer {
		server, err := sqliteserver.New(sqliteserver.Options{Log: n.log, Layers: n.layers, TLS: n.certs.Config, Datadir: n.opt.Datadir})
		if err != nil {
			return err
		}
		n.parts = append(n.parts, part{"sqlite server", server.Run})
	}
	return nil
}

// metrics are those of keepsql's own that the parts have.
func (n *node) metrics(peers *cluster.Cluster) func() []metrics.Series {
	return func() []metrics.Series { return append(peers.Metrics(), n.proxy.Metrics()...) }
}

// setAside renames the databases for a start from the file; one generation is kept.
func setAside(datadir string, log zerolog.Logger) error {
	for _, name := range []string{store.DiskFile, store.StateFile} {
		name = filepath.Join(datadir, name)
		err := os.Rename(name, name+".bak")
		switch {
		case err == nil:
			log.Info().Msgf("Renaming database file %s", name)
		case !errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("set the database aside: %w", err)
		}
	}
	return nil
}
