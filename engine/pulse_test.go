package engine

import (
	"testing"
	"time"
)

// TestPulse plays rounds of the guardian: a heartbeat came or not, and when the round was.
func TestPulse(t *testing.T) {
	var p pulse
	now := time.Unix(1000, 0)
	for i, c := range []struct {
		after time.Duration // since the round before
		heard bool
		want  int
	}{
		{time.Second, true, 0},
		{time.Second, false, 1},
		{time.Second, false, 2},
		{time.Second, true, 0},
		{time.Second, false, 1},
		{5 * time.Second, false, 1}, // the guardian was held up
		{time.Second, false, 2},
		{9 * time.Second, true, 0},
	} {
		now = now.Add(c.after)
		p.heard = c.heard
		if got := p.round(now); got != c.want {
			t.Errorf("round %d: %d missed, want %d", i, got, c.want)
		}
	}
}
