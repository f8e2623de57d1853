package lab_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/binary"
)

// mishap is something that happens to the host that has the virtual IP, and what makes it good again.
type mishap struct {
	name     string
	settings settings
	// goals are the longest outages a client may see, in milliseconds, by kind of pair; 0 stands for none: what keepalived does
	// there is not ours to promise.
	goals [3]float64
	brief bool // part of every test run
	hit   func(t *testing.T, p *pair)
	heal  func(t *testing.T, p *pair)
	// keep leaves out kinds for which it makes no sense.
	keep func(kind string) bool
}

func oursFirst(kind string) bool { return strings.HasPrefix(kind, "ours-") }

var mishaps = []mishap{
	{
		name: "engine killed, service dead", goals: [3]float64{50, 700, 0}, brief: true,
		hit:  func(t *testing.T, p *pair) { p.a.serviceDies(t) },
		heal: func(t *testing.T, p *pair) { p.a.revive(t) },
	},
	{
		name: "SIGTERM", goals: [3]float64{20, 20, 700}, brief: true,
		hit:  func(t *testing.T, p *pair) { p.a.terminate(t) },
		heal: func(t *testing.T, p *pair) { p.a.up(t) },
	},
	{
		name: "planned switchover", goals: [3]float64{20, 20, 0}, brief: true, keep: oursFirst,
		hit:  func(t *testing.T, p *pair) { p.failover(t) },
		heal: func(t *testing.T, p *pair) { p.failover(t, "--release") },
	},
	{
		name: "all processes killed, service dead", goals: [3]float64{3400, 3400, 3400},
		hit: func(t *testing.T, p *pair) {
			p.a.crash(t)
			if p.a.ours() {
				within(t, 3500*time.Millisecond, "the virtual IP leaves "+p.a.name(), func() error {
					if p.hasVIP(p.a.name()) {
						return fmt.Errorf("still there")
					}
					return nil
				})
			}
		},
		heal: func(t *testing.T, p *pair) { p.a.up(t) },
	},
	{
		name: "link loss", goals: [3]float64{3400, 3400, 3400},
		hit:  func(t *testing.T, p *pair) { p.link(t, p.a.name(), "down") },
		heal: func(t *testing.T, p *pair) { p.link(t, p.a.name(), "up") },
	},
	{
		name: "host loss, v3, 0.1 s", settings: settings{v3: true}, goals: [3]float64{350, 350, 350}, brief: true,
		hit: func(t *testing.T, p *pair) {
			p.link(t, p.a.name(), "down")
			p.a.crash(t)
		},
		heal: func(t *testing.T, p *pair) {
			if !p.a.ours() { // a host that comes back has no address left over
				commandOutput(p.inside(p.a.name()), "ip", "addr", "del", vip+"/24", "dev", "eth0")
			}
			p.link(t, p.a.name(), "up")
			p.a.up(t)
		},
	},
}

// failover runs keepsql failover on node1.
func (p *pair) failover(t *testing.T, args ...string) {
	t.Helper()
	if err := p.a.(*keepsqlMember).command(append([]string{"failover", "VI_1"}, args...)...); err != nil {
		t.Error(err)
	}
}

// reps is how often each mishap is repeated; brief tells that only those marked so are tried, once.
func reps(t *testing.T) (n int, brief bool) {
	text := os.Getenv("KEEPSQL_LAB_REPS")
	if text == "" {
		return 1, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("KEEPSQL_LAB_REPS: %q is not a number of repetitions", text)
	}
	return n, false
}

// TestOutages measures what a client sees when things happen to the host that serves it, in pairs of keepsql and of keepsql with
// keepalived, and compares it with what is promised. KEEPSQL_LAB_REPS repeats everything; without it a few mishaps are tried once,
// with allowance for a machine that is busy with other tests, and again where even that was not enough: the best counts.
func TestOutages(t *testing.T) {
	needRoot(t)
	n, brief := reps(t)
	program := binary.Path(t)
	var (
		mu    sync.Mutex
		table = map[string][]outage{}
	)
	t.Run("pairs", func(t *testing.T) {
		for _, kind := range kinds {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				for _, s := range []settings{{}, {v3: true}} {
					t.Run(s.String(), func(t *testing.T) { // what it started ends with it
						p := (*pair)(nil)
						for _, m := range mishaps {
							if m.settings != s || brief && !m.brief || m.keep != nil && !m.keep(kind) {
								continue
							}
							if p == nil {
								p = newPair(t, kind, program, s)
							}
							for range n {
								there, back := p.happen(t, m)
								goal := m.goals[slices.Index(kinds, kind)]
								for tries := 1; brief && goal > 0 && tries < 5 && ms(there.longest) > goal+busy; tries++ {
									t.Logf("%s: again, after %.1f ms without an answer", m.name, ms(there.longest))
									if next, again := p.happen(t, m); next.longest < there.longest {
										there, back = next, again
									}
								}
								mu.Lock()
								table[kind+" "+m.name] = append(table[kind+" "+m.name], there)
								table[kind+" back after "+m.name] = append(table[kind+" back after "+m.name], back)
								mu.Unlock()
							}
						}
					})
				}
				if !brief {
					t.Run("frozen", func(t *testing.T) {
						freeze(t, kind, program, n, func(name string, o outage) {
							mu.Lock()
							defer mu.Unlock()
							table[kind+" "+name] = append(table[kind+" "+name], o)
						})
					})
				}
			})
		}
	})
	t.Log("\n" + outageTable(t, table, brief))
}

