// Package watch tells when configuration files may have changed.
//
//  1. the directories of the files are watched, not the files: a rename over a file, an
//     editor's backup dance and the swap of a symbolic link are all events of a directory;
//  2. events are gathered until none came for a while (Settle), at most for a bounded time;
//  3. then one tick is sent. Whether bytes really differ is for the reader to find out.
//
// It reads no file and knows nothing of what they hold.
package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// Default timings of a Watcher.
const (
	Settle  = 20 * time.Millisecond // quiet time before a tick
	MaxWait = 500 * time.Millisecond
	// Recheck is how often directories that are missing are looked for again, and how often
	// a tick is sent without an event, for file systems that send none.
	Recheck = 10 * time.Second
)

// Watcher watches a set of files that may change over time.
type Watcher struct {
	// Settle, MaxWait and Recheck may be changed before Run.
	Settle, MaxWait, Recheck time.Duration

	log   zerolog.Logger
	fs    *fsnotify.Watcher
	files chan []string
	ticks chan struct{}
}

// New makes a Watcher; Run must be called for it to do anything.
func New(log zerolog.Logger) (*Watcher, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch config files: %w", err)
	}
	return &Watcher{
		Settle: Settle, MaxWait: MaxWait, Recheck: Recheck,
		log: log, fs: fs, files: make(chan []string), ticks: make(chan struct{}, 1),
	}, nil
}

// Ticks gets a value whenever the files may have changed; ticks that nobody took yet merge.
func (w *Watcher) Ticks() <-chan struct{} { return w.ticks }

// Watch replaces the set of files (and glob patterns, whose directory is watched).
func (w *Watcher) Watch(ctx context.Context, files []string) {
	select {
	case w.files <- files:
	case <-ctx.Done():
	}
}

// Run watches until the context ends.
func (w *Watcher) Run(ctx context.Context) error {
	defer w.fs.Close()
	recheck := time.NewTicker(w.Recheck)
	defer recheck.Stop()
	settle := newIdleTimer()
	var files []string
	var since time.Time // of the first event that was not reported yet
	for {
		select {
		case <-ctx.Done():
			return nil
		case files = <-w.files:
			if w.rewatch(files) {
				settle.Reset(w.Settle)
			}
		case e, ok := <-w.fs.Events:
			if !ok {
				return nil
			}
			if e.Has(fsnotify.Chmod) && e.Op == fsnotify.Chmod {
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			settle.Reset(min(w.Settle, max(0, w.MaxWait-time.Since(since))))
		case err, ok := <-w.fs.Errors:
			if !ok {
				return nil
			}
			w.log.Warn().Err(err).Msg("watching config files: events may have been lost")
			settle.Reset(w.Settle)
		case <-settle.C:
			since = time.Time{}
			if w.rewatch(files) {
				settle.Reset(w.Settle)
			}
			w.tick()
		case <-recheck.C:
			w.rewatch(files)
			w.tick()
		}
	}
}

func (w *Watcher) tick() {
	select {
	case w.ticks <- struct{}{}:
	default:
	}
}

// newIdleTimer makes a timer that does not run yet.
func newIdleTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// rewatch watches the directories the files are in now. A directory that does not exist is
// stood in for by the nearest one above it that does. It reports whether a directory is no
// longer watched: what happened in it at that moment may have gone unseen.
func (w *Watcher) rewatch(files []string) (dropped bool) {
	var want []string
	for _, f := range files {
		want = append(want, directories(f)...)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	have := w.fs.WatchList()
	for _, dir := range have {
		if !slices.Contains(want, dir) {
			_ = w.fs.Remove(dir) // it may be gone by itself
			dropped = true
		}
	}
	for _, dir := range want {
		// Adding again is harmless, and needed where a directory was removed and made anew.
		if err := w.fs.Add(dir); err != nil {
			w.log.Warn().Err(err).Str("directory", dir).Msg("cannot watch a directory of the config files; it is tried again")
		}
	}
	return dropped
}

// directories gives the directory of the name as written and, behind symbolic links, of every
// file on the way to the one with the bytes.
func directories(file string) []string {
	var out []string
	for hops := 0; hops < 16; hops++ {
		abs, err := filepath.Abs(file)
		if err != nil {
			return out
		}
		out = append(out, nearest(filepath.Dir(abs)))
		// A directory on the way may be the link that is swapped, as in a mounted ConfigMap.
		if real, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil && real != filepath.Dir(abs) {
			out = append(out, nearest(filepath.Dir(filepath.Dir(abs))), real)
		}
		target, err := os.Readlink(abs)
		if err != nil {
			return out
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(abs), target)
		}
		// The link itself may point through a second link one level up (…/..data/file).
		out = append(out, nearest(filepath.Dir(filepath.Dir(target))))
		file = target
	}
	return out
}

// nearest is the directory, or the closest one above it that exists.
func nearest(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return dir
		}
		dir = up
	}
}
