// Package looptest gives tests event loops.
package looptest

import (
	"testing"

	"github.com/keepsql/keepsql/engine/eventloop"
)

// Start makes n loops that are closed when the test ends. By then every Task has to be over.
func Start(t testing.TB, n int) *eventloop.Loops {
	t.Helper()
	l, err := eventloop.New(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
