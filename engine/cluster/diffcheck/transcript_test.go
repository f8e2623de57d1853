package diffcheck_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

var rewrite = flag.Bool("rewrite", false, "write what the package does into the transcripts")

// TestTranscripts plays testdata/*.txt: blocks of commands, "----", and what followed from them. The recordings they were
// made from are ProxySQL's; times and epochs are seconds since the start ("+16").
//
//	own NAME VERSION EPOCH CHECKSUM [diffs=N] [mute] [bootstrap]   sets this node's side
//	members PEER…                                      the list of members
//	rows PEER: NAME VERSION EPOCH CHECKSUM; …          a row pass
//	prompt PEER: …                                     a row pass of a peer that reports its changes at once
//	tick PEER [×N]                                     tick passes
//	pulled PEER WATCH                                  a pull went well: the peer's content is our own
//	failed PEER MODULE                                 a pull did not
//	wait SECONDS                                       time goes on
//	show PEER                                          what is known of it
//	verdict PEER                                       how it stands to this node
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
}

// watches as a node has them.
func watches() []diffcheck.Watch {
	w := func(name, module, command string) diffcheck.Watch {
		return diffcheck.Watch{Name: name, Module: module, Command: command, DiffsVariable: "admin-cluster_" + module + "_diffs_before_sync"}
	}
	v2 := w("mysql_servers_v2", "mysql_servers", "MYSQL SERVERS")
	v2.Along, v2.Alias = "mysql_servers", "mysql_servers"
	return []diffcheck.Watch{
		w("admin_variables", "admin_variables", "ADMIN VARIABLES"),
		w("mysql_query_rules", "mysql_query_rules", "MYSQL QUERY RULES"),
		v2,
		w("mysql_servers", "mysql_servers", "MYSQL SERVERS"),
		w("mysql_users", "mysql_users", "MYSQL USERS"),
		w("mysql_variables", "mysql_variables", "MYSQL VARIABLES"),
		w("proxysql_servers", "proxysql_servers", "PROXYSQL SERVERS"),
	}
}

// start is +0 of the transcripts.
var start = time.Unix(1_000_000_000, 0)

type player struct {
	t     *testing.T
	state *diffcheck.State
	own   map[string]diffcheck.Own
	now   time.Time
	out   bytes.Buffer
}

func play(t *testing.T, text string) string {
	p := &player{
		t: t, own: map[string]diffcheck.Own{}, now: start,
		state: diffcheck.New(watches(), diffcheck.Retry{Min: time.Second, Max: 8 * time.Second}),
	}
	var out bytes.Buffer
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		p.out.Reset()
		for _, line := range strings.Split(commands, "\n") {
			if !strings.HasPrefix(line, "#") {
				p.command(line)
			}
		}
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(commands + "\n----\n" + p.out.String())
	}
	return out.String()
}

func (p *player) command(line string) {
	name, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	switch name {
	case "own":
		p.setOwn(words)
	case "members":
		var m diffcheck.Members
		for _, w := range words {
			m = append(m, p.peer(w))
		}
		p.step(m)
	case "rows", "prompt":
		peer, rows, _ := strings.Cut(rest, ": ")
		p.step(diffcheck.Rows{Peer: p.peer(peer), Rows: p.rows(rows), Prompt: name == "prompt"})
	case "tick":
		n := 1
		if len(words) > 1 {
			n = p.number(strings.TrimPrefix(words[1], "×"))
		}
		for range n {
			p.step(diffcheck.Tick{Peer: p.peer(words[0])})
		}
	case "pulled":
		p.pulled(p.peer(words[0]), words[1])
	case "failed":
		p.step(diffcheck.PullEnded{Peer: p.peer(words[0]), Module: words[1], Failed: true})
	case "wait":
		p.now = p.now.Add(time.Duration(p.number(words[0])) * time.Second)
	case "show":
		p.show(p.peer(words[0]))
	case "verdict":
		p.verdict(p.peer(words[0]))
	default:
		p.t.Fatalf("unknown command %q", line)
	}
}

