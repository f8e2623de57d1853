package engine

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/wire"
)

const (
	// writerLimit bounds one attempt to reach a writer, writerPause is between two, and writerTries is how many servers are
	// tried in one.
	writerLimit = time.Second
	writerPause = 2 * time.Second
	writerTries = 4
)

// writerTables have a column writer_hostgroup.
var writerTables = []string{
	"mysql_replication_hostgroups", "mysql_group_replication_hostgroups", "mysql_galera_hostgroups", "mysql_aws_aurora_hostgroups",
}

// writers knows whether a server that takes writes can be reached.
type writers struct {
	layers *layers.Manager
	pool   *hostgroup.Manager

	last   time.Time // of the last attempt; of the goroutine that looks
	reason string    // what it failed by
}

// look gives the reason why no writer can be reached, empty if one can. As long as the proxy itself finds one in good order nobody is bothered; else the servers are tried, because a
// server that was shunned for errors is not tried by a proxy without clients.
func (w *writers) look(ctx context.Context) (reason string) {
	groups := w.hostgroups()
	var candidates []address
	for _, s := range w.pool.Servers(false) {
		if !groups[s.Hostgroup] {
			continue
		}
		switch s.Status.String() {
		case "ONLINE":
			return ""
		case "SHUNNED":
			network, at := s.Addr()
			candidates = append(candidates, address{network, at})
		}
	}
	if len(candidates) == 0 {
		return "no server is in a writer hostgroup"
	}
	if time.Since(w.last) >= writerPause {
		w.last, w.reason = time.Now(), w.try(ctx, candidates[:min(len(candidates), writerTries)])
	}
	return w.reason
}

// hostgroups are the writer hostgroups; where none are configured, those users start in.
func (w *writers) hostgroups() map[int]bool {
	out := map[int]bool{}
	add := func(module, table, column string) {
		snap := w.layers.Snapshot(module)
		if snap == nil {
			return
		}
		rows := snap.Runtime[table]
		if rows == nil {
			return
		}
		for i := range rows.Rows {
			if n, err := strconv.Atoi(rows.Get(i, column).Text); err == nil {
				out[n] = true
			}
		}
	}
	for _, table := range writerTables {
		add(schema.MySQLServers, table, "writer_hostgroup")
	}
	if len(out) == 0 {
		add(schema.MySQLUsers, "mysql_users", "default_hostgroup")
	}
	return out
}

// address is where a server listens.
type address struct{ network, at string }

// try logs in to servers at the same time, by the monitor's account. A server that refuses the login is there.
func (w *writers) try(ctx context.Context, list []address) (reason string) {
	vars := w.layers.Snapshot(schema.MySQLVariables).Variables()
	account := wire.Account{User: vars.String("mysql-monitor_username"), Password: vars.String("mysql-monitor_password")}
	reasons := make([]string, len(list))
	var all sync.WaitGroup
	for i, a := range list {
		all.Go(func() {
			own := account
			c, err := wire.Open(ctx, a.network, a.at, &own, writerLimit)
			if err == nil {
				_ = c.Quit()
				return
			}
			if refused := (*wire.Error)(nil); !errors.As(err, &refused) {
				reasons[i] = a.at + ": " + innermost(err).Error()
			}
		})
	}
	all.Wait()
	for _, r := range reasons {
		if r == "" {
			return ""
		}
	}
	return reasons[0]
}

// innermost is what an error comes down to: "connection refused".
func innermost(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
