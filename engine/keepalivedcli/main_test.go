package keepalivedcli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/keepalivedcli"
	"github.com/keepsql/keepsql/internal/logtest"
)

// asKeepalived makes the test binary the program.
const asKeepalived = "KEEPSQL_TEST_KEEPALIVED"

func TestMain(m *testing.M) {
	if os.Getenv(asKeepalived) != "" {
		os.Exit(keepalivedcli.Main(os.Args[1:], "test"))
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	def := keepalivedcli.Options{File: "/etc/keepalived/keepalived.conf", PID: "/run/keepalived.pid", VRRPPID: "/run/vrrp.pid"}
	for line, want := range map[string]func(o *keepalivedcli.Options){
		"": func(*keepalivedcli.Options) {},
		"-nlD -f a -p b -r c -c d": func(o *keepalivedcli.Options) {
			o.Foreground, o.Console, o.Detail, o.File, o.PID, o.VRRPPID = true, true, true, "a", "b", "c"
		},
		"-nfa.conf":                        func(o *keepalivedcli.Options) { o.Foreground, o.File = true, "a.conf" },
		"--use-file=a --dont-fork":         func(o *keepalivedcli.Options) { o.File, o.Foreground = "a", true },
		"--use-file a":                     func(o *keepalivedcli.Options) { o.File = "a" },
		"-t -f a":                          func(o *keepalivedcli.Options) { o.Test, o.File = true, "a" },
		"-tout -f a":                       func(o *keepalivedcli.Options) { o.Test, o.TestFile, o.File = true, "out", "a" },
		"--config-test=out":                func(o *keepalivedcli.Options) { o.Test, o.TestFile = true, "out" },
		"--signum=DATA":                    func(o *keepalivedcli.Options) { o.Signum = "DATA" },
		"-P -x -S 7 --log-file=x -d surpl": func(*keepalivedcli.Options) {},
	} {
		w := def
		want(&w)
		got, err := keepalivedcli.Parse(strings.Fields(line), &bytes.Buffer{})
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if diff := cmp.Diff(&w, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
	for line, want := range map[string]string{
		"-Z": "Unknown option -Z", "--nonsense": "Unknown option --nonsense", "--use-file=": "Missing parameter for option --use-file",
		"-f": "option requires an argument -- 'f'",
	} {
		if _, err := keepalivedcli.Parse(strings.Fields(line), &bytes.Buffer{}); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}

// start runs the program with a configuration.
func start(t *testing.T, conf string, args ...string) (cmd *exec.Cmd, dir string, out *logtest.Log) {
	t.Helper()
	dir = t.TempDir()
	file := filepath.Join(dir, "k.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"-f", file, "-p", dir + "/pid", "-r", dir + "/vrrp.pid"}, args...)
	cmd = exec.Command(os.Args[0], args...)
	out = &logtest.Log{}
	cmd.Env = append(os.Environ(), asKeepalived+"=1", "TMPDIR="+dir)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, dir, out
}

func status(cmd *exec.Cmd) int {
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

const one = "vrrp_instance VI_1 {\n interface nope0\n virtual_router_id 51\n virtual_ipaddress { 192.0.2.1/24 }\n}\n"

func TestStatuses(t *testing.T) {
	for name, c := range map[string]struct {
		conf string
		args []string
		want int
		says string
	}{
		"no VRID":       {"vrrp_instance A {\n interface eth0\n}\n", []string{"-nlG"}, 2, "has no virtual_router_id"},
		"no word":       {"vrrp_instance A {\n interface\n}\n", []string{"-nlG"}, 2, "needs one more word"},
		"missing file":  {"", []string{"-nlG", "-f", "/nonexistent"}, 6, "Config files missing '/nonexistent'."},
		"option":        {"", []string{"-Z"}, 1, "Unknown option -Z"},
		"version":       {"", []string{"-v"}, 0, "Keepalived v2.2.7 (keepsql test)"},
		"signal number": {"", []string{"--signum=STATS_CLEAR"}, 0, "63"},
		"config test":   {"vrrp_instance A {\n interface lo0\n virtual_router_id 1\n priority 5x\n virtual_ipaddress { 192.0.2.1 }\n}\n", []string{"-t"}, 5, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, _, out := start(t, c.conf, c.args...)
			if got := status(cmd); got != c.want {
				t.Errorf("status %d, want %d\n%s", got, c.want, out)
			}
			if !strings.Contains(out.String(), c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, out)
			}
		})
	}
}

// TestRun needs no root: the instance waits in FAULT. Signals write the dumps, a broken edit
// changes nothing.
func TestRun(t *testing.T) {
	cmd, dir, out := start(t, one, "-nlDG")
	eventually := func(what string, cond func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not within half a minute: %s", what)
			}
		}
	}
	exists := func(name string) func() bool {
		return func() bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	}
	eventually("pid files", func() bool { return exists("pid")() && exists("vrrp.pid")() })
	second := exec.Command(os.Args[0], "-nlG", "-f", dir+"/k.conf", "-p", dir+"/pid")
	second.Env = append(os.Environ(), asKeepalived+"=1")
	if text, err := second.CombinedOutput(); err != nil || !strings.Contains(string(text), "daemon is already running") {
		t.Errorf("a second start: %v\n%s", err, text)
	}
	for sig, file := range map[syscall.Signal]string{syscall.SIGUSR1: "keepalived.data", syscall.SIGUSR2: "keepalived.stats", 36: "keepalived.json"} {
		_ = cmd.Process.Signal(sig)
		eventually(file, exists(file))
	}
	eventually("the data of an instance in FAULT", func() bool {
		data, _ := os.ReadFile(filepath.Join(dir, "keepalived.data"))
		if strings.Contains(string(data), " VRRP Instance = VI_1\n   VRRP Version = 2\n   State = FAULT\n") {
			return true
		}
		_ = cmd.Process.Signal(syscall.SIGUSR1)
		return false
	})
	if err := os.WriteFile(filepath.Join(dir, "k.conf"), []byte("vrrp_instance VI_1 {\n interface nope0\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Signal(syscall.SIGHUP)
	eventually("the verdict on the edit", func() bool { return strings.Contains(out.String(), "the old one stays in force") })
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if got := status(cmd); got != 0 {
		t.Errorf("status %d", got)
	}
	for _, want := range []string{"Starting Keepalived v2.2.7", "Printing VRRP data for process", "the old one stays in force", "Stopping", "Stopped Keepalived"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if exists("pid")() {
		t.Error("the pid file is still there")
	}
}
