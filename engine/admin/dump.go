package admin

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// dumpCommands write down the state of the process. Upstream writes a core file; here it is the stack of every goroutine, which
// tells what a core file is asked for and holds no passwords.
func dumpCommands() []command {
	all := []command{
		{text: "PROXYSQL COREDUMP", run: dump(false)},
		{text: "PROXYSQL COREDUMP ", arg: true, run: dump(false)},
		{text: "PROXYSQL COMPRESSEDCOREDUMP", run: dump(true)},
		{text: "PROXYSQL COMPRESSEDCOREDUMP ", arg: true, run: dump(true)},
	}
	for _, way := range toRuntime {
		all = append(all, command{text: "LOAD COREDUMP " + way, run: loadDumpFilters})
	}
	return all
}

// dumps counts the files that were written, which admin-coredump_generation_threshold and …_interval_ms bound.
type dumps struct {
	mu    sync.Mutex // guards the rest
	count int
	last  time.Time
}

// allow tells whether one more may be written now.
func (d *dumps) allow(now time.Time, most int, apart time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.count >= most:
		return fmt.Errorf("%d core dumps were written, as many as admin-coredump_generation_threshold allows", d.count)
	case d.count > 0 && now.Sub(d.last) < apart:
		return fmt.Errorf("the last core dump is less than %v old (admin-coredump_generation_interval_ms)", apart)
	}
	d.count, d.last = d.count+1, now
	return nil
}

func dump(compressed bool) func(context.Context, *session, call) (answer, error) {
	return func(_ context.Context, s *session, c call) (answer, error) {
		s.received(c)
		vars := s.srv.admin.Load()
		err := s.srv.dumps.allow(time.Now(), vars.Int("admin-coredump_generation_threshold"), vars.Milliseconds("admin-coredump_generation_interval_ms"))
		if err != nil {
			return answer{}, err
		}
		name := cmp.Or(unquoted(c.arg), "core")
		if err := writeStacks(name, compressed); err != nil {
			return answer{}, err
		}
		return answer{info: "Coredump: " + name}, nil
	}
}

func writeStacks(name string, compressed bool) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write core dump: %w", err)
	}
	var w io.WriteCloser = f
	if compressed {
		w = gzip.NewWriter(f)
	}
	err = pprof.Lookup("goroutine").WriteTo(w, 2)
	if compressed {
		err = errors.Join(err, w.Close())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write core dump: %w", err)
	}
	return nil
}

// loadDumpFilters shows the filters of core dumps as loaded; they name lines of upstream's source, so nothing here obeys them.
func loadDumpFilters(_ context.Context, s *session, c call) (answer, error) {
	s.received(c)
	return answer{}, s.srv.store.Tx(func(tx store.Tx) error {
		rows, err := tx.Query("SELECT * FROM main.coredump_filters")
		if err != nil {
			return err
		}
		return tx.Fill("main.runtime_coredump_filters", rows.Project(schema.Lookup("main", "coredump_filters").ColumnNames()...))
	})
}
