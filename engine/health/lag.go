package health

import (
	"context"
	"sync/atomic"
	"time"
)

// lagEvery is how often Lag sets its timer.
const lagEvery = 50 * time.Millisecond

// Lag measures how late timers of this process are served.
type Lag struct{ worst atomic.Int64 }

// Run measures until ctx ends. It returns nil.
func (l *Lag) Run(ctx context.Context) error {
	t := time.NewTimer(lagEvery)
	defer t.Stop()
	for due := time.Now().Add(lagEvery); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		now := time.Now()
		late := int64(now.Sub(due))
		for worst := l.worst.Load(); late > worst && !l.worst.CompareAndSwap(worst, late); {
			worst = l.worst.Load() // it was taken meanwhile
		}
		due = now.Add(lagEvery)
		t.Reset(lagEvery)
	}
}

// Take gives the worst since the last call.
func (l *Lag) Take() time.Duration { return time.Duration(l.worst.Swap(0)) }
