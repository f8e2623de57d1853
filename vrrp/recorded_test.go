package vrrp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// Experiments with keepalived 2.2.7 were recorded; testdata/experiments.tsv says for each which
// test repeats it, and whether the outcome is the same. Those that need nothing but the machine
// are its transcripts. Here are those that need scripts, sockets and addresses.

// recording is one recorded experiment.
type recording struct{ text string }

func recorded(t *testing.T, name string) recording {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "recorded", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return recording{string(b)}
}

// part is what stands behind a title.
func (r recording) part(title string) string {
	_, rest, _ := strings.Cut(r.text, "--- "+title+"\n")
	if i := strings.Index(rest, "\n--- "); i >= 0 && !strings.HasPrefix(rest, "--- start") {
		rest = rest[:i]
	} else if i := strings.Index(rest[min(len(rest), 10):], "\n--- B"); i >= 0 {
		rest = rest[:i+10]
	}
	return rest
}

// quick is a configuration with an election of 1.6 s instead of 3.6 s.
func (r recording) quick(title string) string {
	conf, _, _ := strings.Cut(r.part(title), "\n\n") // what follows was printed between
	return strings.ReplaceAll(conf+"\n", "    virtual_ipaddress {", "    down_timer_adverts 1\n    virtual_ipaddress {")
}

// told are the lines of a log that speak of states, priorities and scripts, in their order.
var told = regexp.MustCompile("(VRRP_Script\\(\\w+\\) .*|Script `\\w+` now returning \\d+|\\(VI_\\d\\) (Entering \\w+ STATE.*|Changing effective priority.*|Receive advertisement timeout|sent 0 priority))$")

// complaints are those about what others send, each once.
var complaints = regexp.MustCompile(`\(VI_1\) (received an? .*|advertisement interval mismatch.*|ip address associated.*)$`)

func lines(text string, what *regexp.Regexp) (out []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		var entry struct{ Message string }
		if json.Unmarshal([]byte(line), &entry) == nil {
			line = entry.Message
		}
		if m := what.FindString(line); m != "" {
			out = append(out, m)
		}
	}
	return out
}

