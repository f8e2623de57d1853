package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
	"github.com/keepsql/keepsql/engine/wire"
)

// errMismatch is a pull whose rows do not hash to what the peer promised; it has been logged.
var errMismatch = errors.New("rows differ from the promised checksum")

// errOvertaken is a pull during which the module was loaded here.
var errOvertaken = errors.New("the module was loaded here meanwhile")

// pull is one run of a module's description against a peer.
type pull struct {
	*node
	module   *module
	asked    diffcheck.Pull
	settings *settings
	got      layers.Pull
	failedAt string // the table whose query failed; empty: none did
}

// pulls does what was asked for, one after the other.
func (n *node) pulls(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case asked := <-n.queue:
			i := slices.IndexFunc(modules, func(m module) bool { return m.watch.Name == asked.Watch })
			p := &pull{node: n, module: &modules[i], asked: asked, settings: n.cluster.settings.Load()}
			err := p.run(ctx)
			p.count(err)
			if err != nil && !errors.Is(err, errMismatch) && ctx.Err() == nil {
				p.log.Warn().Msgf("Cluster: Fetching %s from peer %s failed: %s", asked.Watch, n.peer, reason(err))
			}
			n.cluster.step(diffcheck.PullEnded{
				Peer: n.peer, Module: p.module.watch.Module, Failed: err != nil && !errors.Is(err, errOvertaken),
				Partly: err == nil && n.cluster.layers.Stamps()[asked.Watch].Checksum != asked.Expected[asked.Watch].Checksum,
			})
		}
	}
}

func (p *pull) run(ctx context.Context) error {
	p.say(p.module.started, "")
	if err := p.fetch(ctx); err != nil {
		return err
	}
	p.say(p.module.completed, "")
	if err := p.verify(); err != nil {
		return err
	}
	if shown := p.shownVersion(); shown != "" && shown != p.cluster.settings.Load().version {
		return errRelabelled
	}
	return p.adopt()
}

// fetch asks everything on a connection of its own.
func (p *pull) fetch(ctx context.Context) error {
	cl, err := p.connect(ctx, p.settings, p.cluster.timing.Pull)
	if err != nil {
		return err
	}
	p.got = layers.Pull{
		Peer: p.peer.String(), Tables: map[string]*schema.Rows{},
		Stamps: map[string]layers.Stamp{},
	}
	for name, s := range p.asked.Expected {
		p.got.Stamps[name] = layers.Stamp(s)
	}
	for i := range p.module.queries {
		if err := p.ask(ctx, cl, &p.module.queries[i]); err != nil {
			p.failedAt = p.module.queries[i].table
			return errors.Join(err, cl.Close())
		}
	}
	_ = cl.Quit() // all rows are here; whether the peer heard the goodbye does not matter
	return nil
}

func (p *pull) ask(ctx context.Context, cl *wire.Client, q *query) error {
	if q.along && p.asked.Along == "" {
		return nil
	}
	p.say(q.before, "")
	sql := q.sql
	if q.sqlInterfaces != "" && p.cluster.layers.SyncInterfaces() {
		sql = q.sqlInterfaces
	}
	result, err := cl.Query(ctx, sql)
	if err != nil {
		return err
	}
	rows, err := rowsOf(result, q.answer())
	if err != nil {
		return fmt.Errorf("read answer to %q: %w", sql, err)
	}
	if q.table == runtimeServers {
		p.got.RuntimeServers = rows
	} else {
		p.got.Tables[q.table] = rows
	}
	p.say(q.after, "")
	return nil
}

// rowsOf checks that a result has the columns that are hashed and stored.
func rowsOf(r *wire.Result, columns []string) (*schema.Rows, error) {
	var names []string
	for _, c := range r.Columns {
		names = append(names, c.Name)
	}
	if !slices.EqualFunc(names, columns, strings.EqualFold) {
		return nil, fmt.Errorf("columns are %s, want %s", strings.Join(names, ", "), strings.Join(columns, ", "))
	}
	out := &schema.Rows{Columns: columns}
	for _, row := range r.Rows {
		cells := make(schema.Row, len(row))
		for i, v := range row {
			cells[i] = schema.Cell(v)
		}
		out.Rows = append(out.Rows, cells)
	}
	return out, nil
}

// verify compares what the rows hash to with what the peer promised. The servers in force may change at any time by the
// peer's monitor; a difference there stops nothing and is seen at the next check.
func (p *pull) verify() error {
	sums := p.got.Checksums(p.module.watch.Module, p.cluster.layers.SyncInterfaces())
	if p.asked.Watch == schema.MySQLUsers && sums[schema.MySQLUsers] != p.asked.Expected[schema.MySQLUsers].Checksum {
		// ProxySQL rewrites attributes when it loads a user again: it hashes the new text and serves the old one.
		if rewritten := p.got.Rewritten(); rewritten.Checksums(schema.MySQLUsers, false)[schema.MySQLUsers] == p.asked.Expected[schema.MySQLUsers].Checksum {
			p.got = rewritten
			sums[schema.MySQLUsers] = p.asked.Expected[schema.MySQLUsers].Checksum
		}
	}
	for _, c := range p.module.computed {
		if c.watch == p.asked.Watch || c.watch == p.asked.Along {
			p.say(c.line, sums[c.watch])
		}
	}
	if sum := sums[p.asked.Watch]; sum != p.asked.Expected[p.asked.Watch].Checksum {
		p.say(p.module.mismatch, sum)
		return errMismatch
	}
	return nil
}

// shownVersion is the peer's version, which comes with its admin variables; empty with all else.
func (p *pull) shownVersion() string {
	if rows := p.got.Tables["global_variables"]; rows != nil {
		for _, r := range rows.Rows {
			if r[0].Text == "admin-version" {
				return r[1].Text
			}
		}
	}
	return ""
}

// adopt puts the rows into force.
func (p *pull) adopt() error {
	name := p.asked.Watch
	if diffcheck.Stamp(p.cluster.layers.Stamps()[name]) != p.asked.Own {
		return errOvertaken
	}
	for _, line := range p.module.verified {
		p.say(line, "")
	}
	p.got.Save = p.save()
	p.say(p.module.loading, "")
	if p.module.runtimeOnly {
		return p.cluster.layers.AdoptRuntimeServers(p.got)
	}
	if err := p.cluster.layers.Adopt(p.module.watch.Module, p.got); err != nil {
		return err
	}
	if p.got.Save {
		p.say(p.module.saved, "")
	} else {
		p.say(p.module.notSaved, "")
	}
	return nil
}

// save tells whether the rows go to disk too. The admin variables bring the switch along that decides about themselves.
func (p *pull) save() bool {
	name := saveVariable(p.module.watch.Module)
	if rows := p.got.Tables["global_variables"]; rows != nil {
		for _, r := range rows.Rows {
			if r[0].Text == name {
				return r[1].Text == "true"
			}
		}
	}
	return p.cluster.settings.Load().save[p.module.watch.Module]
}

// say writes a line of the module's description to the log; an empty one is none.
func (p *pull) say(line, computed string) {
	if line == "" {
		return
	}
	p.log.Info().Msg(strings.NewReplacer(
		"{peer}", p.peer.String(), "{expected}", p.asked.Expected[p.asked.Watch].Checksum, "{computed}", computed,
	).Replace(line))
}