// String names the settings for the test's name.
func (s settings) String() string {
	switch {
	case s.v3:
		return "v3"
	case s.nopreempt:
		return "nopreempt"
	}
	return "v2"
}

// happen lets a mishap happen to node1 and makes it good.
func (p *pair) happen(t *testing.T, m mishap) (there, back outage) {
	t.Helper()
	time.Sleep(time.Duration(time.Now().UnixNano() % int64(time.Second))) // anywhere between two adverts
	there = p.watch(t, m.name, "node2", func() { m.hit(t, p) })
	back = p.watch(t, "back after "+m.name, "node1", func() { m.heal(t, p) })
	p.probe.forget(time.Now().Add(-2 * time.Second))
	p.arp.forget(time.Now().Add(-2 * time.Second))
	return there, back
}

// watch does something and waits until the client is served by one host.
func (p *pair) watch(t *testing.T, name, to string, do func()) outage {
	t.Helper()
	at := time.Now()
	do()
	p.probe.settled(t, to, patience)
	return outageOf(name, at, to, p.probe.since(at.Add(-500*time.Millisecond)))
}

// freeze stops the master for six seconds and lets it go on. It was not preferred: it must leave the address where it went.
func freeze(t *testing.T, kind, program string, n int, note func(string, outage)) {
	p := newPair(t, kind, program, settings{nopreempt: true})
	for range n {
		pids := p.a.pids()
		at := time.Now()
		o := p.watch(t, "frozen", "node2", func() {
			signal(t, pids, syscall.SIGSTOP)
			time.Sleep(6 * time.Second)
		})
		note("frozen for 6 s", o)
		woken := time.Now()
		signal(t, pids, syscall.SIGCONT)
		time.Sleep(5 * time.Second)
		note("continued", outageOf("continued", woken, "node2", p.probe.since(woken.Add(-500*time.Millisecond))))
		if p.a.ours() {
			p.stayed(t, at, woken)
		}
		p.handBack(t)
	}
}

// stayed checks that nothing but node2 answered since node1 woke.
func (p *pair) stayed(t *testing.T, frozen, woken time.Time) {
	t.Helper()
	for _, a := range p.probe.since(woken) {
		if a.from == addresses["node1"] {
			t.Errorf("node1 answered a client %v after it woke", a.sent.Sub(woken))
			break
		}
	}
	for _, a := range p.arp.between(woken, time.Now()) {
		if slices.Contains(a.hosts, "node1") {
			t.Errorf("node1 answered ARP %v after it woke", a.at.Sub(woken))
			break
		}
	}
	if d, began := stretch(p.arp.between(frozen, woken), several); d > 0 {
		t.Errorf("two hosts answered ARP for %v, %v after the freeze", d, began.Sub(frozen))
	}
}

// handBack makes node1 master again where nobody preempts.
func (p *pair) handBack(t *testing.T) {
	t.Helper()
	p.b.terminate(t)
	p.probe.settled(t, "node1", patience)
	p.b.up(t)
	time.Sleep(2 * time.Second)
	p.probe.settled(t, "node1", patience)
	p.probe.forget(time.Now().Add(-2 * time.Second))
	p.arp.forget(time.Now().Add(-2 * time.Second))
}

// busy is what a single try may take longer than its goal, where other tests run beside it, and soon after a start: the backup waits
// its skew of 0.65 s as long as the nodes have not told each other of themselves.
const busy = 750

// outageTable lists what was measured beside the goals, which medians must reach.
func outageTable(t *testing.T, table map[string][]outage, brief bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-58s %3s %10s %10s %10s %8s\n", "outage seen by a client, ms", "n", "min", "median", "max", "goal")
	line := func(k int, name string, goal float64) {
		all := table[kinds[k]+" "+name]
		if len(all) == 0 {
			return
		}
		slices.SortFunc(all, func(x, y outage) int { return int(x.longest - y.longest) })
		median := ms(all[len(all)/2].longest)
		text := "-"
		if goal > 0 {
			text = fmt.Sprint(goal)
		}
		fmt.Fprintf(&b, "%-58s %3d %10.1f %10.1f %10.1f %8s\n", kinds[k]+": "+name, len(all),
			ms(all[0].longest), median, ms(all[len(all)-1].longest), text)
		if brief {
			goal += busy
		}
		if text != "-" && median > goal {
			t.Errorf("%s: %s: a client was without an answer for %.1f ms, more than %v", kinds[k], name, median, goal)
		}
	}
	for _, m := range mishaps {
		for k := range kinds {
			line(k, m.name, m.goals[k])
		}
		for k := range kinds {
			line(k, "back after "+m.name, 0)
		}
	}
	for k := range kinds {
		line(k, "frozen for 6 s", 0)
		line(k, "continued", 0)
	}
	return b.String()
}