func (p *player) setOwn(words []string) {
	o := diffcheck.Own{Stamp: p.stamp(words[1:4]), Diffs: 3}
	for _, option := range words[4:] {
		if n, ok := strings.CutPrefix(option, "diffs="); ok {
			o.Diffs = p.number(n)
		}
		o.Mute = o.Mute || option == "mute"
		o.Bootstrap = o.Bootstrap || option == "bootstrap"
	}
	p.own[words[0]] = o
}

// pulled takes the peer's content over, as a pull does.
func (p *player) pulled(from diffcheck.Peer, watch string) {
	i := slices.IndexFunc(watches(), func(w diffcheck.Watch) bool { return w.Name == watch })
	module := watches()[i].Module
	for _, w := range watches() {
		own := p.own[w.Name]
		for _, e := range p.state.Entries(from) {
			if w.Module == module && e.Name == w.Name && !own.Mute {
				own.Stamp = e.Stamp
				p.own[w.Name] = own
			}
		}
	}
	p.step(diffcheck.PullEnded{Peer: from, Module: module})
}

func (p *player) step(e diffcheck.Event) {
	for _, a := range p.state.Step(p.now, p.own, e) {
		switch a := a.(type) {
		case diffcheck.Line:
			level := []string{"INFO", "WARNING", "ERROR"}[a.Level]
			fmt.Fprintf(&p.out, "[%s] %s\n", level, p.relative(a.Text))
		case diffcheck.Pull:
			fmt.Fprintf(&p.out, "=> pull %s", a.Watch)
			if a.Along != "" {
				fmt.Fprintf(&p.out, " and %s", a.Along)
			}
			fmt.Fprintf(&p.out, " from %s, expect %s\n", a.Peer, a.Expected[a.Watch].Checksum)
		case diffcheck.Align:
			fmt.Fprintf(&p.out, "=> align %s to version %d, epoch +%d\n", a.Watch, a.Version, a.Epoch-start.Unix())
		}
	}
}

// relative writes epochs as the recordings do.
func (p *player) relative(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		digits := strings.TrimRight(w, ",.:")
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n >= start.Unix() {
			words[i] = fmt.Sprintf("<T+%d>%s", n-start.Unix(), w[len(digits):])
		}
	}
	return strings.Join(words, " ")
}

func (p *player) show(peer diffcheck.Peer) {
	since := func(at time.Time) string {
		if at.IsZero() {
			return "never"
		}
		return fmt.Sprintf("+%d", int64(at.Sub(start).Seconds()))
	}
	for _, e := range p.state.Entries(peer) {
		if e.Version != 0 {
			fmt.Fprintf(&p.out, "%s v%d e+%d %s ch%s up%s diff=%d\n", e.Name, e.Version, e.Epoch-start.Unix(), e.Checksum,
				since(e.ChangedAt), since(e.UpdatedAt), e.Diff)
		}
	}
}

func (p *player) verdict(peer diffcheck.Peer) {
	for _, v := range p.state.Verdicts(p.now, p.own) {
		if v.Peer != peer || v.Entry.Version == 0 {
			continue
		}
		if v.InStep {
			fmt.Fprintf(&p.out, "%s: in step since +%d\n", v.Watch, v.Since.Unix()-start.Unix())
			continue
		}
		fmt.Fprintf(&p.out, "%s: not in step since +%d: %s; %s\n", v.Watch, v.Since.Unix()-start.Unix(), v.Reason, v.Fix)
	}
}

func (p *player) rows(text string) (rows []diffcheck.Row) {
	for _, r := range strings.Split(text, "; ") {
		words := strings.Fields(r)
		rows = append(rows, diffcheck.Row{Name: words[0], Stamp: p.stamp(words[1:])})
	}
	return rows
}

func (p *player) stamp(words []string) diffcheck.Stamp {
	s := diffcheck.Stamp{
		Version: uint64(p.number(words[0])), Epoch: start.Unix() + int64(p.number(words[1])), Checksum: words[2],
	}
	if s.Checksum == "-" {
		s.Checksum = ""
	}
	return s
}

func (p *player) peer(text string) diffcheck.Peer {
	host, port, _ := strings.Cut(text, ":")
	return diffcheck.Peer{Host: host, Port: p.number(port)}
}

func (p *player) number(text string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(text, "+"))
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}
