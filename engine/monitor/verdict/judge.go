package verdict

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Judge is what is known of all servers. Its methods are called by one goroutine at a time.
type Judge struct {
	config Config
	known  map[Addr]*node
	where  map[Addr][]int // hostgroups, those where it is OFFLINE_HARD included
	held   map[clusterID]held
	spare  []Spot              // said last
	views  map[int]*auroraView // by writer hostgroup
}

// node is what is known of a server.
type node struct {
	missed   int // pings in a row
	shunned  bool
	told     time.Time // last line about missed pings
	last     []time.Duration
	readOnly map[string]*reading // by check_type
	late     map[int]*lateness   // by hostgroup
	galera   sight
	group    sight
	alias    Addr   // what its group knows it by
	members  []Addr // of its group
}

// reading is what is known of a server's read_only.
type reading struct {
	valid    bool // on and at are a result, or what is assumed after too many timeouts
	on       bool
	at       time.Time
	timeouts int  // in a row
	greeted  bool // the line about the first result after a load is written
}

// lateness is what is known of a server's replication in a hostgroup.
type lateness struct {
	count int // checks in a row that found it too late
	on    bool
}

const (
	pingsInMean = 3
	sayAgain    = time.Minute // between two lines that say the same
)

// Step takes an event in and gives what is to be done, in order.
func (j *Judge) Step(e Event, now time.Time) []Action {
	if c, ok := e.(Config); ok {
		return j.configure(c, now)
	}
	switch e := e.(type) {
	case Ping:
		if n := j.known[e.Addr]; n != nil {
			return j.ping(n, e, now)
		}
	case ReadOnly:
		if n := j.known[e.Addr]; n != nil {
			return j.checked(n, e, now)
		}
	case Lag:
		if n := j.known[e.Addr]; n != nil {
			return j.lag(n, e)
		}
	case Galera:
		if n := j.known[e.Addr]; n != nil {
			return j.galera(n, e)
		}
	case Group:
		if n := j.known[e.Addr]; n != nil {
			return j.group(n, e)
		}
	case Aurora:
		if j.known[e.Addr] != nil {
			return j.aurora(e)
		}
	}
	return nil
}

// Missing reports whether a server is shunned because it does not answer: other checks make no sense then.
func (j *Judge) Missing(a Addr) bool {
	n := j.known[a]
	return n != nil && n.shunned
}

// configure takes other servers or limits in. What was found out about servers that stay is kept, and put into force again:
// a load of the servers puts them where they are configured to be.
func (j *Judge) configure(c Config, now time.Time) (out []Action) {
	before := j.known
	j.config, j.known, j.where = c, map[Addr]*node{}, map[Addr][]int{}
	var order []Addr
	for _, s := range c.Servers {
		j.where[s.Addr] = append(j.where[s.Addr], s.Hostgroup)
		if s.Unwanted || j.known[s.Addr] != nil {
			continue
		}
		n := before[s.Addr]
		if n == nil {
			n = &node{readOnly: map[string]*reading{}, late: map[int]*lateness{}}
		}
		j.known[s.Addr] = n
		order = append(order, s.Addr)
	}
	for _, a := range slices.SortedFunc(maps.Keys(before), Addr.compare) {
		if j.known[a] == nil {
			out = append(out, before[a].forget(a)...)
		}
	}
	for _, a := range order {
		n := j.known[a]
		if n.shunned {
			out = append(out, Shun{a, n.missed})
		}
		out = append(out, j.relate(n, a)...)
		for _, check := range slices.Sorted(maps.Keys(n.readOnly)) {
			r := n.readOnly[check]
			r.greeted = false
			if r.valid && now.Sub(r.at) <= c.Limits.Fresh {
				out = append(out, j.place(a, check, r.on)...)
			}
		}
	}
	return append(out, j.configureClusters(len(before) > 0)...)
}

