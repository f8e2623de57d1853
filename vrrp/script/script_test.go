package script_test

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/keepsql/keepsql/vrrp/script"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// file writes a script and returns its path.
func file(t *testing.T, mode os.FileMode, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "check.sh")
	if err := os.WriteFile(p, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return p
}

// first runs a check until its first result.
func first(t *testing.T, r script.Runner) script.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var res script.Result
	got := false
	r.Report = func(x script.Result) {
		if !got {
			res, got = x, true
		}
		cancel()
	}
	r.Skipped = func(bool) {}
	r.Run(ctx)
	if !got {
		t.Fatal("no result")
	}
	return res
}

func runner(argv ...string) script.Runner {
	return script.Runner{Command: script.Command{Argv: argv}, Interval: time.Second, Timeout: time.Second, KillAfter: 200 * time.Millisecond}
}

func TestResults(t *testing.T) {
	ok := file(t, 0o755, "#!/bin/sh\nexit 0\n")
	dir := t.TempDir()
	for name, c := range map[string]struct {
		argv []string
		want string
	}{
		"good":                {[]string{ok}, "succeeded"},
		"bad":                 {[]string{file(t, 0o755, "#!/bin/sh\nexit 3\n")}, "failed (exited with status 3)"},
		"arguments":           {[]string{file(t, 0o755, "#!/bin/sh\nexit $2\n"), "x y", "4"}, "failed (exited with status 4)"},
		"signal":              {[]string{file(t, 0o755, "#!/bin/sh\nkill -9 $$\n")}, "failed (due to signal 9)"},
		"from PATH":           {[]string{"true"}, "succeeded"},
		"no #! line, good":    {[]string{file(t, 0o755, "exit 0\n")}, "succeeded"},
		"no #! line, bad":     {[]string{file(t, 0o755, "exit $1\n"), "5"}, "failed (exited with status 5)"},
		"missing file":        {[]string{dir + "/no.sh"}, "failed (cannot be run: " + dir + "/no.sh: does not exist)"},
		"missing directory":   {[]string{dir + "/no/such/check.sh"}, "failed (cannot be run: " + dir + "/no: does not exist)"},
		"not executable":      {[]string{file(t, 0o644, "exit 0\n")}, "is not executable (mode 0644))"},
		"directory":           {[]string{dir}, "failed (cannot be run: " + dir + ": is a directory)"},
		"missing interpreter": {[]string{file(t, 0o755, "#!/no/such/sh\n")}, "no such file or directory)"},
		"not in PATH":         {[]string{"no-such-program-here"}, "failed (cannot be run: no-such-program-here: not found in PATH"},
		"nothing":             {nil, "failed (cannot be run: the command is empty)"},
		"too slow":            {[]string{"sleep", "30"}, "timed_out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runner(c.argv...)
			if name == "too slow" {
				r.Timeout = 50 * time.Millisecond
			}
			res := first(t, r)
			if !strings.Contains(res.String(), c.want) {
				t.Errorf("got %q, want %q", res, c.want)
			}
			if res.OK() != (c.want == "succeeded") {
				t.Errorf("OK is %v for %q", res.OK(), res)
			}
		})
	}
}

// TestTimeout: the failure is reported at the timeout, then the whole process group is told
// to end, then killed. A run that is due meanwhile is skipped.
func TestTimeout(t *testing.T) {
	dir := t.TempDir()
	p := file(t, 0o755, "#!/bin/sh\ntrap 'echo term >>"+dir+"/said' TERM\nsleep 30 &\necho $! >"+dir+"/child\nwhile :; do wait; done\n")
	r := runner(p)
	r.Interval, r.Timeout, r.KillAfter = 200*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	start := time.Now()
	var at []time.Duration
	var skipped []bool
	r.Skipped = func(ending bool) { skipped = append(skipped, ending) }
	r.Report = func(res script.Result) {
		if res.Kind != script.TimedOut {
			t.Errorf("got %q", res)
		}
		if at = append(at, time.Since(start)); len(at) == 2 {
			cancel()
		}
	}
	r.Run(ctx)
	if len(at) != 2 || at[0] < 280*time.Millisecond || at[0] > 900*time.Millisecond {
		t.Errorf("timeouts reported after %v", at)
	}
	if len(skipped) < 2 || skipped[0] || !skipped[1] {
		t.Errorf("skipped %v, want one running, then one ending", skipped)
	}
	if said, _ := os.ReadFile(dir + "/said"); !strings.HasPrefix(string(said), "term\n") {
		t.Errorf("the script was not told to end: %q", said)
	}
	child, _ := os.ReadFile(dir + "/child")
	if gone := func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(child)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}; !gone() {
		time.Sleep(100 * time.Millisecond)
		if !gone() {
			t.Error("the script's child was left behind")
		}
	}
}

