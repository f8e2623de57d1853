// Package scheduler runs the programs of table scheduler, each again and again at its interval.
//
//  1. LOAD SCHEDULER TO RUNTIME gives it the active rows; a job whose row is unchanged goes on undisturbed, one that is new
//     runs at once;
//  2. a job that is due while its last run still goes on is left out that time, so that a program that hangs does not pile up
//     (upstream starts another one);
//  3. at the end of the process, or when a job is taken away, the program and its children are told to end, and after a
//     while are killed.
//
// What a program prints goes to the log of the process. The package does not know what the programs do.
package scheduler

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// killAfter is how long a program that was told to end may take.
const killAfter = 3 * time.Second

// job is a row of the table.
type job struct {
	id       string
	interval time.Duration // from start to start
	argv     []string
}

func (j job) same(o job) bool {
	return j.id == o.id && j.interval == o.interval && slices.Equal(j.argv, o.argv)
}

// Layers is where the module comes from.
type Layers interface {
	Subscribe(module string, c layers.Consumer)
}

// Scheduler runs the jobs in force.
type Scheduler struct {
	log     zerolog.Logger
	changed chan []job // the latest jobs that Run has not seen
}

// New subscribes to the module scheduler.
func New(log zerolog.Logger, l Layers) *Scheduler {
	s := &Scheduler{log: log, changed: make(chan []job, 1)}
	l.Subscribe("scheduler", layers.ConsumerFunc(s.prepare))
	return s
}

// prepare is the consumer of the module.
func (s *Scheduler) prepare(snap *layers.Snapshot) (commit func(), err error) {
	jobs := read(snap.Runtime["scheduler"])
	return func() {
		select {
		case <-s.changed: // overtaken
		default:
		}
		s.changed <- jobs
	}, nil
}

// read gives the active jobs. Arguments end at the first that is NULL.
func read(rows *schema.Rows) []job {
	var jobs []job
	for i := range rows.Rows {
		if rows.Get(i, "active").Text != "1" {
			continue
		}
		ms, _ := strconv.Atoi(rows.Get(i, "interval_ms").Text) // the table lets whole numbers from 100 on pass
		j := job{id: rows.Get(i, "id").Text, interval: time.Duration(ms) * time.Millisecond, argv: []string{rows.Get(i, "filename").Text}}
		for n := 1; n <= 5; n++ {
			arg := rows.Get(i, "arg"+strconv.Itoa(n))
			if arg.Null {
				break
			}
			j.argv = append(j.argv, arg.Text)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// running is a job with the goroutine that runs it.
type running struct {
	job
	stop context.CancelFunc
}

// Run runs the jobs until ctx ends, and returns when no program is left.
func (s *Scheduler) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	var now []running
	for {
		select {
		case <-ctx.Done():
			for _, r := range now {
				r.stop()
			}
			return nil
		case jobs := <-s.changed:
			now = s.apply(ctx, &all, now, jobs)
		}
	}
}

// apply stops the jobs that are no longer there and starts the new ones.
func (s *Scheduler) apply(ctx context.Context, all *sync.WaitGroup, now []running, jobs []job) []running {
	var next []running
	for _, r := range now {
		if slices.ContainsFunc(jobs, r.same) {
			next = append(next, r)
		} else {
			r.stop()
		}
	}
	for _, j := range jobs {
		if slices.ContainsFunc(next, func(r running) bool { return r.same(j) }) {
			continue
		}
		jobCtx, stop := context.WithCancel(ctx)
		next = append(next, running{j, stop})
		all.Go(func() {
			defer stop()
			s.repeat(jobCtx, j)
		})
	}
	return next
}

// repeat runs one job. The ticker drops the times at which the last run still goes on.
func (s *Scheduler) repeat(ctx context.Context, j job) {
	tick := time.NewTicker(j.interval)
	defer tick.Stop()
	failed := ""
	for {
		started := time.Now()
		err := run(ctx, j.argv)
		if ctx.Err() != nil {
			return
		}
		if took := time.Since(started); took > j.interval {
			s.log.Warn().Str("job", j.id).Strs("command", j.argv).Dur("took", took).Msg("scheduled program takes longer than its interval")
		}
		failed = s.report(j, err, failed)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// report logs a failure once, until it is another one or is gone; it gives what to compare the next one with.
func (s *Scheduler) report(j job, err error, before string) string {
	if err == nil {
		if before != "" {
			s.log.Info().Str("job", j.id).Strs("command", j.argv).Msg("scheduled program succeeds again")
		}
		return ""
	}
	if err.Error() != before {
		s.log.Warn().Str("job", j.id).Strs("command", j.argv).Err(err).Msg("scheduled program failed")
	}
	return err.Error()
}

// run runs a program to its end.
func run(ctx context.Context, argv []string) error {
	if !strings.Contains(argv[0], "/") {
		return fmt.Errorf("%s: not a path", argv[0]) // upstream does not look in PATH either
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = killAfter
	err := cmd.Run()
	if cmd.Process != nil && ctx.Err() != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // children that did not listen
	}
	return err
}
