package watch_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/watch"
	"github.com/keepsql/keepsql/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// settle is so long that a busy host does not make two edits of one.
const settle = 500 * time.Millisecond

// start watches a file and returns the watcher; the watch is up when it returns.
func start(t *testing.T, files ...string) *watch.Watcher {
	t.Helper()
	w, err := watch.New(zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	w.Settle, w.MaxWait, w.Recheck = settle, time.Minute, time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	w.Watch(ctx, files)
	w.Watch(ctx, files) // the second is taken only after the first was carried out
	return w
}

func wait(t *testing.T, w *watch.Watcher, what string) {
	t.Helper()
	select {
	case <-w.Ticks():
	case <-time.After(30 * time.Second):
		t.Fatalf("no tick after: %s", what)
	}
}

func quiet(t *testing.T, w *watch.Watcher, what string) {
	t.Helper()
	select {
	case <-w.Ticks():
		t.Fatalf("a tick after: %s", what)
	case <-time.After(2 * settle):
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	must(t, os.WriteFile(file, []byte(text), 0o600))
}

// edit does something that is to give one tick. Where the host held the edit up in its middle, there may be more.
func edit(t *testing.T, w *watch.Watcher, what string, do func()) {
	t.Helper()
	began := time.Now()
	do()
	took := time.Since(began)
	wait(t, w, what)
	if took < settle/2 {
		quiet(t, w, "that one edit: "+what)
	}
}

func TestEdits(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.cnf")
	write(t, file, "1")
	w := start(t, file)
	quiet(t, w, "nothing")

	write(t, file, "2")
	wait(t, w, "a write in place")

	edit(t, w, "a rename over the file", func() {
		write(t, file+".new", "3")
		must(t, os.Rename(file+".new", file))
	})
	edit(t, w, "an editor's backup dance", func() {
		must(t, os.Rename(file, file+"~"))
		write(t, file, "4")
		must(t, os.Remove(file+"~"))
	})

	must(t, os.Chmod(file, 0o640))
	quiet(t, w, "a chmod")
}

func TestLinkSwap(t *testing.T) {
	dir := t.TempDir()
	for _, v := range []string{"..v1", "..v2"} {
		must(t, os.Mkdir(filepath.Join(dir, v), 0o755))
		write(t, filepath.Join(dir, v, "a.cnf"), v)
	}
	must(t, os.Symlink("..v1", filepath.Join(dir, "..data")))
	must(t, os.Symlink(filepath.Join("..data", "a.cnf"), filepath.Join(dir, "a.cnf")))
	w := start(t, filepath.Join(dir, "a.cnf"))
	must(t, os.Symlink("..v2", filepath.Join(dir, "..new")))
	must(t, os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
	wait(t, w, "a swap of the ConfigMap's link")
}

func TestDirectoryComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc")
	file := filepath.Join(dir, "a.cnf")
	must(t, os.Mkdir(dir, 0o755))
	write(t, file, "1")
	w := start(t, file)
	must(t, os.RemoveAll(dir))
	wait(t, w, "the removal of the directory")
	must(t, os.Mkdir(dir, 0o755))
	wait(t, w, "the return of the directory")
	write(t, file, "2")
	wait(t, w, "a write in the directory that came back")
}