// TestInterval: runs begin an interval apart, however long they take.
func TestInterval(t *testing.T) {
	r := runner(file(t, 0o755, "#!/bin/sh\nsleep 0.1\n"))
	r.Interval = 150 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	start, n := time.Now(), 0
	r.Skipped = func(bool) {}
	r.Report = func(script.Result) {
		if n++; n == 4 {
			cancel()
		}
	}
	r.Run(ctx)
	// Three intervals and one run; were the pause added to the run it would be 0.85 s.
	if d := time.Since(start); d < 540*time.Millisecond || d > 800*time.Millisecond {
		t.Errorf("four runs took %v", d)
	}
}

func TestUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: changing the user needs root")
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("skipped: there is no user nobody")
	}
	r := runner("/bin/sh", "-c", `test "$(id -u)" = "$1"`, "sh", u.Uid)
	r.Command.User = "nobody"
	if res := first(t, r); !res.OK() {
		t.Errorf("as nobody: %s", res)
	}
	r.Command.Group = "root"
	r.Command.Argv = []string{"/bin/sh", "-c", `test "$(id -g)" = 0 && test "$(id -u)" = "$1"`, "sh", u.Uid}
	if res := first(t, r); !res.OK() {
		t.Errorf("as nobody:root: %s", res)
	}
	r.Command.User = "no-such-user"
	if res := first(t, r); !strings.Contains(res.String(), "user no-such-user does not exist") {
		t.Errorf("as nobody there is: %s", res)
	}
}

// TestQueueKeepsOrder: the effects come in the order of Add, though the first is slow.
func TestQueueKeepsOrder(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	p := file(t, 0o755, "#!/bin/sh\nsleep $1\nshift\necho \"$@\" >>"+out+"\n")
	var mu sync.Mutex
	var failed []string
	q := &script.Queue{Limit: 5 * time.Second, Failed: func(c script.Command, err error) {
		mu.Lock()
		defer mu.Unlock()
		failed = append(failed, fmt.Sprint(c, ": ", err))
	}}
	q.Add(script.Command{Argv: []string{p, "0.2", "INSTANCE", "VI_1", "BACKUP", "100"}})
	q.Add(script.Command{Argv: []string{"/no/such"}}, script.Command{Argv: []string{p, "0", "INSTANCE", "VI_1", "MASTER", "100"}})
	if q.Wait(10 * time.Millisecond) {
		t.Error("nothing is left already")
	}
	if !q.Wait(5 * time.Second) {
		t.Fatal("not done")
	}
	b, _ := os.ReadFile(out)
	if diff := cmp.Diff("INSTANCE VI_1 BACKUP 100\nINSTANCE VI_1 MASTER 100\n", string(b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{"/no/such: /no: does not exist"}, failed); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

// TestQueueGoesOn: a command that hangs holds up the next for the limit only.
func TestQueueGoesOn(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	q := &script.Queue{Limit: 100 * time.Millisecond, Failed: func(script.Command, error) {}}
	q.Add(script.Command{Argv: []string{"sleep", "0.5"}}, script.Command{Argv: []string{"touch", out}})
	if !q.Wait(400 * time.Millisecond) {
		t.Fatal("the second command waits for the first")
	}
	if _, err := os.Stat(out); err != nil {
		t.Error(err)
	}
	time.Sleep(300 * time.Millisecond) // until the first has gone
}
