package machine_test

import (
	"bufio"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp/machine"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.txt anew from what the machine does")

// TestTranscripts plays every testdata/*.txt. A line that begins with a tab is what the
// machine answers, all others are what happens:
//
//	router KEY[=VALUE] …   make a machine (see option)
//	check NAME rise=N fall=N [init_fail]   make the counter of a script
//	start, stop, delete, handover, rejoin
//	advert FROM PRIORITY [INTERVAL]; farewell FROM [heir]
//	source ADDR; track NAME up|down; value NAME NUMBER; lost PREFIX; reload KEY[=VALUE] …
//	result NAME ok|bad …   results of a script, one interval of a second after the other
//	wait DURATION          time passes, timers are served
//	freeze DURATION        time passes, nothing is served
//	wake                   timers are served at last
//
// An answer begins with the time since the start in seconds. The line behind each event
// shows state, effective priority and when the next timer is due.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := play(t, string(text))
			if *rewrite {
				if err := os.WriteFile(file, []byte(p.out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(p.out.String(), "\n")); diff != "" && !*rewrite {
				t.Errorf("the machine answers otherwise (-transcript +machine):\n%s", diff)
			}
			if p.recorded != "" {
				compareRecorded(t, p)
			}
		})
	}
}

// player is one transcript being played.
type player struct {
	t        *testing.T
	out      strings.Builder
	m        *machine.Machine
	cfg      machine.Config
	now      time.Time
	checks   map[string]*machine.Check
	logs     []string // all log lines
	recorded string   // file and node whose log lines must be the same
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func play(t *testing.T, text string) *player {
	p := &player{t: t, now: epoch, checks: map[string]*machine.Check{}}
	for in := bufio.NewScanner(strings.NewReader(text)); in.Scan(); {
		line := in.Text()
		if strings.HasPrefix(line, "\t") {
			continue
		}
		fmt.Fprintln(&p.out, line)
		if rest, ok := strings.CutPrefix(line, "# recorded: "); ok {
			p.recorded = rest
		}
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			p.event(words[0], words[1:])
		}
	}
	return p
}

func (p *player) event(verb string, args []string) {
	switch verb {
	case "router":
		p.cfg = machine.Config{Name: "VI_1", Priority: 100, Version: 2, AdvertInt: time.Second,
			VIPs: []netip.Prefix{netip.MustParsePrefix("10.99.6.20/24")},
			GARP: machine.GARP{Delay: 5 * time.Second, Repeat: 5, RefreshRepeat: 1, LowerPrioDelay: 5 * time.Second, LowerPrioRepeat: 5}}
		p.options(args)
		p.m = machine.New(p.cfg)
		p.m.Step(p.now, machine.Source{Addr: netip.MustParseAddr("10.99.6.1")})
		return
	case "check":
		p.newCheck(args)
		return
	case "start":
		p.step(machine.Start{})
	case "stop":
		p.step(machine.Stop{})
	case "delete":
		p.step(machine.Stop{Deleted: true})
	case "handover":
		p.step(machine.HandOver{})
	case "rejoin":
		p.step(machine.Rejoin{})
	case "farewell":
		p.step(machine.Advert{From: netip.MustParseAddr(args[0]), Interval: p.cfg.AdvertInt, Heir: len(args) > 1})
	case "advert":
		p.step(p.advert(args))
	case "source":
		p.step(machine.Source{Addr: netip.MustParseAddr(args[0])})
	case "track":
		p.step(machine.Track{Name: args[0], Up: args[1] == "up"})
	case "value":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			p.t.Fatal(err)
		}
		p.step(machine.Value{Name: args[0], Value: n})
	case "lost":
		p.step(machine.AddressLost{Prefix: netip.MustParsePrefix(args[0])})
	case "reload":
		p.options(args)
		p.step(machine.Reconfigure{Config: p.cfg})
	case "result":
		p.results(args[0], args[1:])
	case "wait":
		p.wait(p.duration(args[0]))
	case "freeze":
		p.now = p.now.Add(p.duration(args[0]))
	case "wake":
		p.step(machine.Tick{})
	default:
		p.t.Fatalf("unknown event %q", verb)
	}
	p.state()
}

func (p *player) advert(args []string) machine.Advert {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		p.t.Fatal(err)
	}
	a := machine.Advert{From: netip.MustParseAddr(args[0]), Priority: uint8(n), Interval: p.cfg.AdvertInt}
	if len(args) > 2 {
		a.Interval = p.duration(args[2])
	}
	return a
}

