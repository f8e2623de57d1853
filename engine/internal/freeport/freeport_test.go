package freeport_test

import (
	"testing"

	"github.com/keepsql/keepsql/engine/internal/freeport"
)

func TestNoneTwice(t *testing.T) {
	seen := map[int]bool{}
	for range 100 {
		p := freeport.Get(t)
		if seen[p] || p < 1024 || p > 65535 {
			t.Errorf("port %d again, or out of range", p)
		}
		seen[p] = true
	}
}
