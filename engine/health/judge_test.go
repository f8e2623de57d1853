package health_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/health"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.txt anew from what the judge says")

// TestTranscripts plays every testdata/*.txt. A line that begins with a tab is a verdict that differs from the one before, all
// others change the facts, and each stands for one look after another:
//
//	ok [xN]                   N looks, nothing changed
//	listener deaf | well; writer gone | there; peer writer | none; lag DURATION; drained yes | no
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := play(t, string(text))
		if *rewrite {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if d := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(got, "\n")); d != "" {
			t.Errorf("%s (-transcript +judge):\n%s", file, d)
		}
	}
}

func play(t *testing.T, text string) string {
	var (
		out   strings.Builder
		judge health.Judge
		facts health.Facts
		last  health.Verdict
		looks int
	)
	for in := bufio.NewScanner(strings.NewReader(text)); in.Scan(); {
		line := in.Text()
		if strings.HasPrefix(line, "\t") {
			continue
		}
		fmt.Fprintln(&out, line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		times := 1
		change(t, &facts, words, &times)
		for range times {
			looks++
			if v := judge.Step(facts); v != last {
				last = v
				fmt.Fprintf(&out, "\t%.1fs %d %s\n", float64(looks)/2, v.Adjust, v.Reason)
			}
		}
	}
	return out.String()
}

func change(t *testing.T, f *health.Facts, words []string, times *int) {
	t.Helper()
	reason := func(text string) map[string]string { return map[string]string{"deaf": text, "gone": text} }
	switch words[0] {
	case "ok":
		if len(words) > 1 {
			fmt.Sscanf(words[1], "x%d", times)
		}
	case "listener":
		f.Listener = reason("no answer within 1s")[words[1]]
	case "writer":
		f.Writer = reason("10.0.0.1:3306: connection refused")[words[1]]
	case "peer":
		f.PeerHasWriter = words[1] == "writer"
	case "lag":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			t.Fatal(err)
		}
		f.Lag = d
	case "drained":
		f.Drained = words[1] == "yes"
	default:
		t.Fatalf("unknown word %q", words[0])
	}
}

// TestLag: no timer is served at its very nanosecond.
func TestLag(t *testing.T) {
	var l health.Lag
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	var got time.Duration
	for end := time.Now().Add(30 * time.Second); got == 0 && time.Now().Before(end); got = l.Take() {
		time.Sleep(10 * time.Millisecond)
	}
	if got <= 0 || got > 30*time.Second {
		t.Errorf("lag of %v", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	l.Take()
	if got := l.Take(); got != 0 {
		t.Errorf("it was taken before, and now is %v", got)
	}
}
