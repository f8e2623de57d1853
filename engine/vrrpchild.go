package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/privilege"
	"github.com/keepsql/keepsql/vrrp"
)

// statusInterval is how often a child tells the guardian its state.
const statusInterval = time.Second

// RunVRRP is the vrrp child: it speaks VRRP by the configuration it is handed until the
// guardian is gone or tells it to stop.
func RunVRRP(log zerolog.Logger) error {
	link, err := inheritedLink()
	if err != nil {
		return err
	}
	help, err := inheritedHelper()
	if err != nil {
		return errors.Join(err, link.Close())
	}
	defer help.Close()
	nameProcess(roleVRRP)
	if err := privilege.Keep(vrrpCapabilities...); err != nil {
		log.Warn().Err(err).Msg("the vrrp process has more rights than it needs")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	speaker := vrrp.New(log, vrrp.Options{TrackEngine: true, Realtime: true, Helper: help})
	c := &vrrpChild{log: log, link: link, speaker: speaker, ready: make(chan struct{}), asks: make(chan *AskMessage, askBacklog)}
	tasks := newTasks()
	tasks.run(func() error {
		defer stop() // the guardian is gone, or the link cannot be read
		return c.listen()
	})
	tasks.run(func() error { return c.report(ctx) })
	tasks.run(func() error { c.obey(ctx); return nil })
	tasks.run(func() error { c.answer(ctx); return nil })
	select {
	case <-c.ready: // the first configuration is applied: nothing is claimed before
	case <-ctx.Done():
	}
	err = speaker.Run(ctx)
	stop()
	return errors.Join(err, link.Close(), tasks.wait())
}

// nameProcess sets the name in the process table, which check scripts look for.
func nameProcess(r role) {
	_ = os.WriteFile("/proc/self/comm", []byte(processName[r]), 0) // cosmetic: not worth failing for
}

type vrrpChild struct {
	log     zerolog.Logger
	link    *Link
	speaker *vrrp.Speaker
	ready   chan struct{} // closed after the first configuration
	begun   bool
	asks    chan *AskMessage // for answer
}

// listen obeys the guardian until its end of the link closes.
func (c *vrrpChild) listen() error {
	for {
		m, err := c.link.Receive()
		if err != nil {
			return nil // the death notice of the guardian
		}
		switch {
		case m.Engine != nil:
			c.speaker.SetHealth(m.Engine.Health)
			c.speaker.SetEngine(m.Engine.Alive)
		case m.Peers != nil:
			c.speaker.SetPeers(m.Peers.Peers)
		case m.Ask != nil:
			c.enqueue(m.Ask)
		case m.Config != nil:
			if err := c.link.Send(Message{Verdict: c.configure(m.Config)}); err != nil {
				return nil
			}
			if err := c.begin(); err != nil {
				return nil
			}
		}
	}
}

// begin lets the speaker run once it has a configuration.
func (c *vrrpChild) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	close(c.ready)
	return c.link.Send(Message{Ready: true})
}

func (c *vrrpChild) configure(m *ConfigMessage) *VerdictMessage {
	v := &VerdictMessage{Seq: m.Seq}
	file, ds := m.Generation.ParseAgain()
	if ds.HasErrors() {
		v.Error = ds.String()
		return v
	}
	if m.Plan {
		v.Report = describeReport(c.speaker.Compare(file.VRRP))
		return v
	}
	v.Report = describeReport(c.speaker.Apply(file.VRRP))
	return v
}

// describeReport puts what a configuration means for the instances into lines.
func describeReport(r vrrp.Report) []string {
	var lines []string
	for _, part := range []struct {
		what  string
		names []string
	}{
		{"added", r.Added}, {"removed", r.Removed}, {"changed live", r.Changed},
		{"started anew", r.Restarted}, {"check scripts changed", r.Scripts},
	} {
		if len(part.names) > 0 {
			lines = append(lines, fmt.Sprintf("vrrp: %s: %s", part.what, strings.Join(part.names, ", ")))
		}
	}
	return lines
}

// obey serves the signals that people and exporters send to keepalived, by its process name.
func (c *vrrpChild) obey(ctx context.Context) {
	kinds := map[os.Signal]vrrp.DumpKind{
		syscall.SIGUSR1: vrrp.DumpData, syscall.SIGUSR2: vrrp.DumpStats,
		syscall.Signal(36): vrrp.DumpJSON, syscall.Signal(63): vrrp.DumpStatsClear, // as keepalived --signum says
	}
	got := make(chan os.Signal, 8)
	signal.Notify(got, syscall.SIGHUP)
	for s := range kinds {
		signal.Notify(got, s)
	}
	defer signal.Stop(got)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-got:
			if kind, ok := kinds[s]; ok {
				c.speaker.Dump(kind)
				continue
			}
			c.log.Info().Msg("edited config files are taken without a signal; `keepsql reload` takes them now")
		}
	}
}

// report sends the state of the instances whenever it differs from the last that was sent.
func (c *vrrpChild) report(ctx context.Context) error {
	tick := time.NewTicker(statusInterval)
	defer tick.Stop()
	var last string
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		text, err := json.Marshal(c.speaker.Status())
		if err != nil {
			return fmt.Errorf("encode status: %w", err)
		}
		if string(text) == last {
			continue
		}
		last = string(text)
		if err := c.link.Send(Message{Status: text}); err != nil {
			return nil // the guardian is gone; listen has seen it too
		}
	}
}
