package verdict_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts anew")

// A transcript is lines of events, each followed by the indented actions they led to:
//
//	config HG/HOST[/lag=S][/w=WEIGHT][/soft][/hard] … | WRITER/READER/CHECK … | name=N … | KIND/WRITER/BACKUP/READER/OFFLINE[/name=N] …
//	ping HOST ok|timeout|denied|error [MS]
//	read_only HOST CHECK 0|1|timeout|denied|error
//	lag HOST SECONDS|null|none|timeout
//	galera HOST STATE|timeout|gone|denied|error|unready [queue=N]
//	group HOST primary|secondary|out|timeout|gone [behind=N] [self=NAME] [members=A,B]
//	aurora HOST *WRITER[=LAG_MS] READER[=LAG_MS] … [at=STAMP], or timeout
//	after DURATION
//
// Arrangements are put into force at once, as the monitor does: "now" shows the servers then.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *rewrite {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(string(want), got); d != "" && !*rewrite {
				t.Error(d)
			}
		})
	}
}

func play(t *testing.T, text string) string {
	var out strings.Builder
	var j verdict.Judge
	var inForce verdict.Config
	now := time.Unix(1_000_000, 0)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		fmt.Fprintln(&out, line)
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if words[0] == "after" {
			d, err := time.ParseDuration(words[1])
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(d)
			continue
		}
		e := event(t, words)
		if c, ok := e.(verdict.Config); ok {
			inForce = c
		}
		for arranged, depth := true, 0; arranged && depth < 5; depth++ {
			arranged = false
			for _, a := range j.Step(e, now) {
				fmt.Fprintf(&out, "  %s\n", show(a))
				if a, ok := a.(verdict.Arrange); ok {
					arranged, inForce.Servers = true, put(inForce.Servers, a)
				}
			}
			if e = inForce; arranged {
				fmt.Fprintf(&out, "  now%s\n", list(inForce.Servers))
			}
		}
	}
	return out.String()
}

// put gives the servers after an arrangement.
func put(servers []verdict.Server, a verdict.Arrange) (out []verdict.Server) {
	for _, s := range servers {
		if s.Unwanted || !slices.Contains(a.Groups, s.Hostgroup) || !slices.ContainsFunc(a.Places, func(p verdict.Place) bool { return p.Addr == s.Addr }) {
			out = append(out, s)
		}
	}
	for _, p := range a.Places {
		row := verdict.Server{Addr: p.Addr, Weight: max(1, p.Weight)}
		if i := slices.IndexFunc(servers, func(s verdict.Server) bool { return s.Addr == p.Addr }); i >= 0 {
			row = servers[i]
		}
		for _, g := range p.In {
			row.Hostgroup = g
			out = append(out, row)
		}
	}
	return out
}

func list(servers []verdict.Server) string {
	groups := map[int]string{}
	for _, s := range servers {
		groups[s.Hostgroup] += " " + s.Host
	}
	out := ""
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		out += fmt.Sprintf(" | %d:%s", g, groups[g])
	}
	return out
}

func show(a verdict.Action) string {
	switch a := a.(type) {
	case verdict.Say:
		return [...]string{"[INFO] ", "[WARNING] ", "[ERROR] "}[a.Level] + a.Text
	case verdict.Move:
		to := fmt.Sprintf("to writers %d, leaving %d", a.Writer, a.Reader)
		if a.Reads {
			to = fmt.Sprintf("to writers %d, staying in %d", a.Writer, a.Reader)
		}
		if a.ReadOnly {
			to = fmt.Sprintf("to readers %d, leaving %d", a.Reader, a.Writer)
		}
		return fmt.Sprintf("move %s %s", a.Addr, to)
	case verdict.Latency:
		return fmt.Sprintf("latency %s %v", a.Addr, a.Mean)
	case verdict.Behind:
		if !a.Replica {
			return fmt.Sprintf("%s in %d is no replica", a.Addr, a.Hostgroup)
		}
		return fmt.Sprintf("%s in %d is %v behind", a.Addr, a.Hostgroup, a.Lag)
	case verdict.Late:
		return fmt.Sprintf("late %s in %d: %v (%v)", a.Addr, a.Hostgroup, a.On, a.Lag)
	case verdict.Shun:
		return fmt.Sprintf("shun %s", a.Addr)
	case verdict.Back:
		return fmt.Sprintf("back %s", a.Addr)
	case verdict.Spare:
		out := "spare"
		for _, s := range a.Spots {
			out += fmt.Sprintf(" %d:%s", s.Hostgroup, s.Host)
		}
		return out
	case verdict.Recheck:
		out := "recheck"
		for _, s := range a.Servers {
			out += " " + s.Host
		}
		return out
	case verdict.Failover:
		return fmt.Sprintf("failover of %d to %s", a.Writer, a.Addr)
	case verdict.Arrange:
		out := "arrange"
		for _, p := range a.Places {
			if out += fmt.Sprintf(" %s%v", p.Host, p.In); p.New {
				out += fmt.Sprintf("(new, weight %d)", p.Weight)
			}
		}
		return out
	}
	return fmt.Sprintf("%T", a)
}

