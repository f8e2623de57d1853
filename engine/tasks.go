package engine

import (
	"errors"
	"sync"
)

// tasks is a set of goroutines with an owner that joins them.
type tasks struct {
	wg   sync.WaitGroup
	mu   sync.Mutex // guards errs
	errs []error
}

func newTasks() *tasks { return new(tasks) }

func (t *tasks) run(f func() error) {
	t.wg.Go(func() {
		if err := f(); err != nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.errs = append(t.errs, err)
		}
	})
}

// wait joins them all and gives their errors.
func (t *tasks) wait() error {
	t.wg.Wait()
	return errors.Join(t.errs...)
}
