package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/watch"
)

// reload takes the config files again. What it returns is the verdict in words; an error
// means that nothing changed.
func (g *Guardian) reload(ctx context.Context, w *watch.Watcher, why string) (string, error) {
	generation, _ := conf.Read(g.opt.Files)
	w.Watch(ctx, append(generation.Watched(), g.opt.Files...)) // what a broken file names must be watched too
	if generation.Equal(g.generation) {
		g.rejected = nil
		return "nothing changed: the files hold the bytes that are in force", nil
	}
	if g.rejected != nil && generation.Equal(g.rejected.generation) {
		return "", errors.New(g.rejected.Reason)
	}
	file, err := understand(generation, g.log)
	if err != nil {
		return "", g.reject(generation, why, err)
	}
	if err := g.refuseLive(file); err != nil {
		return "", g.reject(generation, why, err)
	}
	sdNotify("RELOADING=1")
	defer sdNotify("READY=1")
	verdict, err := g.consult(ctx, roleEngine, Message{Config: &ConfigMessage{Generation: generation}})
	if err != nil {
		if _, final := err.(refusal); !final {
			defer func() { g.rejected.generation = nil }() // the engine died or is stuck: worth another try
		}
		return "", g.reject(generation, why, err)
	}
	report := verdict.Report
	g.generation, g.file, g.rejected = generation, file, nil
	g.saveLastGood()
	report = append(report, g.offerVRRP(ctx)...)
	report = orNothing(report)
	for _, line := range report {
		g.log.Info().Str("why", why).Str("generation", generation.ID()).Msg("configuration applied: " + line)
	}
	return strings.Join(report, "\n"), nil
}

// reject notes why an edit is not in force.
func (g *Guardian) reject(generation *conf.Generation, why string, err error) error {
	g.log.Error().Str("why", why).Str("generation", generation.ID()).
		Msg("configuration NOT applied, the last good one stays in force: " + err.Error())
	g.rejected = &Rejected{At: time.Now(), Reason: err.Error(), generation: generation}
	return err
}

// refuseLive names the settings that only a restart can change.
func (g *Guardian) refuseLive(next *conf.File) error {
	var names []string
	old, now := g.file.Process, next.Process
	if old.Datadir != now.Datadir && g.opt.Datadir == "" {
		names = append(names, "datadir")
	}
	if old.Pidfile != now.Pidfile {
		names = append(names, "pidfile")
	}
	if old.UUID != now.UUID {
		names = append(names, "uuid")
	}
	if old.ClusterSyncInterfaces != now.ClusterSyncInterfaces {
		names = append(names, "cluster_sync_interfaces")
	}
	if names == nil {
		return nil
	}
	return fmt.Errorf("%s cannot be changed while running: restart keepsql, or set it back", strings.Join(names, ", "))
}

// refusal is a child's reason not to take a configuration; the same bytes will not do better.
type refusal string

func (r refusal) Error() string { return string(r) }

func orNothing(report []string) []string {
	if len(report) == 0 {
		return []string{"no row, variable or virtual router changed"}
	}
	return report
}

// plan tells what a generation would change if it were in force.
func (g *Guardian) plan(ctx context.Context, generation *conf.Generation) (string, error) {
	file, ds := generation.Parse()
	if ds.HasErrors() {
		return "", errors.New("the configuration has errors:\n" + ds.String())
	}
	if err := g.refuseLive(file); err != nil {
		return "", err
	}
	var report []string
	for _, r := range []role{roleEngine, roleVRRP} {
		if g.children[r] == nil {
			continue
		}
		v, err := g.consult(ctx, r, Message{Config: &ConfigMessage{Generation: generation, Plan: true}})
		if err != nil {
			return "", err
		}
		report = append(report, v.Report...)
	}
	if g.children[roleVRRP] == nil && len(file.VRRP.Instances) > 0 {
		report = append(report, "vrrp: would be started")
	}
	return strings.Join(orNothing(report), "\n"), nil
}

// consult sends a child a message that wants a verdict and waits for it. A child that is not
// running takes the configuration at its next start.
func (g *Guardian) consult(ctx context.Context, r role, m Message) (*VerdictMessage, error) {
	c := g.children[r]
	if c == nil {
		return &VerdictMessage{Report: []string{fmt.Sprintf("the %s process is not running; it takes the configuration when it starts", r)}}, nil
	}
	g.seq++
	seq := g.seq // hear may count on
	if m.Config != nil {
		m.Config.Seq = seq
	} else {
		m.Ask.Seq = seq
	}
	if err := c.link.Send(m); err != nil {
		return nil, fmt.Errorf("reach the %s process: %w", r, err)
	}
	timeout := time.NewTimer(verdictTimeout)
	defer timeout.Stop()
	for {
		select {
		case e := <-g.events:
			if v := verdictOf(e, c, seq); v != nil {
				if v.Error != "" {
					return nil, refusal(v.Error)
				}
				return v, nil
			}
			g.hear(e)
			if g.children[r] != c {
				return nil, fmt.Errorf("the %s process died before it answered", r)
			}
		case <-timeout.C:
			return nil, fmt.Errorf("the %s process gave no verdict within %s", r, verdictTimeout)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func verdictOf(e childEvent, c *child, seq uint64) *VerdictMessage {
	if e.child != c || e.message == nil || e.message.Verdict == nil || e.message.Verdict.Seq != seq {
		return nil
	}
	return e.message.Verdict
}

// offerVRRP brings the vrrp child in line with the generation in force: it is started with
// the first virtual router and stopped after the last. A refusal is reported, not undone: the
// speaker's own validation has passed before.
func (g *Guardian) offerVRRP(ctx context.Context) []string {
	g.permits.renew(g.file.VRRP)
	c := g.children[roleVRRP]
	switch {
	case g.wantsVRRP() && c == nil:
		if t := g.restart[roleVRRP]; t != nil {
			t.Stop()
		}
		g.start(roleVRRP)
		return []string{"vrrp: started"}
	case !g.wantsVRRP() && c != nil:
		delete(g.children, roleVRRP)
		c.stop(vrrpPatience)
		return []string{"vrrp: stopped, the configuration has no vrrp_instance left"}
	case c == nil:
		return nil
	}
	verdict, err := g.consult(ctx, roleVRRP, Message{Config: &ConfigMessage{Generation: g.generation}})
	if err != nil {
		g.log.Error().Err(err).Msg("the vrrp process refused the configuration")
		return []string{"vrrp: refused: " + err.Error()}
	}
	return verdict.Report
}
