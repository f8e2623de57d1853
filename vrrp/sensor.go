package vrrp

import (
	"context"
	"reflect"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/probe"
)

// sensor is one tracked file or process that is watched.
type sensor struct {
	conf    any // *vrrpconf.TrackFile or *vrrpconf.TrackProcess, without position
	cancel  context.CancelFunc
	verdict machine.Event // what it says; nil until that is known
}

// useSensors watches the files and processes that some router tracks. An unchanged one goes
// on undisturbed.
func (l *loop) useSensors(cfg *vrrpconf.Config) {
	need := map[string]bool{}
	for _, r := range l.routers {
		for _, t := range r.conf.Files {
			need[prefixFile+t.Name] = true
		}
		for _, t := range r.conf.Processes {
			need[prefixProcess+t.Name] = true
		}
	}
	kept := map[string]*sensor{}
	for _, c := range cfg.TrackFiles {
		f := *c
		f.Pos, f.Weight, f.Reverse = confparse.Pos{}, 0, false // weights are the routers' business
		l.useSensor(prefixFile+c.Name, &f, need, kept, func(ctx context.Context, s *sensor) { l.watchFile(ctx, s, &f) })
	}
	for _, c := range cfg.TrackProcesses {
		p := *c
		p.Pos, p.Weight, p.Reverse = confparse.Pos{}, 0, false
		l.useSensor(prefixProcess+c.Name, &p, need, kept, func(ctx context.Context, s *sensor) { l.watchProcess(ctx, s, &p) })
	}
	for name, s := range l.sensors {
		if kept[name] != s {
			s.cancel()
		}
	}
	l.sensors = kept
}

func (l *loop) useSensor(name string, conf any, need map[string]bool, kept map[string]*sensor, watch func(context.Context, *sensor)) {
	if !need[name] || kept[name] != nil {
		return
	}
	if s := l.sensors[name]; s != nil && reflect.DeepEqual(s.conf, conf) {
		kept[name] = s
		return
	}
	ctx, cancel := context.WithCancel(l.ctx)
	s := &sensor{conf: conf, cancel: cancel}
	kept[name] = s
	l.wg.Go(func() { watch(ctx, s) })
}

func (l *loop) watchFile(ctx context.Context, s *sensor, c *vrrpconf.TrackFile) {
	log := l.log.With().Str(keyFile, c.Name).Logger()
	f := probe.File{
		Path: c.File, Init: c.Init, InitOverwrite: c.InitOverwrite, InitValue: c.InitValue, Every: l.timings.LookFile,
		Read: l.s.opts.Helper.ReadFile, Write: l.s.opts.Helper.InitFile,
		Report: func(n int) {
			log.Info().Msgf("tracked file %s has the value %d", c.Name, n)
			l.sensed(s, machine.Value{Name: prefixFile + c.Name, Value: n})
		},
		Trouble: func(err error) { log.Warn().Err(err).Msg("the number of a tracked file stays as it was") },
	}
	f.Run(ctx)
}

func (l *loop) watchProcess(ctx context.Context, s *sensor, c *vrrpconf.TrackProcess) {
	p := probe.Process{
		Command: c.Command, Full: c.FullCommand,
		Initial: c.ParamMatch == vrrpconf.ParamInitial, Partial: c.ParamMatch == vrrpconf.ParamPartial,
		Quorum: c.Quorum, Max: c.QuorumMax, UpDelay: c.ForkDelay, DownDelay: c.TerminateDelay, Every: l.timings.LookProcess,
		Report: func(up bool) {
			what := "lost"
			if up {
				what = "gained"
			}
			l.log.Info().Str(keyProcess, c.Name).Msgf("Quorum %s for tracked process %s", what, c.Name)
			l.sensed(s, machine.Track{Name: prefixProcess + c.Name, Up: up})
		},
	}
	p.Run(ctx)
}

// sensed passes a verdict on to the loop and from there to all routers.
func (l *loop) sensed(s *sensor, verdict machine.Event) {
	l.s.post(func(l *loop) {
		s.verdict = verdict
		now := time.Now()
		for _, r := range l.routers {
			l.step(r, now, verdict)
		}
	})
}
