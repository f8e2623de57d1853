package vrrp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
	"github.com/keepsql/keepsql/internal/logtest"
	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// asSpeaker makes the test binary a speaker, so that one can run in a namespace and be killed.
const asSpeaker = "KEEPSQL_TEST_SPEAKER"

func TestMain(m *testing.M) {
	if os.Getenv(asSpeaker) != "" {
		speakerMain()
		return
	}
	os.Exit(m.Run())
}

// speakerMain is a speaker driven by lines on standard input. It ends with its input.
func speakerMain() {
	log := zerolog.New(os.Stderr).Level(zerolog.DebugLevel)
	mode := strings.Fields(os.Getenv(asSpeaker))
	timings := vrrp.Timings{Picture: time.Minute, StopWait: time.Minute, RepeatLog: time.Minute, LateFloor: time.Minute}
	if slices.Contains(mode, "wary") {
		timings.LateFloor = 0
	}
	if slices.Contains(mode, "patient") {
		timings.Handover = 5 * second
	}
	s := vrrp.New(log, vrrp.Options{TrackEngine: slices.Contains(mode, "engine"), Timings: timings})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "run:", err)
			os.Exit(1)
		}
	})
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch verb, arg, _ := strings.Cut(in.Text(), " "); verb {
		case "apply":
			cfg, err := build(arg)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			_ = out.Encode(s.Apply(cfg))
		case "engine":
			s.SetEngine(arg == "on")
			_ = out.Encode(arg)
		case "status":
			_ = out.Encode(s.Status())
		case "mark":
			log.Log().Msg(arg)
			_ = out.Encode(s.Status())
		case "handover", "rejoin", "peers", "health":
			_ = out.Encode(operate(ctx, s, verb, arg))
		}
	}
	cancel()
	wg.Wait()
}

// build reads a configuration from the JSON form of its text.
func build(quoted string) (*vrrpconf.Config, error) {
	var text string
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		return nil, err
	}
	tree, diags := confparse.Parse(confparse.MapLoader{"k.conf": []byte(text)}, "k.conf")
	cfg, more := vrrpconf.Build(tree)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, fmt.Errorf("configuration: %s", diags)
	}
	return cfg, nil
}

// speaker is a running speakerMain.
type speaker struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder

	log   logtest.Log
	marks int
	ended bool // and log is whole
}

// speak starts a speaker on a host. mode is of words: "alone" says nothing, "engine" makes it wait for an engine, "wary"
// makes it listen before it claims anything when it was not running for half a second, as in production, where others go
// on, so that a busy host does not change what a test sees, and "patient" lets it wait longer for a successor.
func speak(t *testing.T, h *netlab.Host, mode, conf string) *speaker {
	t.Helper()
	s := &speaker{t: t, cmd: h.Command(os.Args[0])}
	s.cmd.Env = append(os.Environ(), asSpeaker+"="+mode)
	s.cmd.Stderr = &s.log
	in, err1 := s.cmd.StdinPipe()
	out, err2 := s.cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	s.in, s.out = in, json.NewDecoder(out)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if strings.Contains(mode, "patient") {
			s.kill() // nobody may be left to wait for
		}
		s.stop()
		if t.Failed() {
			t.Logf("log of the speaker:\n%s", s.text())
		}
	})
	s.apply(conf)
	return s
}

func (s *speaker) text() string { return s.log.String() }

func (s *speaker) says(text string) func() bool {
	return func() bool { return strings.Contains(s.text(), text) }
}

// said tells whether the speaker says something, which may still be on its way through the pipe
// when what it is about can be seen.
func (s *speaker) said(text string) bool {
	for deadline := time.Now().Add(15 * second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if s.says(text)() {
			return true
		}
	}
	return s.says(text)()
}

// times counts in all that the speaker has said until now.
func (s *speaker) times(text string) int {
	s.t.Helper()
	if !s.ended {
		s.instance() // what the loop is at, it has done
		s.marks++
		mark := fmt.Sprintf("mark %d of the test", s.marks)
		s.ask("mark "+mark, new([]vrrp.InstanceStatus))
		netlab.Eventually(s.t, "the log arrives", s.says(mark))
	}
	return s.log.Count(text)
}

// ask sends one line and reads the answer.
func (s *speaker) ask(line string, answer any) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.in, line); err != nil {
		s.t.Fatal(err)
	}
	if err := s.out.Decode(answer); err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
}

func (s *speaker) apply(conf string) (r vrrp.Report) {
	s.t.Helper()
	quoted, _ := json.Marshal(conf)
	s.ask("apply "+string(quoted), &r)
	return r
}

func (s *speaker) engine(state string) {
	s.t.Helper()
	var echo string
	s.ask("engine "+state, &echo)
}

// is tells whether the only instance is in a state.
func (s *speaker) is(state string) func() bool {
	return func() bool { return s.instance().State == state }
}

func (s *speaker) instance() vrrp.InstanceStatus {
	s.t.Helper()
	var list []vrrp.InstanceStatus
	s.ask("status", &list)
	if len(list) == 0 {
		return vrrp.InstanceStatus{}
	}
	return list[0]
}

// stop ends the speaker as a signal to the real process would.
func (s *speaker) stop() {
	s.in.Close()
	_ = s.cmd.Wait()
	s.ended = true
}

// kill ends the speaker without giving it a chance.
func (s *speaker) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.ended = true
}

// keepalived starts the real thing on a host and returns its log file.
func keepalived(t *testing.T, h *netlab.Host, conf string) (cmd *exec.Cmd, log func() string) {
	t.Helper()
	if _, err := exec.LookPath("keepalived"); err != nil {
		t.Skip("skipped: keepalived is not installed")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "keepalived.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd = h.Command("keepalived", "-n", "-l", "-D", "-G", "-f", file,
		"-p", filepath.Join(dir, "p"), "-r", filepath.Join(dir, "r"), "-c", filepath.Join(dir, "c"), "-b", filepath.Join(dir, "b"))
	cmd.Stderr, cmd.Stdout = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		out.Close()
		if t.Failed() {
			t.Logf("log of keepalived:\n%s", fileText(out.Name()))
		}
	})
	return cmd, func() string { return fileText(out.Name()) }
}

func fileText(name string) string {
	b, _ := os.ReadFile(name)
	return string(b)
}

const second = time.Second
