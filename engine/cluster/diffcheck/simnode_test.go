package diffcheck_test

import (
	"fmt"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

// time is what the node's clock shows.
func (n *simNode) time() time.Time {
	return epoch0.Add(time.Duration(n.world.now+n.clock) * time.Millisecond)
}

func (n *simNode) peer() diffcheck.Peer {
	return diffcheck.Peer{Host: fmt.Sprint("n", n.id), Port: 6032}
}

func (w *world) node(p diffcheck.Peer) *simNode {
	var id int
	if _, err := fmt.Sscanf(p.Host, "n%d", &id); err != nil {
		panic(err)
	}
	return w.nodes[id]
}

// start is a boot: what was in force comes back from disk with its stamp, what was known of peers does not.
func (n *simNode) start() {
	if n.up {
		return
	}
	n.up = true
	n.life++
	n.known = map[int]string{}
	n.state = diffcheck.New([]diffcheck.Watch{{Name: module, Module: module, Command: "MYSQL USERS"}},
		diffcheck.Retry{Min: time.Second, Max: time.Minute})
	var list diffcheck.Members
	for i := range n.world.cores {
		list = append(list, diffcheck.Peer{Host: fmt.Sprint("n", i), Port: 6032})
	}
	n.step(list)
	life := n.life
	for i := range n.world.cores {
		n.world.after(n.world.rand.Int64N(interval), func() { n.poll(i, life) })
	}
}

func (n *simNode) stop() {
	n.up = false
	n.world.note("n%d stops", n.id)
}

// load is an operator's edit, LOAD … TO RUNTIME and SAVE … TO DISK.
func (n *simNode) load() {
	n.world.edits++
	n.loadAs(checksum(uint64(1000 + n.world.edits)))
}

func (n *simNode) loadAs(sum string) {
	if !n.up {
		return
	}
	w := n.world
	l := load{node: n.id, at: w.now, parent: n.stamp.Checksum}
	n.stamp = n.stamp.Next(sum, n.time().Unix())
	l.stamp = n.stamp
	w.content[sum] = len(w.loads)
	w.loads = append(w.loads, l)
	w.note("n%d loads %+v over %s", n.id, n.stamp, l.parent)
	n.report()
}

// report tells those who wait.
func (n *simNode) report() {
	w := n.world
	if !n.push || !n.core {
		return
	}
	for _, q := range w.nodes {
		if q.push {
			life := q.life
			w.after(0, func() { q.check(n, life) })
		}
	}
}

// poll checks a core, again and again for as long as the node lives.
func (n *simNode) poll(core, life int) {
	if !n.up || n.life != life {
		return
	}
	n.check(n.world.nodes[core], life)
	n.world.after(interval, func() { n.poll(core, life) })
}

// check is one look at a peer's checksums.
func (n *simNode) check(p *simNode, life int) {
	w := n.world
	there, arrives := w.travel(n, p)
	if !arrives {
		return
	}
	w.after(there, func() {
		back, arrives := w.travel(p, n)
		if !arrives {
			return
		}
		shown := p.stamp
		w.after(back, func() {
			if n.up && n.life == life {
				n.saw(p, shown)
			}
		})
	})
}

func (n *simNode) saw(p *simNode, shown layers.Stamp) {
	global := fmt.Sprint(shown.Version, shown.Checksum) // epochs are no part of it
	if n.known[p.id] == global {
		n.step(diffcheck.Tick{Peer: p.peer()})
		return
	}
	n.known[p.id] = global
	n.step(diffcheck.Rows{
		Peer: p.peer(), Prompt: n.push && p.push,
		Rows: []diffcheck.Row{{Name: module, Stamp: diffcheck.Stamp(shown)}},
	})
}

func (n *simNode) step(e diffcheck.Event) {
	own := diffcheck.Own{Stamp: diffcheck.Stamp(n.stamp), Diffs: n.world.diffs, Bootstrap: true}
	for _, a := range n.state.Step(n.time(), map[string]diffcheck.Own{module: own}, e) {
		switch a := a.(type) {
		case diffcheck.Pull:
			n.fetch(a, n.life)
		case diffcheck.Align:
			n.stamp = layers.Stamp(a.Stamp)
		}
	}
}

// fetch is a pull, with the same tests as the real one: what arrives must be what was promised, and nothing may have been
// loaded here meanwhile.
func (n *simNode) fetch(a diffcheck.Pull, life int) {
	w := n.world
	p := w.node(a.Peer)
	end := func(delay int64, failed bool) {
		w.after(delay, func() {
			if n.up && n.life == life {
				n.step(diffcheck.PullEnded{Peer: a.Peer, Module: module, Failed: failed})
			}
		})
	}
	there, arrives := w.travel(n, p)
	if !arrives {
		end(1000+w.rand.Int64N(9000), true)
		return
	}
	w.after(there, func() {
		back, arrives := w.travel(p, n)
		if !arrives {
			end(1000+w.rand.Int64N(9000), true)
			return
		}
		served := p.stamp.Checksum
		w.after(back, func() {
			if !n.up || n.life != life {
				return
			}
			promised := layers.Stamp(a.Expected[module])
			switch {
			case served != promised.Checksum:
				end(0, true)
			case diffcheck.Stamp(n.stamp) != a.Own:
				end(0, false)
			default:
				n.stamp = promised
				w.note("n%d has %+v from n%d", n.id, n.stamp, p.id)
				n.report()
				end(0, false)
			}
		})
	})
}
