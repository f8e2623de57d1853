package hostgroup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

func TestCause(t *testing.T) {
	for want, err := range map[string]error{
		"refused":                      fmt.Errorf("dial: %w", errors.New("refused")),
		os.ErrDeadlineExceeded.Error(): errors.Join(context.DeadlineExceeded, fmt.Errorf("read greeting: %w", os.ErrDeadlineExceeded)),
		"inner":                        fmt.Errorf("a: %w", errors.Join(errors.New("outer"), fmt.Errorf("b: %w", errors.New("inner")))),
	} {
		if got := cause(err); got != want {
			t.Errorf("cause of %q: %s, want %s", err, got, want)
		}
	}
}