func (p *player) options(args []string) {
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		p.option(key, value)
	}
}

func (p *player) option(key, value string) {
	c := &p.cfg
	number := func() int { n, _ := strconv.Atoi(value); return n }
	switch key {
	case "priority":
		c.Priority = uint8(number())
	case "owner":
		c.Owner, c.Priority = true, 255
	case "version":
		c.Version = number()
	case "advert":
		c.AdvertInt = p.duration(value)
	case "nopreempt":
		c.NoPreempt = true
	case "preempt_delay":
		c.PreemptDelay = p.duration(value)
	case "lower_prio_no_advert":
		c.LowerPrioNoAdvert = true
	case "higher_prio_send_advert":
		c.HigherPrioSendAdvert = true
	case "startup_delay":
		c.StartupDelay = p.duration(value)
	case "handover":
		c.Handover = p.duration(value)
	case "garp_delay":
		c.GARP.Delay = p.duration(value)
	case "garp_refresh":
		c.GARP.Refresh = p.duration(value)
	case "down_adverts":
		c.DownAdverts = number()
	case "vips":
		c.VIPs = nil
		for _, v := range strings.Split(value, ",") {
			c.VIPs = append(c.VIPs, netip.MustParsePrefix(v))
		}
	case "track": // NAME:WEIGHT[:reverse]
		f := strings.Split(value, ":")
		w, _ := strconv.Atoi(f[1])
		t := machine.Tracker{Name: f[0], Weight: w, Reverse: len(f) > 2 && f[2] == "reverse", File: len(f) > 2 && f[2] == "file"}
		c.Trackers = append(c.Trackers, t)
	default:
		p.t.Fatalf("unknown option %q", key)
	}
}

func (p *player) newCheck(args []string) {
	n := map[string]int{"rise": 1, "fall": 1}
	initFail := false
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		n[key], _ = strconv.Atoi(value)
		initFail = initFail || key == "init_fail"
	}
	k := machine.NewCheck(n["rise"], n["fall"], initFail)
	p.checks[args[0]] = k
	if k.Known() {
		p.m.Step(p.now, machine.Track{Name: args[0], Up: k.Up()})
	}
}

func (p *player) results(name string, results []string) {
	for i, r := range results {
		if i > 0 {
			p.wait(time.Second)
		}
		if k := p.checks[name]; k.Result(r == "ok") {
			p.say("script " + name + map[bool]string{true: " up", false: " down"}[k.Up()])
			p.step(machine.Track{Name: name, Up: k.Up()})
		}
	}
}

// wait serves the timers until the time is over.
func (p *player) wait(d time.Duration) {
	end := p.now.Add(d)
	for {
		at, ok := p.m.Deadline()
		if !ok || at.After(end) {
			break
		}
		p.now = at
		p.step(machine.Tick{})
	}
	p.now = end
}

func (p *player) step(ev machine.Event) {
	for _, a := range p.m.Step(p.now, ev) {
		p.say(a.String())
		if l, ok := a.(machine.Log); ok {
			p.logs = append(p.logs, l.Text)
		}
	}
}

func (p *player) say(text string) {
	fmt.Fprintf(&p.out, "\t%.3f %s\n", p.now.Sub(epoch).Seconds(), text)
}

func (p *player) state() {
	next := ""
	if at, ok := p.m.Deadline(); ok {
		next = fmt.Sprintf(", next timer at %.3f", at.Sub(epoch).Seconds())
	}
	p.say(fmt.Sprintf("= %s %d%s", p.m.State(), p.m.Priority(), next))
}

func (p *player) duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

var ownLine = regexp.MustCompile(`\(VI_1\) .*`)

// compareRecorded compares the log lines with those of a real keepalived in the same
// situation. "# recorded: FILE NODE" in a transcript asks for it.
func compareRecorded(t *testing.T, p *player) {
	file, node, _ := strings.Cut(p.recorded, " ")
	text, err := os.ReadFile("testdata/recorded/" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "--- "+node+" log\n")
	if !ok {
		t.Fatalf("%s has no log of %s", file, node)
	}
	part, _, _ = strings.Cut(part, "\n\n")
	var want []string
	for _, line := range strings.Split(part, "\n") {
		if l := ownLine.FindString(line); l != "" && !strings.Contains(l, "Sending/queueing") {
			want = append(want, l)
		}
	}
	if diff := cmp.Diff(want, p.logs); diff != "" {
		t.Errorf("keepalived logged otherwise (-keepalived +machine):\n%s", diff)
	}
}
