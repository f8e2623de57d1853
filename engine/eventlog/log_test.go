package eventlog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/eventlog"
	"github.com/keepsql/keepsql/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// running is a log whose writer runs until stop.
func running(t *testing.T, dir string) (l *eventlog.Log, stop func()) {
	t.Helper()
	l = eventlog.New(eventlog.Options{Log: zerolog.Nop(), Title: "events log", Dir: dir})
	l.Keep(100)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { l.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
	})
	t.Cleanup(stop)
	return l, stop
}

// files gives the content of a directory: how many lines each file has.
func files(t *testing.T, dir string) map[string]int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = strings.Count(string(b), "\n")
	}
	return out
}

func event(i int) *eventlog.Event {
	return &eventlog.Event{ThreadID: uint64(i), Username: "app", Hostgroup: -1, Query: []byte(fmt.Sprint("SELECT ", i))}
}

func TestFilesAndNumbers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "events.00000007"), []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, stop := running(t, dir)
	l.Add(0, event(0)) // off
	l.Configure("events", 1<<20, eventlog.JSON)
	l.Add(0, event(1))
	l.Add(1, event(2))
	l.Flush()
	l.Add(0, event(3))
	l.Flush()
	l.Flush() // nothing was written since
	l.Configure("other", 1<<20, eventlog.JSON)
	l.Flush()
	l.Add(0, event(4))
	l.Configure("", 0, eventlog.JSON)
	l.Add(0, event(5))
	stop()
	want := map[string]int{"events.00000007": 1, "events.00000008": 2, "events.00000009": 1, "events.00000010": 0, "other.00000001": 1}
	if d := cmp.Diff(want, files(t, dir)); d != "" {
		t.Error(d)
	}
	if s := l.Stats(); s.Written != 4 || s.Dropped != 0 || s.Queued != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestFormatChanges(t *testing.T) {
	dir := t.TempDir()
	l, stop := running(t, dir)
	l.Configure("events", 1<<20, eventlog.Binary)
	l.Add(0, event(1))
	l.Flush()
	l.Configure("events", 1<<20, eventlog.JSON)
	l.Flush()
	l.Add(0, event(2))
	stop()
	b, err := os.ReadFile(filepath.Join(dir, "events.00000001"))
	if err != nil {
		t.Fatal(err)
	}
	if e, n, err := decode(b); err != nil || n != len(b) || e.ThreadID != 1 {
		t.Errorf("first file: %+v, %d of %d bytes, %v", e, n, len(b), err)
	}
	names := []string{}
	for name, lines := range files(t, dir) {
		if lines == 1 {
			names = append(names, name)
		}
	}
	if len(names) != 1 || names[0] == "events.00000001" {
		t.Errorf("files with one line: %v", names)
	}
}

func TestSizeAndNumberOfFiles(t *testing.T) {
	dir := t.TempDir()
	l, stop := running(t, dir)
	l.Keep(3)
	one := int64(len(event(100).Append(nil, eventlog.JSON)))
	l.Configure("events", 10*one, eventlog.JSON)
	for i := 100; i < 200; i++ {
		l.Add(0, event(i))
	}
	l.Flush()
	stop()
	got := files(t, dir)
	var names []string
	for name := range got {
		names = append(names, name)
	}
	slices.Sort(names)
	// a hundred records make ten files, and an eleventh is begun
	if d := cmp.Diff([]string{"events.00000009", "events.00000010", "events.00000011"}, names); d != "" {
		t.Error(d)
	}
	if got["events.00000009"] != 10 || got["events.00000010"] != 10 {
		t.Errorf("lines: %v", got)
	}
}

func TestUnwritableFile(t *testing.T) {
	l, stop := running(t, "/nonexistent/directory")
	l.Configure("events", 1<<20, eventlog.JSON)
	for i := range 10 {
		l.Add(0, event(i))
	}
	l.Flush()
	stop()
	if s := l.Stats(); s.Dropped != 10 || s.Written != 0 {
		t.Errorf("stats: %+v", s)
	}
}

// Without a writer the buffers fill up, and what does not fit is counted.
func TestBufferIsBounded(t *testing.T) {
	l := eventlog.New(eventlog.Options{Log: zerolog.Nop()})
	l.Configure("never-written", 1<<20, eventlog.JSON)
	e := event(1)
	e.Query = make([]byte, 100_000)
	for range 500 { // with nobody who writes; Add that waited would wait for ever
		l.Add(0, e)
	}
	s := l.Stats()
	if s.Queued > 32<<20 || s.Dropped == 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestConcurrent(t *testing.T) {
	dir := t.TempDir()
	l, stop := running(t, dir)
	l.Configure("events", 1<<20, eventlog.JSON)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				l.Add(uint32(g), event(i))
				l.AddAudit(uint32(g), &eventlog.AuditEvent{Event: "MySQL_Client_Quit", Time: time.Now()})
				if g == 0 && i%100 == 0 {
					l.Flush()
				}
			}
		})
	}
	wg.Wait()
	stop()
	lines := 0
	for _, n := range files(t, dir) {
		lines += n
	}
	if s := l.Stats(); lines != 4000 || s.Written != 4000 {
		t.Errorf("%d lines, stats %+v", lines, s)
	}
}

func TestNoAllocations(t *testing.T) {
	e := event(1)
	e.Start, e.End = time.Now(), time.Now()
	b := make([]byte, 0, 4096)
	for _, f := range []eventlog.Format{eventlog.Binary, eventlog.JSON} {
		if n := testing.AllocsPerRun(100, func() { b = e.Append(b[:0], f) }); n != 0 {
			t.Errorf("format %d: %v allocations", f, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	e := event(1)
	e.Start, e.End = time.Now(), time.Now()
	e.Query = []byte("SELECT DISTINCT c FROM sbtest2 WHERE id BETWEEN 100 AND 199 ORDER BY c")
	for _, f := range []eventlog.Format{eventlog.Binary, eventlog.JSON} {
		b.Run(fmt.Sprint("format", f), func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = e.Append(buf[:0], f)
			}
		})
	}
}