var failures = map[string]verdict.Failure{"timeout": verdict.Timeout, "denied": verdict.Denied, "error": verdict.Answered}

func event(t *testing.T, words []string) verdict.Event {
	if words[0] == "config" {
		return config(t, words[1:])
	}
	a, result := verdict.Addr{Host: words[1], Port: 3306}, words[len(words)-1]
	switch words[0] {
	case "ping":
		if words[2] != "ok" {
			return verdict.Ping{Addr: a, Failure: failures[words[2]]}
		}
		return verdict.Ping{Addr: a, Took: time.Duration(number(t, result)) * time.Millisecond}
	case "read_only":
		return verdict.ReadOnly{Addr: a, Check: words[2], Failure: failures[result], On: result == "1"}
	case "lag":
		switch result {
		case "null":
			return verdict.Lag{Addr: a, Replica: true, Null: true}
		case "none":
			return verdict.Lag{Addr: a}
		case "timeout":
			return verdict.Lag{Addr: a, Failure: verdict.Timeout}
		}
		return verdict.Lag{Addr: a, Replica: true, Lag: time.Duration(number(t, result)) * time.Second}
	}
	if e := clusterEvent(t, words, a); e != nil {
		return e
	}
	t.Fatalf("unknown event %q", words[0])
	return nil
}

func config(t *testing.T, words []string) verdict.Config {
	c := verdict.Config{Limits: verdict.Limits{PingFailures: 3, ReadOnlyTimeouts: 3, LagCount: 1, WriterReads: true, Fresh: 3 * time.Second,
		GaleraTimeouts: 3, GroupTimeouts: 3, GroupBehindCount: 1, GroupBehindFor: 1}}
	part := 0
	for _, w := range words {
		f := strings.Split(w, "/")
		switch {
		case w == "|":
			part++
		case part == 0:
			s := verdict.Server{Hostgroup: number(t, f[0]), Addr: verdict.Addr{Host: f[1], Port: 3306}, LagNull: time.Minute}
			for _, o := range f[2:] {
				switch name, value, _ := strings.Cut(o, "="); name {
				case "hard":
					s.Unwanted = true
				case "soft":
					s.Soft = true
				case "w":
					s.Weight = number(t, value)
				default:
					s.MaxLag = time.Duration(number(t, value)) * time.Second
				}
			}
			c.Servers = append(c.Servers, s)
			c.Loaded = c.Servers
		case part == 1:
			c.Pairs = append(c.Pairs, verdict.Pair{Writer: number(t, f[0]), Reader: number(t, f[1]), Check: f[2]})
		case part == 3:
			c.Clusters = append(c.Clusters, cluster(t, f))
		default:
			name, value, _ := strings.Cut(w, "=")
			switch name {
			case "group_behind_for":
				c.Limits.GroupBehindFor = number(t, value)
			case "group_behind_count":
				c.Limits.GroupBehindCount = number(t, value)
			case "writer_reads":
				c.Limits.WriterReads = value == "1"
			case "lag_count":
				c.Limits.LagCount = number(t, value)
			case "ping_failures":
				c.Limits.PingFailures = number(t, value)
			default:
				t.Fatalf("unknown limit %q", name)
			}
		}
	}
	return c
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
