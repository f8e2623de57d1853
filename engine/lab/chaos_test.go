package lab_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/binary"
)

// trial is something that goes wrong for one host for a while.
type trial struct {
	name  string
	begin func(t *testing.T, c *chaos, m member)
	end   func(t *testing.T, c *chaos, m member)
	// longest it may last.
	longest time.Duration
	// unseen says that the other host cannot hear of the mishap, or that the host cannot act: both may then have the address
	// until it is over.
	unseen bool
	only   func(m member) bool
}

func isOurs(m member) bool { return m.ours() }

var trials = []trial{
	{
		name: "kill", longest: 6 * time.Second,
		begin: func(t *testing.T, _ *chaos, m member) { m.serviceDies(t) },
		end:   func(t *testing.T, _ *chaos, m member) { m.revive(t) },
	},
	{
		name: "crash", longest: 8 * time.Second,
		begin: func(t *testing.T, c *chaos, m member) {
			m.crash(t)
			if !m.ours() { // the host is gone, and the address that keepalived leaves behind with it
				commandOutput(c.inside(m.name()), "ip", "addr", "del", vip+"/24", "dev", "eth0")
			}
		},
		end: func(t *testing.T, _ *chaos, m member) { m.up(t) },
	},
	{
		name: "stop", longest: 8 * time.Second,
		begin: func(t *testing.T, _ *chaos, m member) { m.terminate(t) },
		end:   func(t *testing.T, _ *chaos, m member) { m.up(t) },
	},
	{
		name: "freeze", longest: 8 * time.Second, unseen: true,
		begin: func(t *testing.T, c *chaos, m member) {
			c.frozen = m.pids()
			signal(t, c.frozen, syscall.SIGSTOP)
		},
		end: func(t *testing.T, c *chaos, _ member) { signal(t, c.frozen, syscall.SIGCONT) },
	},
	{
		name: "partition", longest: 8 * time.Second, unseen: true,
		begin: func(t *testing.T, c *chaos, m member) { c.link(t, m.name(), "down") },
		end:   func(t *testing.T, c *chaos, m member) { c.link(t, m.name(), "up") },
	},
	{
		name: "deafness", longest: 8 * time.Second, unseen: true, // adverts are lost, all else arrives
		begin: func(t *testing.T, c *chaos, m member) { c.adverts(t, m.name(), "off") },
		end:   func(t *testing.T, c *chaos, m member) { c.adverts(t, m.name(), "on") },
	},
	{
		name: "flaps", longest: time.Second, unseen: true,
		begin: func(t *testing.T, c *chaos, m member) {
			for range 2 + c.rand.IntN(4) {
				c.link(t, m.name(), "down")
				time.Sleep(c.upTo(400 * time.Millisecond))
				c.link(t, m.name(), "up")
				time.Sleep(c.upTo(400 * time.Millisecond))
			}
		},
		end: func(*testing.T, *chaos, member) {},
	},
	{
		name: "reload", longest: time.Second,
		begin: func(t *testing.T, c *chaos, m member) { m.reload(t, 1+c.rand.IntN(5)) },
		end:   func(*testing.T, *chaos, member) {},
	},
	{
		name: "failover", longest: 6 * time.Second, only: isOurs,
		begin: func(t *testing.T, _ *chaos, m member) { failoverOf(t, m) },
		end:   func(t *testing.T, _ *chaos, m member) { failoverOf(t, m, "--release") },
	},
}

// failoverOf runs keepsql failover on a member. That there is nothing to hand over is no error here.
func failoverOf(t *testing.T, m member, args ...string) {
	if err := m.(*keepsqlMember).command(append([]string{"failover", "VI_1"}, args...)...); err != nil {
		t.Logf("  %v", err)
	}
}

// chaos is a pair to which things happen.
type chaos struct {
	*pair
	rand   *rand.Rand
	frozen []int
	events int
	begun  time.Time
}

func (c *chaos) upTo(d time.Duration) time.Duration { return time.Duration(c.rand.Int64N(int64(d))) }

// adverts lets multicast through to a host, or not.
func (c *chaos) adverts(t *testing.T, host, state string) {
	t.Helper()
	if out, err := commandOutput(c.inside("switch"), "bridge", "link", "set", "dev", host, "mcast_flood", state); err != nil {
		t.Errorf("bridge: %v: %s", err, out)
	}
}

// granularity is what observing adds to a bound: the distance of ARP questions, and a machine that is busy.
const granularity = 700 * time.Millisecond

