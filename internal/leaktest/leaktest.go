// Package leaktest finds goroutines that the tests of a package leave behind. It is goleak with patience: goleak by itself looks for half
// a second, in which a goroutine that is about to end may not get its turn on a busy machine.
package leaktest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// limit is how long goroutines may take to end.
const limit = 30 * time.Second

// Main is a TestMain: it runs the tests and ends the process.
func Main(m *testing.M) { os.Exit(Check(m.Run())) }

// Check gives the exit code of tests that ended with code: 1 where there were no failures but goroutines are left, which it prints.
func Check(code int, ignore ...goleak.Option) int {
	if code != 0 {
		return code
	}
	if err := find(ignore...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// New fails a test that leaves goroutines behind which were not there at the call.
func New(t testing.TB) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := find(before); err != nil {
			t.Error(err)
		}
	})
}

func find(ignore ...goleak.Option) (err error) {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if err = goleak.Find(ignore...); err == nil {
			return nil
		}
	}
	return err
}
