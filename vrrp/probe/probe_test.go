package probe_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp/probe"
)

// run runs a watcher and returns a function that waits for its next report.
func run[T any](t *testing.T, start func(ctx context.Context, report func(T))) func() T {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reports := make(chan T, 100)
	var wg sync.WaitGroup
	wg.Go(func() { start(ctx, func(v T) { reports <- v }) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return func() T {
		t.Helper()
		select {
		case v := <-reports:
			return v
		case <-time.After(30 * time.Second):
			t.Fatal("no report within half a minute")
			panic("not reached")
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tf")
	trouble := make(chan error, 10)
	next := run(t, func(ctx context.Context, report func(int)) {
		f := probe.File{Path: path, Init: true, InitValue: 7, Every: time.Millisecond, Report: report,
			Trouble: func(err error) { trouble <- err }}
		f.Run(ctx)
	})
	write := func(text string) {
		t.Helper()
		tmp := path + ".new" // so that no empty file is seen in between
		if err := errors.Join(os.WriteFile(tmp, []byte(text), 0o644), os.Rename(tmp, path)); err != nil {
			t.Fatal(err)
		}
	}
	got := []int{next()}
	write("3\n")
	got = append(got, next())
	write("junk")
	if err := <-trouble; !strings.Contains(err.Error(), "does not hold a number") {
		t.Error(err)
	}
	write("-40")
	got = append(got, next())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	got = append(got, next())
	if diff := cmp.Diff([]int{7, 3, -40, 0}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFileInitKeeps: init_file does not overwrite unless told to.
func TestFileInitKeeps(t *testing.T) {
	for overwrite, want := range map[bool]int{false: 5, true: 9} {
		path := filepath.Join(t.TempDir(), "tf")
		if err := os.WriteFile(path, []byte("5"), 0o644); err != nil {
			t.Fatal(err)
		}
		next := run(t, func(ctx context.Context, report func(int)) {
			f := probe.File{Path: path, Init: true, InitOverwrite: overwrite, InitValue: 9, Every: time.Second, Report: report}
			f.Run(ctx)
		})
		if got := next(); got != want {
			t.Errorf("overwrite %v: %d", overwrite, got)
		}
	}
}

func TestProcess(t *testing.T) {
	// Longer than what the kernel keeps, and another than that of the same test in another process.
	name := fmt.Sprint("keepsql-probed-sleep-", os.Getpid())
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("skipped: no sleep")
	}
	start := func(args ...string) *exec.Cmd {
		t.Helper()
		c := &exec.Cmd{Path: sleep, Args: append([]string{name}, args...)}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
		return c
	}
	for _, c := range []struct {
		what  string
		p     probe.Process
		args  []string
		count int
	}{
		{"one with parameters", probe.Process{Command: []string{name, "100"}, Quorum: 1}, []string{"100"}, 1},
		{"initial", probe.Process{Command: []string{name, "100"}, Initial: true, Quorum: 1}, []string{"100", "1"}, 1},
		{"partial", probe.Process{Command: []string{name, "10"}, Partial: true, Quorum: 1}, []string{"101"}, 1},
		{"two of them", probe.Process{Command: []string{name, "102"}, Quorum: 2}, []string{"102"}, 2},
	} {
		t.Run(c.what, func(t *testing.T) {
			next := run(t, func(ctx context.Context, report func(bool)) {
				c.p.Every, c.p.Report = 5*time.Millisecond, report
				c.p.Run(ctx)
			})
			if next() {
				t.Fatal("up at the start")
			}
			var last *exec.Cmd
			for range c.count {
				last = start(c.args...)
			}
			if !next() {
				t.Fatal("a second time down")
			}
			_ = last.Process.Kill()
			_ = last.Wait()
			if next() {
				t.Fatal("a second time up")
			}
		})
	}
}

// TestProcessOwnName: without parameters the name counts.
func TestProcessOwnName(t *testing.T) {
	b, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Skip("skipped: no /proc")
	}
	next := run(t, func(ctx context.Context, report func(bool)) {
		p := probe.Process{Command: []string{strings.TrimSpace(string(b))}, Quorum: 1, Every: time.Hour, Report: report}
		p.Run(ctx)
	})
	if !next() {
		t.Error("this process is not found")
	}
}