// TestChaos kills, freezes, cuts off and reloads the hosts of a pair at random, and watches who answers ARP for the virtual IP: once
// all is well again never two hosts for longer than one advert and the skew, and never nobody for longer than an election takes while
// a host is there that nothing happened to. KEEPSQL_CHAOS is how long, KEEPSQL_CHAOS_SEED repeats a run.
func TestChaos(t *testing.T) {
	needRoot(t)
	length, chosen := 15*time.Second, []string{"ours-keepalived"}
	if text := os.Getenv("KEEPSQL_CHAOS"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("KEEPSQL_CHAOS: %v", err)
		}
		chosen = kinds
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("KEEPSQL_CHAOS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("KEEPSQL_CHAOS_SEED: %v", err)
		}
	}
	program := binary.Path(t)
	for i, kind := range chosen {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := &chaos{pair: newPair(t, kind, program, settings{}), rand: rand.New(rand.NewPCG(seed, uint64(i))), begun: time.Now()}
			c.probe.stop()
			t.Logf("seed %d", seed)
			for time.Since(c.begun) < length {
				c.round(t)
			}
			t.Logf("%d events in %v", c.events, time.Since(c.begun).Round(time.Second))
		})
	}
}

// round lets one or two things happen to one host, makes them good and judges.
func (c *chaos) round(t *testing.T) {
	m, other := c.a, c.b
	if c.rand.IntN(3) == 0 {
		m, other = c.b, c.a
	}
	possible := slices.DeleteFunc(slices.Clone(trials), func(tr trial) bool { return tr.only != nil && !tr.only(m) })
	picked := []trial{possible[c.rand.IntN(len(possible))]}
	if second := possible[c.rand.IntN(len(possible))]; c.rand.IntN(4) == 0 && compatible(picked[0].name, second.name) {
		picked = append(picked, second)
	}
	began := time.Now()
	unseen := false
	var names []string
	for _, tr := range picked {
		names = append(names, tr.name)
		unseen = unseen || tr.unseen
		tr.begin(t, c, m)
		time.Sleep(c.upTo(tr.longest / time.Duration(len(picked))))
	}
	for _, tr := range slices.Backward(picked) {
		tr.end(t, c, m)
	}
	healed := time.Now()
	c.events += len(picked)
	what := fmt.Sprintf("%v: %s of %s for %v", began.Sub(c.begun).Round(time.Millisecond), strings.Join(names, " and "), m.name(),
		healed.Sub(began).Round(time.Millisecond))
	t.Log(what)
	time.Sleep(c.settings.masterDown() + 2*time.Second + c.upTo(time.Second))
	c.judge(t, what, other, began, healed, unseen)
	c.arp.forget(time.Now().Add(-time.Second))
}

// compatible tells whether a second mishap can come on top of a first.
func compatible(first, second string) bool {
	switch second {
	case "reload", "flaps", "partition", "deafness":
		return first != second && (first == "kill" || first == "crash" || first == "stop" || first == "failover" || first == "freeze" && second != "reload")
	}
	return false
}

// judge compares who answered with what is promised.
func (c *chaos) judge(t *testing.T, what string, other member, began, healed time.Time, unseen bool) {
	t.Helper()
	now := time.Now()
	list := c.arp.between(began, now.Add(-arpEvery))
	overlap := c.settings.advert() + c.settings.skew() + granularity
	without, _ := stretch(list, nobody)
	double, _ := stretch(list, several)
	t.Logf("  %d questions; nobody answered for at most %v, two did for at most %v", len(list), without, double)
	if want := int(now.Sub(began) / arpEvery); len(list) < want/2 {
		t.Errorf("%s: only %d of %d questions were asked", what, len(list), want)
	}
	if d, at := stretch(list, nobody); d > c.settings.masterDown()+granularity {
		t.Errorf("%s: nobody had the address for %v, from %v on, though nothing happened to %s%s", what, d, at.Sub(began), other.name(), timeline(list, began))
	}
	from := began
	if unseen {
		from = healed
	}
	if d, at := stretch(c.arp.between(from, now.Add(-arpEvery)), several); d > overlap {
		t.Errorf("%s: two hosts had the address for %v, from %v on%s", what, d, at.Sub(began), timeline(list, began))
	}
	end := map[string]bool{}
	for _, a := range c.arp.between(now.Add(-600*time.Millisecond), now.Add(-arpEvery)) {
		end[strings.Join(a.hosts, "+")] = true
	}
	delete(end, "") // one answer that was lost
	if !end["node1"] && !end["node2"] || len(end) > 1 {
		t.Errorf("%s: at the end the address is with %v%s", what, end, timeline(list, began))
	}
}

// timeline tells who had the address when, in milliseconds.
func timeline(list []asked, began time.Time) string {
	var b strings.Builder
	last := "-"
	for _, a := range list {
		if who := strings.Join(a.hosts, "+"); who != last {
			fmt.Fprintf(&b, "\n\t%6d %s", a.at.Sub(began).Milliseconds(), who)
			last = who
		}
	}
	return b.String()
}
