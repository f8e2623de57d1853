package proxy

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMemoryKeeper(t *testing.T) {
	// each step is a number of sessions that lasts for some seconds; the watchdog looks five times a second
	type step struct{ sessions, seconds int }
	f := func(name string, want string, steps ...step) {
		t.Helper()
		var m memoryKeeper
		start := time.Unix(1_000_000, 0)
		now, got := start, ""
		for _, s := range steps {
			for range s.seconds * 5 {
				if m.due(now, s.sessions) {
					got += fmt.Sprintf("%.1fs:%d ", now.Sub(start).Seconds(), s.sessions)
				}
				now = now.Add(200 * time.Millisecond)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	f("few", "", step{200, 10}, step{0, 10}, step{255, 10})
	f("come and go", "1.0s:5000 6.0s:0 ", step{5000, 5}, step{0, 60})
	f("a part goes", "1.0s:5000 6.0s:4000 ", step{5000, 5}, step{4000, 5}, step{3900, 60})
	f("not too often", "1.0s:300 4.0s:900 ", step{300, 2}, step{900, 5})
	f("flutter", "1.0s:5000 ", step{5000, 5}, step{5200, 1}, step{4900, 1}, step{5100, 30})
	f("while they come", "3.0s:3000 ", step{1000, 1}, step{2000, 1}, step{3000, 5})
}
