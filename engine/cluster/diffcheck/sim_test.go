package diffcheck_test

import (
	"container/heap"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

var (
	seeds = flag.Int("seeds", 200, "how many clusters are simulated")
	seed  = flag.Int("seed", -1, "the one cluster to simulate, with what happens to it")
)

// TestSimulation runs clusters of 2 to 50 nodes over a simulated network. Nodes are the decisions of this package and the stamps
// of package layers; loss, delay, partitions, clocks that disagree, crashes and loads go on for some minutes. Then the network
// heals, and all nodes must soon have one content: that of a load, and of none that another load was made on top of.
//
// KEEPSQL_SEEDS sets the number of clusters too.
func TestSimulation(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 30)
	}
	if text := os.Getenv("KEEPSQL_SEEDS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	first, last := 0, n
	if *seed >= 0 {
		first, last = *seed, *seed+1
	}
	slowest := 0
	for s := first; s < last; s++ {
		w := newWorld(uint64(s))
		w.trace = *seed >= 0
		polls, err := w.run()
		if w.trace {
			t.Log(w.log.String())
		}
		if err != nil {
			t.Fatalf("seed %d (%d cores of %d nodes): %v", s, w.cores, len(w.nodes), err)
		}
		slowest = max(slowest, polls)
	}
	t.Logf("%d clusters, in step at most %d checks after the last fault", last-first, slowest)
}

const (
	module   = "mysql_users"
	interval = 1000 // between checks, milliseconds
	bound    = 150  // checks after the last fault by which all is in step
	// skew is how far clocks are off at most, either way, in seconds.
	skew = 25
)

// world is a cluster and its network, at one moment of a time that is counted in milliseconds.
type world struct {
	rand   *rand.Rand
	now    int64
	queue  events
	serial int
	edits  int // no two have equal content
	nodes  []*simNode
	cores  int
	diffs  int

	faults  bool
	loss    float64
	delay   int64        // at most, one way
	cut     map[int]bool // nodes on one side of a partition
	loads   []load
	content map[string]int // index of the load, by checksum
	trace   bool
	log     strings.Builder
}

// load is a LOAD that was acknowledged.
type load struct {
	node   int
	at     int64
	stamp  layers.Stamp
	parent string // what was in force there before
}

// simNode is one node.
type simNode struct {
	world *world
	id    int
	up    bool
	life  int // counts restarts
	clock int64
	core  bool
	push  bool // it is asked to report changes, and asks
	stamp layers.Stamp
	state *diffcheck.State
	known map[int]string // what the last check of a peer showed
}

func newWorld(seed uint64) *world {
	w := &world{rand: rand.New(rand.NewPCG(seed, 6)), cut: map[int]bool{}, content: map[string]int{}, faults: true}
	w.diffs = 1 + w.rand.IntN(3)
	w.loss, w.delay = w.rand.Float64()*0.3, 1+w.rand.Int64N(400)
	n := 2 + int(48*w.rand.Float64()*w.rand.Float64()*w.rand.Float64())
	if seed%50 == 49 {
		n = 50
	}
	w.cores = min(n, 1+w.rand.IntN(6))
	if n == 2 {
		w.cores = 2
	}
	same := w.rand.IntN(2) == 0
	push := w.rand.IntN(3)
	for i := range n {
		node := &simNode{world: w, id: i, core: i < w.cores, push: push == 2 || push == 1 && w.rand.IntN(2) == 0}
		node.clock = w.rand.Int64N(2*skew*1000) - skew*1000
		node.stamp = layers.Stamp{Version: 1, Epoch: node.time().Unix(), Checksum: none}
		if i == 0 || w.rand.IntN(2) == 0 {
			node.stamp.Checksum = checksum(1)
			if !same {
				node.stamp.Checksum = checksum(uint64(2 + i))
			}
		}
		w.nodes = append(w.nodes, node)
		node.start()
	}
	w.plan()
	return w
}

const none = "0x0000000000000000"

func checksum(n uint64) string { return fmt.Sprintf("0x%016X", n*0x9E3779B97F4A7C15) }

// plan lays down what happens while there are faults, and their end.
func (w *world) plan() {
	length := 60_000 + w.rand.Int64N(120_000)
	loads := w.rand.IntN(12)
	for range loads {
		at := w.rand.Int64N(length)
		core := w.nodes[w.rand.IntN(w.cores)]
		for range 1 + w.rand.IntN(3) {
			at += w.rand.Int64N(1500)
			w.at(at, func() { core.load() })
		}
	}
	for range w.rand.IntN(6) {
		at := w.rand.Int64N(length)
		w.at(at, func() { w.partition() })
		w.at(at+w.rand.Int64N(30_000), func() { clear(w.cut) })
	}
	for range w.rand.IntN(8) {
		node := w.nodes[w.rand.IntN(len(w.nodes))]
		at := w.rand.Int64N(length)
		w.at(at, func() { node.stop() })
		w.at(at+w.rand.Int64N(20_000), func() { node.start() })
	}
	for range w.rand.IntN(4) {
		node := w.nodes[w.rand.IntN(len(w.nodes))]
		w.at(w.rand.Int64N(length), func() { node.clock = w.rand.Int64N(2*skew*1000) - skew*1000 })
	}
	if w.rand.IntN(10) == 0 {
		w.wrongClock(length)
	}
	w.at(length+40_000, w.heal)
}

