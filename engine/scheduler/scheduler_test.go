package scheduler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/engine/scheduler"
	"github.com/keepsql/keepsql/internal/leaktest"
	"github.com/keepsql/keepsql/internal/logtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// bench is a running scheduler and a directory for what its programs write.
type bench struct {
	*layerstest.Stack
	t   *testing.T
	log *logtest.Log
	dir string
}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, log: &logtest.Log{}, dir: t.TempDir()}
	b.Stack = layerstest.New(t, b.log)
	s := scheduler.New(zerolog.New(b.log), b.Layers)
	b.Boot("")
	b.Run(s.Run)
	return b
}

// script writes a shell script that appends its process id and arguments to a file before it goes on.
func (b *bench) script(name, then string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	text := fmt.Sprintf("#!/bin/sh\necho \"$$ $*\" >>%s.out\n%s\n", path, then)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// runs gives a line for each run of a script: its process id and arguments.
func (b *bench) runs(script string) []string {
	text, _ := os.ReadFile(script + ".out") // there is none before the first run
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[:strings.Count(string(text), "\n")]
}

func (b *bench) wait(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); {
		if time.Now().After(end) {
			b.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRunsAtItsInterval(t *testing.T) {
	b := start(t)
	path := b.script("job", "")
	began := time.Now()
	b.Load("scheduler", "INSERT INTO scheduler(interval_ms, filename, arg1, arg2, arg4) VALUES(100, '"+path+"', 'one', 'two words', 'not this')",
		"INSERT INTO scheduler(active, interval_ms, filename) VALUES(0, 100, '/nowhere')")
	b.wait("four runs", func() bool { return len(b.runs(path)) >= 4 })
	if took := time.Since(began); took < 250*time.Millisecond {
		t.Errorf("four runs, 100 ms apart, after %s", took)
	}
	if _, args, _ := strings.Cut(b.runs(path)[0], " "); args != "one two words" {
		t.Errorf("arguments %q", args)
	}
	b.Load("scheduler", "DELETE FROM scheduler")
	b.wait("an end of the runs after the row was deleted", func() bool { // a run that has begun may be slow to tell
		n := len(b.runs(path))
		time.Sleep(500 * time.Millisecond)
		return len(b.runs(path)) == n
	})
}

func TestDoesNotPileUp(t *testing.T) {
	b := start(t)
	slow := b.script("slow", "sleep 60 & wait")
	quick := b.script("quick", "")
	b.Load("scheduler", "INSERT INTO scheduler(interval_ms, filename) VALUES(100, '"+slow+"'), (100, '"+quick+"')")
	b.wait("the quick job to run often beside the slow one", func() bool { return len(b.runs(quick)) >= 5 && len(b.runs(slow)) > 0 })
	if n := len(b.runs(slow)); n != 1 {
		t.Errorf("the slow job was started %d times", n)
	}
	// a reload leaves the unchanged job alone, and ends the one that is gone, with its children
	word, _, _ := strings.Cut(b.runs(slow)[0], " ")
	group, err := strconv.Atoi(word)
	if err != nil {
		t.Fatal(err)
	}
	b.Load("scheduler", "INSERT INTO scheduler(interval_ms, filename) VALUES(5000, '"+b.script("other", "")+"')")
	time.Sleep(50 * time.Millisecond)
	if err := syscall.Kill(-group, 0); err != nil {
		t.Errorf("the reload ended a job that did not change: %v", err)
	}
	b.Load("scheduler", "DELETE FROM scheduler WHERE filename='"+slow+"'")
	b.wait("the slow job to end", func() bool { return syscall.Kill(-group, 0) == syscall.ESRCH })
}

func TestFailuresAreSaidOnce(t *testing.T) {
	b := start(t)
	flag := filepath.Join(b.dir, "flag")
	path := b.script("failing", "test -e "+flag)
	b.Load("scheduler", "INSERT INTO scheduler(interval_ms, filename) VALUES(100, '"+path+"'), (100, '/does/not/exist'), (100, 'true')")
	b.wait("four failures", func() bool { return len(b.runs(path)) >= 4 })
	for what, want := range map[string]int{
		"exit status 1": 1, "/does/not/exist: no such file or directory": 1, "true: not a path": 1,
	} {
		b.wait(what+" in the log", func() bool { return b.log.Count(what) > 0 })
		if got := b.log.Count(what); got != want {
			t.Errorf("the log has %q %d times, want %d", what, got, want)
		}
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.wait("the success in the log", func() bool { return b.log.Count("succeeds again") == 1 })
}
