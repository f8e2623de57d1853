// Package layerstest gives tests the layers of a configuration, with the databases below them.
package layerstest

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// patience bounds the wait for a part to stop.
const patience = 20 * time.Second

// Stack is a store with the layers above it; both end with the test.
type Stack struct {
	t      testing.TB
	Store  *store.Store
	State  *store.State
	Layers *layers.Manager
	closed sync.Once
}

// New makes one in memory that logs to w and is not booted yet, so that consumers can subscribe.
func New(t testing.TB, w io.Writer) *Stack {
	t.Helper()
	return Open(t, "", layers.Options{Log: zerolog.New(w)})
}

// Open makes one on a data directory, "" in memory, and does not boot it. Of the options it sets Store and State.
func Open(t testing.TB, datadir string, o layers.Options) *Stack {
	t.Helper()
	s := &Stack{t: t}
	var err error
	if s.Store, err = store.Open(datadir); err != nil {
		t.Fatal(err)
	}
	if s.State, err = store.OpenState(datadir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	o.Store, o.State = s.Store, s.State
	if s.Layers, err = layers.New(o); err != nil {
		t.Fatal(err)
	}
	return s
}

// Close closes the databases before the test ends, for one that opens its data directory again.
func (s *Stack) Close() {
	s.closed.Do(func() {
		if err := errors.Join(s.Store.Close(), s.State.Close()); err != nil {
			s.t.Error(err)
		}
	})
}

// File reads a config file of the given text.
func File(t testing.TB, text string) *conf.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.cnf")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(t, name)
}

// Read reads a config file.
func Read(t testing.TB, name string) *conf.File {
	t.Helper()
	g, ds := conf.Read([]string{name})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	f, ds := g.Parse()
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	return f
}

// Boot loads a config file of the given text.
func (s *Stack) Boot(text string) {
	s.t.Helper()
	if err := s.Layers.Boot(File(s.t, text), false); err != nil {
		s.t.Fatal(err)
	}
}

// Exec runs statements on the admin database.
func (s *Stack) Exec(statements ...string) {
	s.t.Helper()
	for _, sql := range statements {
		if _, err := s.Store.Exec(context.Background(), sql); err != nil {
			s.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// List gives the rows of a query on the admin database as Text has them.
func (s *Stack) List(sql string) string {
	s.t.Helper()
	r, err := s.Store.Exec(context.Background(), sql)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return Text(r.Rows)
}

// Text gives rows as one text: cells joined by commas, rows by blanks.
func Text(rows *schema.Rows) string {
	var out []string
	for _, r := range rows.Rows {
		var cells []string
		for _, c := range r {
			cells = append(cells, c.Text)
		}
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, " ")
}

// Load runs statements on the admin database and then loads a module to runtime.
func (s *Stack) Load(module string, statements ...string) {
	s.t.Helper()
	s.Exec(statements...)
	if err := s.Layers.Load(module, "test"); err != nil {
		s.t.Fatal(err)
	}
}

// Run runs a part until the test ends, and joins it. What was run last stops first.
func (s *Stack) Run(part func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	s.t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			if err != nil {
				s.t.Error(err)
			}
		case <-time.After(patience):
			s.t.Errorf("a part did not stop within %v", patience)
		}
	})
}