// wrongClock lets a core's clock be an hour off for some time. What is loaded there meanwhile needs an operator: a load on
// another node once all clocks are right.
func (w *world) wrongClock(length int64) {
	if w.cores < 2 {
		return
	}
	node, other := w.nodes[0], w.nodes[1]
	w.at(w.rand.Int64N(length), func() {
		node.clock = 3_600_000
		node.load()
	})
	w.at(length+20_000, func() { node.clock = 0 })
	w.at(length+40_001+20*interval, func() {
		w.loads = nil // the operator decides
		clear(w.content)
		if w.rand.IntN(2) == 0 {
			other.loadAs(other.stamp.Checksum) // what is there is to be kept
		} else {
			other.load()
		}
	})
}

func (w *world) partition() {
	clear(w.cut)
	for _, n := range w.nodes {
		if w.rand.IntN(2) == 0 {
			w.cut[n.id] = true
		}
	}
}

// heal ends all faults. Where nobody ever loaded and the nodes disagree, an operator has to.
func (w *world) heal() {
	w.faults, w.loss, w.delay = false, 0, min(w.delay, 100)
	clear(w.cut)
	for _, n := range w.nodes {
		n.start()
	}
	different := map[string]bool{}
	for _, n := range w.nodes {
		if n.stamp.Checksum != none {
			different[n.stamp.Checksum] = true
		}
	}
	onlyCores := true // nobody pulls from a satellite
	for _, n := range w.nodes[w.cores:] {
		onlyCores = onlyCores && (n.stamp.Checksum == none || n.stamp.Checksum == w.nodes[0].stamp.Checksum)
	}
	if len(w.loads) == 0 && (len(different) > 1 || !onlyCores) {
		w.nodes[w.rand.IntN(w.cores)].load()
	}
}

// run lets all happen, and tells how many checks after the last fault all were in step.
func (w *world) run() (polls int, err error) {
	for w.faults {
		w.next()
	}
	healed, since := w.now, int64(-1)
	for w.now < healed+(bound+30)*interval {
		w.next()
		switch {
		case w.divided() != "":
			since = -1
		case since < 0:
			since = w.now
		}
	}
	polls = int((since - healed) / interval)
	if since < 0 || polls > bound {
		return polls, fmt.Errorf("not in step after %d checks: %s", bound, w.divided())
	}
	return polls, w.lost()
}

func (w *world) next() {
	e := heap.Pop(&w.queue).(event)
	w.now = e.at
	e.do()
}

// divided lists the contents, where there is more than one.
func (w *world) divided() string {
	for _, n := range w.nodes {
		if n.stamp.Checksum != w.nodes[0].stamp.Checksum {
			var out []string
			for _, n := range w.nodes {
				out = append(out, fmt.Sprintf("n%d %s v%d %d", n.id, n.stamp.Checksum[:8], n.stamp.Version, n.stamp.Epoch))
			}
			return strings.Join(out, ", ")
		}
	}
	return ""
}

// lost tells of a load that was made on top of what all nodes have now.
func (w *world) lost() error {
	final := w.nodes[0].stamp.Checksum
	winner, loaded := w.content[final]
	if len(w.loads) == 0 {
		return nil
	}
	if !loaded {
		return fmt.Errorf("%s is in force, which nobody loaded", final)
	}
	for i, l := range w.loads {
		if w.content[l.stamp.Checksum] != winner && w.descends(l, final) {
			return fmt.Errorf("load %d on n%d was made on top of what is in force now: %+v", i, l.node, l)
		}
		if won := w.loads[winner]; l.at > won.at+(2*skew+60)*1000 {
			return fmt.Errorf("load %d was made long after the one in force", i)
		}
	}
	return nil
}

func (w *world) descends(l load, ancestor string) bool {
	for l.parent != ancestor {
		i, known := w.content[l.parent]
		if !known || w.loads[i].parent == l.parent { // the first one, or one that changed nothing
			return false
		}
		l = w.loads[i]
	}
	return true
}

// event is something that happens at a time; those of one time in the order they were laid down.
type event struct {
	at     int64
	serial int
	do     func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].serial < e[j].serial
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}

func (w *world) at(when int64, do func()) {
	w.serial++
	heap.Push(&w.queue, event{max(when, w.now), w.serial, do})
}

func (w *world) after(delay int64, do func()) { w.at(w.now+delay, do) }

// travel is how long a message takes, or that it does not arrive.
func (w *world) travel(from, to *simNode) (delay int64, arrives bool) {
	if !from.up || !to.up || w.cut[from.id] != w.cut[to.id] || w.rand.Float64() < w.loss {
		return 0, false
	}
	return 1 + w.rand.Int64N(w.delay), true
}

func (w *world) note(format string, args ...any) {
	if w.trace {
		fmt.Fprintf(&w.log, "%7d ", w.now)
		fmt.Fprintf(&w.log, format+"\n", args...)
	}
}

// epoch0 is when the simulated time begins.
var epoch0 = time.Unix(1_700_000_000, 0)
