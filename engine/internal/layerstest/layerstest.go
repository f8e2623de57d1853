// Package layerstest gives tests the layers of a configuration, in memory.
package layerstest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/store"
)

// Stack is a store with the layers above it; both end with the test.
type Stack struct {
	t      *testing.T
	Store  *store.Store
	Layers *layers.Manager
}

// New makes one that logs to w and is not booted yet, so that consumers can subscribe.
func New(t *testing.T, w io.Writer) *Stack {
	t.Helper()
	s := &Stack{t: t}
	var err error
	if s.Store, err = store.Open(""); err != nil {
		t.Fatal(err)
	}
	state, err := store.OpenState("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Store.Close(); err != nil {
			t.Error(err)
		}
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.Layers, err = layers.New(layers.Options{Log: zerolog.New(w), Store: s.Store, State: state}); err != nil {
		t.Fatal(err)
	}
	return s
}

// File reads a config file of the given text.
func File(t testing.TB, text string) *conf.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.cnf")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
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

// Load runs statements and then loads a module to runtime.
func (s *Stack) Load(module string, statements ...string) {
	s.t.Helper()
	for _, sql := range statements {
		if _, err := s.Store.Exec(context.Background(), sql); err != nil {
			s.t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := s.Layers.Load(module, "test"); err != nil {
		s.t.Fatal(err)
	}
}

// Run runs a part until the test ends, and joins it.
func (s *Stack) Run(run func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
}
