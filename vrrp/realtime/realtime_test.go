package realtime_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/vrrp/realtime"
)

// asUrgent makes the test binary a process that enters real time, so that the tests do not.
const asUrgent = "KEEPSQL_TEST_URGENT"

func TestMain(m *testing.M) {
	if os.Getenv(asUrgent) != "" {
		urgent()
		return
	}
	os.Exit(m.Run())
}

func urgent() {
	if err := realtime.Enter(1); err != nil {
		os.Stdout.WriteString("refused: " + err.Error())
		return
	}
	policy := func(pid int) string {
		a, err := unix.SchedGetAttr(pid, 0)
		switch {
		case err != nil:
			return err.Error()
		case a.Policy == unix.SCHED_RR:
			return "real-time"
		}
		return "ordinary"
	}
	sleep := exec.Command("sleep", "10")
	if err := sleep.Start(); err != nil {
		os.Stdout.WriteString(err.Error())
		return
	}
	defer func() { _ = sleep.Process.Kill(); _ = sleep.Wait() }()
	realtime.Reset(sleep.Process.Pid)
	os.Stdout.WriteString("we " + policy(0) + ", child " + policy(sleep.Process.Pid))
}

func TestEnter(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asUrgent+"=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := string(out)
	if strings.HasPrefix(got, "refused: set real-time priority: operation not permitted") {
		t.Skip("skipped: this host allows no real-time priority")
	}
	if want := "we real-time, child ordinary"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
