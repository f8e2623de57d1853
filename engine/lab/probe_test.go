package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// probeEvery is the distance of probes, probeLimit how long one may take to be counted as answered.
const (
	probeEvery = 5 * time.Millisecond
	probeLimit = 250 * time.Millisecond
)

// probeTarget, if set in the environment, makes the test binary a probe of that address instead; see probeMain.
const probeTarget = "KEEPSQL_LAB_PROBE"

func TestMain(m *testing.M) {
	if target := os.Getenv(probeTarget); target != "" {
		probeMain(target)
		return
	}
	if role := os.Getenv(labRole); role != "" {
		roleMain(role, os.Getenv(labArgument))
		return
	}
	os.Exit(m.Run())
}

// probeMain runs in the client's namespace until its input ends. Each probe is a new connection, a login and a SELECT; it
// writes "sent done from text" in nanoseconds, where from is the host through which the database was asked, "-" after an
// error.
func probeMain(target string) {
	ctx, cancel := untilInputEnds()
	defer cancel()
	every(ctx, func() (from, text string) { return probeOnce(ctx, target) })
}

// untilInputEnds gives a context that ends with the standard input.
func untilInputEnds() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		bufio.NewReader(os.Stdin).ReadString(0) // returns at the end of input
		cancel()
	}()
	return ctx, cancel
}

// every asks once every probeEvery, however long the answers take, until the context ends. It writes each answer as probeMain says.
func every(ctx context.Context, ask func() (from, text string)) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			wg.Go(func() {
				sent := time.Now()
				from, text := ask()
				mu.Lock()
				defer mu.Unlock()
				fmt.Printf("%d %d %s %s\n", sent.UnixNano(), time.Now().UnixNano(), from, text)
			})
		}
	}
	wg.Wait()
}

func probeOnce(ctx context.Context, target string) (from, text string) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	c, err := wire.Open(ctx, "tcp", target, &wire.Account{User: "app", Password: "app_pass"}, 0)
	if err != nil {
		return "-", err.Error()
	}
	defer c.Close()
	r, err := c.Query(ctx, "SELECT SUBSTRING_INDEX(USER(), '@', -1), @@server_id")
	if err != nil {
		return "-", err.Error()
	}
	c.Quit()
	return r.Rows[0][0].Text, r.Rows[0][1].Text
}

// answer is the outcome of one probe.
type answer struct {
	sent, done time.Time
	from       string // address of the host that asked the database; empty: not answered
	text       string // server id, or the error
}

// probe is a running probe.
type probe struct {
	process *process

	mu      sync.Mutex // guards answers
	answers []answer
}

// startProbe probes an address from the client for the length of the test.
func startProbe(t *testing.T, n *network, target string) *probe {
	t.Helper()
	p := &probe{}
	p.process = onClient(t, n, p.add, probeTarget+"="+target)
	return p
}

// onClient runs this test binary on the client with an addition to its environment, and hands its lines over, for the length of
// the test.
func onClient(t *testing.T, n *network, line func(string), env ...string) *process {
	t.Helper()
	args := append(n.inside("client"), os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = in
	read := make(chan struct{})
	t.Cleanup(func() { <-read }) // runs after the process was killed
	process := startProcess(t, cmd)
	in.Close()
	go func() {
		defer close(read)
		defer out.Close()
		for lines := bufio.NewScanner(out); lines.Scan(); {
			line(lines.Text())
		}
	}()
	return process
}

func (p *probe) add(line string) {
	var sent, done int64
	var from string
	if _, err := fmt.Sscan(line, &sent, &done, &from); err != nil {
		return // the last line of a probe that was killed
	}
	a := answer{sent: time.Unix(0, sent), done: time.Unix(0, done), from: strings.Trim(from, "-")}
	if f := strings.SplitN(line, " ", 4); len(f) == 4 {
		a.text = f[3]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, a)
}

// stop ends the probing.
func (p *probe) stop() { p.process.kill() }

// forget drops what was seen before a time, so that a long run does not grow.
func (p *probe) forget(before time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = slices.DeleteFunc(p.answers, func(a answer) bool { return a.sent.Before(before) })
}

// since lists the probes sent from a time on, in the order they were sent.
func (p *probe) since(from time.Time) []answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []answer
	for _, a := range p.answers {
		if !a.sent.Before(from) {
			out = append(out, a)
		}
	}
	return sorted(out)
}

// settled waits until all answers of the last second came through one host.
func (p *probe) settled(t *testing.T, host string, limit time.Duration) {
	t.Helper()
	within(t, limit, "the client is served through "+host+" only", func() error {
		last := p.since(time.Now().Add(-time.Second))
		if len(last) < 20 {
			return fmt.Errorf("%d probes within a second", len(last))
		}
		for _, a := range last {
			if a.from != addresses[host] {
				return fmt.Errorf("a probe through %q: %s", a.from, a.text)
			}
		}
		return nil
	})
}
