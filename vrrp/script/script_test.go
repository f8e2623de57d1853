package script_test

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/internal/leaktest"
	"github.com/keepsql/keepsql/vrrp/script"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
	return script.Runner{Command: script.Command{Argv: argv}, Interval: time.Second, Timeout: time.Minute, KillAfter: 200 * time.Millisecond}
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
		"too slow":            {[]string{"sleep", "300"}, "timed_out"},
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
	t.Parallel()
	dir := t.TempDir()
	p := file(t, 0o755, "#!/bin/sh\ntrap 'echo term >>"+dir+"/said' TERM\nsleep 300 &\necho $! >>"+dir+"/children\nwhile :; do wait; done\n")
	r := runner(p)
	// All that is to come in an order is so far apart that a stall of two seconds does not change it.
	r.Interval, r.Timeout, r.KillAfter = 250*time.Millisecond, 2500*time.Millisecond, 2500*time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	start := time.Now()
	var at []time.Duration
	var skipped []bool
	r.Skipped = func(ending bool) {
		if len(at) < 2 {
			skipped = append(skipped, ending)
		}
	}
	r.Report = func(res script.Result) {
		if res.Kind != script.TimedOut {
			t.Errorf("got %q", res)
		}
		if at = append(at, time.Since(start)); len(at) == 2 {
			cancel()
		}
	}
	r.Run(ctx)
	if len(at) != 2 || at[0] < r.Timeout || at[0] > r.Timeout+r.KillAfter || at[1]-at[0] < r.KillAfter {
		t.Errorf("timeouts reported after %v", at)
	}
	if order := slices.Compact(skipped); !slices.Equal(order, []bool{false, true, false}) {
		t.Errorf("skipped %v, want those running, then those ending, then those running again", skipped)
	}
	if said, _ := os.ReadFile(dir + "/said"); !strings.HasPrefix(string(said), "term\n") {
		t.Errorf("the script was not told to end: %q", said)
	}
	children, _ := os.ReadFile(dir + "/children")
	if n := len(strings.Fields(string(children))); n != 2 {
		t.Errorf("%d runs", n)
	}
	for _, child := range strings.Fields(string(children)) {
		eventually(t, "the script's child ends", func() bool {
			stat, err := os.ReadFile("/proc/" + child + "/stat")
			return err != nil || strings.Contains(string(stat), ") Z ")
		})
	}
}

// eventually waits for what only has to happen.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestInterval: runs begin an interval apart, however long they take.
func TestInterval(t *testing.T) {
	t.Parallel()
	r := runner(file(t, 0o755, "#!/bin/sh\nsleep 0.4\n"))
	r.Interval = 500 * time.Millisecond
	r.Skipped = func(bool) {}
	best := time.Hour
	for range 5 { // a busy host may be slow; the best of some tries counts
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		start, n := time.Now(), 0
		r.Report = func(script.Result) {
			if n++; n == 3 {
				cancel()
			}
		}
		r.Run(ctx)
		cancel()
		// Two intervals and one run; were the pause added to the runs it would be 2.2 s.
		d := time.Since(start)
		if d < 1400*time.Millisecond {
			t.Errorf("three runs took %v", d)
		}
		if best = min(best, d); best < 2*time.Second {
			return
		}
	}
	t.Errorf("three runs took %v at best", best)
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

// gate is a shell command that waits until open is called.
func gate(t *testing.T) (command string, open func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gate")
	return "while ! test -e " + path + "; do sleep 0.02; done", func() {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
}

// TestQueueKeepsOrder: the effects come in the order of Add, though the first is slow.
func TestQueueKeepsOrder(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	wait, open := gate(t)
	slow := file(t, 0o755, "#!/bin/sh\n"+wait+"\necho \"$@\" >>"+out+"\n")
	quick := file(t, 0o755, "#!/bin/sh\necho \"$@\" >>"+out+"\n")
	var mu sync.Mutex
	var failed []string
	q := &script.Queue{Limit: time.Minute, Failed: func(c script.Command, err error) {
		mu.Lock()
		defer mu.Unlock()
		failed = append(failed, fmt.Sprint(c, ": ", err))
	}}
	q.Add(script.Command{Argv: []string{slow, "INSTANCE", "VI_1", "BACKUP", "100"}})
	q.Add(script.Command{Argv: []string{"/no/such"}}, script.Command{Argv: []string{quick, "INSTANCE", "VI_1", "MASTER", "100"}})
	if q.Wait(200 * time.Millisecond) {
		t.Error("nothing is left already")
	}
	open()
	if !q.Wait(time.Minute) {
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
	dir := t.TempDir()
	out, gone := filepath.Join(dir, "out"), filepath.Join(dir, "gone")
	wait, open := gate(t)
	defer eventually(t, "the first goes", func() bool { _, err := os.Stat(gone); return err == nil })
	defer open()
	q := &script.Queue{Limit: 100 * time.Millisecond, Failed: func(script.Command, error) {}}
	q.Add(script.Command{Argv: []string{"/bin/sh", "-c", wait + "; touch " + gone}}, script.Command{Argv: []string{"touch", out}})
	// The limit holds for the second one too, so that the queue may be done a moment before it.
	if !q.Wait(time.Minute) {
		t.Fatal("the second command waits for the first")
	}
	eventually(t, "the second command's effect", func() bool { _, err := os.Stat(out); return err == nil })
}