func once(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// TestRecordedScripts runs the recorded checks with everything ten times as fast: VRRPv3 with ten
// adverts a second. Only the election is as slow as it was, so that the verdict on a script comes before it.
func TestRecordedScripts(t *testing.T) {
	script := func(mode os.FileMode, text string) func(*testing.T) string {
		return func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "check.sh")
			if err := os.WriteFile(path, []byte(text), mode); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	failed := []string{"Changing effective priority from 100 to 80", "Receive advertisement timeout", "Entering MASTER STATE", "sent 0 priority"}
	began := "(VI_1) Entering BACKUP STATE (init)"
	for name, c := range map[string]struct {
		script func(*testing.T) string
		body   string
		// want is what we do better; nil: what was recorded.
		want []string
	}{
		"script_killed_by_signal": {script(0o755, "#!/bin/sh\nkill -9 $$\n"), "interval 0.1\ntimeout 10\nweight -20\nfall 2", nil},
		"script_pipe_words":       {func(*testing.T) string { return "echo a | grep b > /dev/null" }, "interval 0.1\ntimeout 10\nweight -20", nil},
		"script_ignores_term": {script(0o755, "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n"), "interval 0.2\ntimeout 0.1\nweight -20\nfall 1",
			prefixed(began, "VRRP_Script(chk) timed_out", failed)},
		"script_no_shebang": {script(0o755, "exit 1\n"), "interval 0.1\ntimeout 10\nweight -20",
			prefixed(began, "Script `chk` now returning 1", "VRRP_Script(chk) failed (exited with status 1)", failed)},
		"script_not_executable": {script(0o644, "#!/bin/sh\nexit 1\n"), "interval 0.1\ntimeout 10\nweight -20",
			prefixed(began, "VRRP_Script(chk) failed (cannot be run: PATH: is not executable (mode 0644))", failed)},
		"script_init_fail_weight0": {script(0o755, "#!/bin/sh\nexit 0\n"), "interval 0.1\ntimeout 10\ninit_fail\nrise 3",
			[]string{"VRRP_Script(chk) succeeded", "(VI_1) Entering BACKUP STATE", "(VI_1) Receive advertisement timeout", "(VI_1) Entering MASTER STATE", "(VI_1) sent 0 priority"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := netlab.New(t).Host("a", "10.99.6.1/24")
			path := c.script(t)
			a := speak(t, h, "alone", fmt.Sprintf("vrrp_script chk {\nscript %q\n%s\n}\n", path, c.body)+
				strings.Replace(fast(100, "down_timer_adverts 40", "track_script {\nchk\n}"), "10.99.0.20", "10.99.6.20", 1))
			netlab.Eventually(t, "A is master", a.is("MASTER"))
			a.stop()
			want := c.want
			if want == nil {
				want = lines(recorded(t, name).part("A log"), told)
			}
			got := lines(strings.ReplaceAll(a.text(), path, "PATH"), told)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// prefixed makes one list of lines; those of a router get its name.
func prefixed(lines ...any) (out []string) {
	for _, l := range lines {
		switch l := l.(type) {
		case string:
			out = append(out, l)
		case []string:
			for _, line := range l {
				out = append(out, "(VI_1) "+line)
			}
		}
	}
	return out
}

// TestRecordedMismatches: two sides that are set up differently are both MASTER, and each says of
// the other what keepalived says. keepalived says it with every advert.
func TestRecordedMismatches(t *testing.T) {
	for _, name := range []string{"mismatch_auth_type", "mismatch_interval", "mismatch_password", "mismatch_vip_value"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recorded(t, name)
			l := netlab.New(t)
			ha, hb := l.Host("a", "10.99.6.1/24"), l.Host("b", "10.99.6.2/24")
			a, b := speak(t, ha, "alone", r.quick("A configuration")), speak(t, hb, "alone", r.quick("B configuration"))
			netlab.Eventually(t, "both are master", func() bool { return a.is("MASTER")() && b.is("MASTER")() })
			for node, s := range map[string]*speaker{"A": a, "B": b} {
				want := once(lines(r.part(node+" log"), complaints))
				if len(want) == 0 {
					t.Fatal("nothing was recorded")
				}
				netlab.Eventually(t, node+" complains", func() bool { return len(once(lines(s.text(), complaints))) >= len(want) })
				if diff := cmp.Diff(want, once(lines(s.text(), complaints))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", node, diff)
				}
			}
		})
	}
}

// calls are the words of recorded notify calls, without the time.
func calls(text string) (out []string) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 2 && words[1] == "notify.sh" {
			out = append(out, strings.Join(words[2:], " "))
		} else if len(words) == 3 {
			out = append(out, words[2])
		}
	}
	return out
}

// TestRecordedNotify: the calls of notify scripts are those recorded. keepalived starts them all at
// once, so that their order is left to chance; ours come in the order of the changes.
func TestRecordedNotify(t *testing.T) {
	t.Run("notify_sync_group", func(t *testing.T) {
		t.Parallel()
		got := notified(t, recorded(t, "notify_sync_group"), func(a *speaker, _ string) {
			netlab.Eventually(t, "A is master", a.is("MASTER"))
		})
		all := calls(recorded(t, "notify_sync_group").part("A notify calls"))
		want := slices.Clone(all[:13]) // A's first run: BACKUP, MASTER, STOP
		slices.Sort(want)
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if diff := cmp.Diff(want, sorted); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		state := regexp.MustCompile("BACKUP|MASTER|STOP")
		var order []string
		for _, c := range got {
			if s := state.FindString(c); s != "" {
				order = append(order, s)
			}
		}
		if !slices.IsSortedFunc(order, func(a, b string) int {
			at := func(s string) int { return slices.Index([]string{"BACKUP", "MASTER", "STOP"}, s) }
			return at(a) - at(b)
		}) {
			t.Errorf("the calls of a change come among those of another: %q", got)
		}
	})
	t.Run("reload_instance_removed", func(t *testing.T) {
		t.Parallel()
		r := recorded(t, "reload_instance_removed")
		got := notified(t, r, func(a *speaker, conf string) {
			netlab.Eventually(t, "A is master", a.is("MASTER"))
			netlab.Eventually(t, "the other too", func() bool { return a.times("(VI_2) Entering MASTER STATE") == 1 })
			const gone = "(VI_2) removing VIPs."
			before := a.times(gone)
			a.apply(conf[:strings.Index(conf, "vrrp_instance VI_2")])
			netlab.Eventually(t, "the other has waited for a successor", func() bool { return a.times(gone) > before })
		})
		want := calls(r.part("notify calls"))[2:] // the first two are of a run that was cut short
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// notified runs A with its recorded configuration, does something, and returns the calls of its
// notify script.
func notified(t *testing.T, r recording, do func(a *speaker, conf string)) []string {
	t.Helper()
	dir := t.TempDir()
	notify, out := filepath.Join(dir, "notify.sh"), filepath.Join(dir, "out")
	if err := os.WriteFile(notify, []byte("#!/bin/sh\necho 0 notify.sh \"$@\" >> "+out+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	h := netlab.New(t).Host("a", "10.99.6.1/24")
	// The recordings have no paths: what follows them is left.
	conf := regexp.MustCompile(`(notify\w*) "[^" ]*`).ReplaceAllString(r.quick("A configuration"), `$1 "`+notify)
	conf = strings.ReplaceAll(conf, "enable_script_security", "")
	a := speak(t, h, "alone", conf)
	do(a, conf)
	a.stop()
	return calls(fileText(out))
}

// TestExperiments: the list names every recorded experiment, and every test it names exists.
func TestExperiments(t *testing.T) {
	var names []string
	outcomes := map[string]bool{"same": true, "better": true}
	sources, err := filepath.Glob("../*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob("../*/*/*_test.go") // the pattern is right
	tests := ""
	for _, f := range append(sources, more...) {
		if strings.HasPrefix(f, "../vrrp/") || strings.HasPrefix(f, "../engine/keepalivedcli/") {
			tests += fileText(f)
		}
	}
	for n, line := range strings.Split(strings.TrimRight(fileText("testdata/experiments.tsv"), "\n"), "\n") {
		cells := strings.Split(line, "\t")
		if n == 0 {
			continue
		}
		if len(cells) != 4 || !outcomes[cells[2]] || cells[2] == "better" && cells[3] == "" {
			t.Errorf("line %d: %q", n+1, line)
			continue
		}
		names = append(names, cells[0])
		for _, where := range strings.Fields(cells[1]) {
			name, sub, _ := strings.Cut(where, "/")
			_, transcript := os.Stat(filepath.Join("machine", "testdata", sub+".txt"))
			switch {
			case !strings.Contains(tests, "func "+name+"("):
				t.Errorf("line %d: there is no %s", n+1, name)
			case sub == "" || strings.Contains(tests, `"`+sub+`"`) || name == "TestTranscripts" && transcript == nil:
			default:
				t.Errorf("line %d: %s has no case %s", n+1, name, sub)
			}
		}
	}
	const experiments = 34
	if len(once(names)) != experiments {
		t.Errorf("%d experiments are listed, want %d", len(names), experiments)
	}
}
