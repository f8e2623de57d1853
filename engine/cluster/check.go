package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
	"github.com/keepsql/keepsql/engine/wire"
)

// conversation is a connection on which the peer is checked.
type conversation struct {
	*node
	client *wire.Client
	user   string
	self   string // the version that we and the peer showed when it began
	prompt bool   // the peer answers CLUSTER_WAIT as soon as something changes
	tells  bool   // the peer answers CLUSTER_STATE
	// adminSum is the checksum of the admin variables that the peer showed last.
	adminSum string
}

// check looks at the peer once each interval, and whenever it reports a change, until something fails, which query has logged, or
// the versions may no longer agree.
func (c *conversation) check(ctx context.Context) {
	began := time.Now()
	global, err := c.value(ctx, "SELECT GLOBAL_CHECKSUM()")
	for cycle := 1; err == nil && ctx.Err() == nil && c.cluster.settings.Load().version == c.self; cycle++ {
		if err = c.compare(ctx, global); err != nil {
			return
		}
		c.healthy()
		if err = c.learn(ctx); err != nil {
			return
		}
		if every := c.cluster.settings.Load().statusEvery; every > 0 && cycle%every == 0 {
			if c.measure(ctx) != nil {
				return
			}
		}
		global = ""
		if c.prompt && c.cluster.extras.Load().push {
			global, err = c.await(ctx, began)
		}
		if err == nil && global == "" {
			c.wait(ctx, began, interval)
			if ctx.Err() == nil {
				global, err = c.value(ctx, "SELECT GLOBAL_CHECKSUM()")
			}
		}
		began = time.Now()
	}
}

// compare reads the peer's checksums if the global one says that they changed. It is remembered only when they were read, so
// that a peer that breaks off in between is asked for them again.
func (c *conversation) compare(ctx context.Context, global string) error {
	resets := c.cluster.resets.Load()
	if global == c.global && resets == c.resets {
		c.cluster.step(diffcheck.Tick{Peer: c.peer})
		return nil
	}
	rows, err := c.rows(ctx, "SELECT * FROM runtime_checksums_values ORDER BY name", "name", "version", "epoch", "checksum")
	if err != nil {
		return err
	}
	pass := diffcheck.Rows{Peer: c.peer, Prompt: c.prompt && c.cluster.extras.Load().push}
	for i := range rows.Rows {
		version, _ := strconv.ParseUint(rows.Get(i, "version").Text, 10, 64) // not a number: never loaded
		epoch, _ := strconv.ParseInt(rows.Get(i, "epoch").Text, 10, 64)
		pass.Rows = append(pass.Rows, diffcheck.Row{
			Name:  rows.Get(i, "name").Text,
			Stamp: diffcheck.Stamp{Version: version, Epoch: epoch, Checksum: rows.Get(i, "checksum").Text},
		})
	}
	for _, r := range pass.Rows {
		if r.Name == schema.AdminVariables {
			if changed, err := c.relabelled(ctx, r.Checksum); err != nil || changed {
				return cmp.Or(err, errRelabelled)
			}
		}
	}
	c.global, c.resets = global, resets
	c.cluster.step(pass)
	return nil
}

// errRelabelled ends a connection after the peer began to show another version.
var errRelabelled = errors.New("the peer shows another version")

// measure reads what the peer says of its load.
func (c *conversation) measure(ctx context.Context) error {
	began := time.Now()
	rows, err := c.rows(ctx, "SELECT * FROM stats_mysql_global ORDER BY Variable_Name", "Variable_Name", "Variable_Value")
	if err != nil {
		return err
	}
	m := report{checked: c.cluster.now(), response: time.Since(began), values: map[string]string{}}
	for _, r := range rows.Rows {
		m.values[r[0].Text] = r[1].Text
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics = m
	return nil
}

// query runs a statement; an error is logged.
func (c *conversation) query(ctx context.Context, sql string) (*wire.Result, error) {
	began := time.Now()
	r, err := c.client.Query(ctx, sql)
	if err != nil {
		c.complain(ctx, sql, began, err)
	}
	return r, err
}

func (c *conversation) complain(ctx context.Context, sql string, began time.Time, err error) {
	if ctx.Err() == nil {
		c.ill("the last check failed: "+reason(err), "see the log of the peer")
		c.log.Error().Msgf("Cluster: unable to run query on %s using user %s after %dms : %s . Error: %s",
			c.peer, c.user, time.Since(began).Milliseconds(), sql, reason(err))
	}
}

// value runs a statement that answers with one value.
func (c *conversation) value(ctx context.Context, sql string) (string, error) {
	began := time.Now()
	r, err := c.query(ctx, sql)
	if err != nil {
		return "", err
	}
	if len(r.Rows) != 1 || len(r.Rows[0]) != 1 {
		err := fmt.Errorf("answer has %d rows, want one value", len(r.Rows))
		c.complain(ctx, sql, began, err)
		return "", err
	}
	return r.Rows[0][0].Text, nil
}

// rows runs a statement that answers with the named columns.
func (c *conversation) rows(ctx context.Context, sql string, columns ...string) (*schema.Rows, error) {
	began := time.Now()
	r, err := c.query(ctx, sql)
	if err != nil {
		return nil, err
	}
	rows, err := rowsOf(r, columns)
	if err != nil {
		c.complain(ctx, sql, began, err)
	}
	return rows, err
}