// configureClusters drops what is known of clusters that are no more, and arranges the others. A monitor that is switched off
// leaves writers that are too many shunned until the servers are loaded the next time: nothing else would keep them apart.
func (j *Judge) configureClusters(watched bool) (out []Action) {
	before := j.held
	j.held = map[clusterID]held{}
	for i := range j.config.Clusters {
		c := &j.config.Clusters[i]
		if h, ok := before[c.id()]; ok {
			j.held[c.id()] = h
			delete(before, c.id())
		}
	}
	for _, h := range before {
		for _, spot := range h.lateSpots() {
			out = append(out, Late{Hostgroup: spot.Hostgroup, Addr: spot.Addr})
		}
	}
	views := j.views
	j.views = map[int]*auroraView{}
	for i := range j.config.Clusters {
		c := &j.config.Clusters[i]
		if v := views[c.Writer]; v != nil && c.Kind == AuroraCluster {
			j.views[c.Writer] = v
			delete(views, c.Writer)
		}
		out = append(out, j.arrange(c)...)
	}
	for _, writer := range slices.Sorted(maps.Keys(views)) {
		out = append(out, views[writer].end(writer)...)
	}
	if len(j.known) == 0 && watched {
		return out
	}
	return append(out, j.spares()...)
}

// forget ends what was done about a server that is no longer watched.
func (n *node) forget(a Addr) (out []Action) {
	if n.shunned {
		out = append(out, Back{a})
	}
	for _, hostgroup := range slices.Sorted(maps.Keys(n.late)) {
		out = append(out, n.late[hostgroup].end(hostgroup, a)...)
	}
	if len(n.last) > 0 {
		out = append(out, Latency{a, 0})
	}
	return out
}

// relate drops what is known of the lag in hostgroups where it does not matter any more.
func (j *Judge) relate(n *node, a Addr) (out []Action) {
	for _, hostgroup := range slices.Sorted(maps.Keys(n.late)) {
		l, wanted := n.late[hostgroup], false
		for _, s := range j.config.Servers {
			wanted = wanted || s.Addr == a && s.Hostgroup == hostgroup && s.MaxLag > 0 && !s.Unwanted
		}
		if wanted {
			continue
		}
		delete(n.late, hostgroup)
		out = append(out, l.end(hostgroup, a)...)
	}
	return out
}

// end takes back what was said of a server's lag.
func (l *lateness) end(hostgroup int, a Addr) []Action {
	out := []Action{Behind{Hostgroup: hostgroup, Addr: a}}
	if l.on {
		out = append(out, Late{Hostgroup: hostgroup, Addr: a})
	}
	return out
}

func (j *Judge) ping(n *node, e Ping, now time.Time) (out []Action) {
	switch e.Failure {
	case None:
		n.missed = 0
		if n.last = append(n.last, e.Took); len(n.last) > pingsInMean {
			n.last = n.last[1:]
		}
		out = append(out, Latency{e.Addr, mean(n.last)})
	case Denied:
		n.missed = 0
	default:
		n.missed++
	}
	limit := max(1, j.config.Limits.PingFailures)
	switch {
	case n.missed == 0 && n.shunned:
		n.shunned = false
		out = append(append(out, Back{e.Addr}), j.back(e.Addr)...)
	case n.missed >= limit && (!n.shunned || now.Sub(n.told) >= sayAgain):
		first := !n.shunned
		n.shunned, n.told = true, now
		out = append(out, Shun{e.Addr, n.missed}, Say{Error, fmt.Sprintf("Server %s missed %d heartbeats, shunning it and killing all the connections. "+
			"Disabling other checks until the node comes back online.", e.Addr, n.missed)})
		if first {
			out = append(out, j.missing(n, e.Addr)...)
		}
	}
	return out
}

// missing takes a server out of its clusters that does not answer pings. It comes back by a check, not by a ping.
func (j *Judge) missing(n *node, a Addr) (out []Action) {
	for _, kind := range []Kind{GaleraCluster, GroupReplication} {
		s := n.sightOf(kind)
		before := s.standing
		*s = sight{standing: offline, why: fmt.Sprintf("missed %d heartbeats", n.missed)}
		out = append(out, j.arrangeAround(a, kind)...)
		out = append(out, j.recheck(a, kind, before, offline)...)
	}
	return out
}

// back asks for the check that brings a server back into its clusters.
func (j *Judge) back(a Addr) (out []Action) {
	for _, kind := range []Kind{GaleraCluster, GroupReplication} {
		if slices.ContainsFunc(j.config.Clusters, func(c Cluster) bool { return c.Kind == kind && j.isIn(&c, a) }) {
			out = append(out, Recheck{kind, []Addr{a}})
		}
	}
	return out
}

func (n *node) sightOf(kind Kind) *sight {
	if kind == GaleraCluster {
		return &n.galera
	}
	return &n.group
}

func mean(list []time.Duration) time.Duration {
	var sum time.Duration
	for _, d := range list {
		sum += d
	}
	return sum / time.Duration(len(list))
}
