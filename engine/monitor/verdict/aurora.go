package verdict

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// AuroraRules are the columns that only mysql_aws_aurora_hostgroups has.
type AuroraRules struct {
	Port            int
	Domain          string // begins with a dot
	MaxLag          time.Duration
	Interval        time.Duration
	Timeout         time.Duration
	NewReaderWeight int
	AddLag, MinLag  time.Duration
	Checks          int // lag_num_checks
}

// Aurora is the result of an Aurora check: what one instance says of the whole cluster.
type Aurora struct {
	Addr
	Writer  int // writer_hostgroup of the cluster
	Failure Failure
	Hosts   []AuroraHost
}

// AuroraHost is a row of REPLICA_HOST_STATUS.
type AuroraHost struct {
	ID      string // SERVER_ID
	Writes  bool   // SESSION_ID is MASTER_SESSION_ID
	Updated string // LAST_UPDATE_TIMESTAMP: a later one sorts behind an earlier one
	Lag     time.Duration
	Session string // SESSION_ID
	CPU     string
}

func (Aurora) event() {}

// auroraView is what the instances said of their cluster last.
type auroraView struct {
	writer    Addr   // the zero Addr while none is known
	since     string // Updated of the row that made it writer, or confirmed it
	old       int    // answers in a row that were older than that
	instances map[Addr][]time.Duration
	reader    int // reader_hostgroup
}

// end takes back what was said of the instances' lags.
func (v *auroraView) end(writer int) (out []Action) {
	for _, a := range slices.SortedFunc(maps.Keys(v.instances), Addr.compare) {
		out = append(out, Behind{Hostgroup: writer, Addr: a}, Behind{Hostgroup: v.reader, Addr: a})
	}
	return out
}

// oldAnswers in a row, from whatever instances, mean that their clock was set back.
const oldAnswers = 20

// maxInstances bounds what is kept of one answer; Aurora allows 16.
const maxInstances = 64

// aurora takes the result of an Aurora check in. Errors change nothing: the next answer comes from another instance.
func (j *Judge) aurora(e Aurora) (out []Action) {
	i := slices.IndexFunc(j.config.Clusters, func(c Cluster) bool { return c.Kind == AuroraCluster && c.Writer == e.Writer })
	if i < 0 || e.Failure != None || len(e.Hosts) == 0 {
		return nil
	}
	c := &j.config.Clusters[i]
	v := j.views[e.Writer]
	if v == nil {
		v = &auroraView{}
		j.views[e.Writer] = v
	}
	before := v.instances
	v.reader = c.Reader
	v.instances = map[Addr][]time.Duration{}
	for _, h := range e.Hosts[:min(len(e.Hosts), maxInstances)] {
		a := c.Aurora.addr(h.ID)
		lags := append(slices.Clone(before[a]), h.Lag)
		lags = lags[max(0, len(lags)-max(1, c.Aurora.Checks)):]
		v.instances[a] = lags
		if !h.Writes {
			lag := c.Aurora.Estimate(lags)
			out = append(out, Behind{c.Writer, a, lag, true}, Behind{c.Reader, a, lag, true})
			continue
		}
		out = append(out, Behind{c.Writer, a, 0, false}, Behind{c.Reader, a, 0, false})
		if h.Updated < v.since { // an instance that is behind still tells of the writer before
			if v.old++; v.old < oldAnswers {
				continue
			}
		}
		v.old = 0
		if v.writer != (Addr{}) && v.writer != a {
			out = append(out, Failover{c.Writer, a})
		}
		v.writer, v.since = a, h.Updated
	}
	return append(out, j.arrange(c)...)
}

// addr is where an instance is reached.
func (r *AuroraRules) addr(id string) Addr { return Addr{Host: id + r.Domain, Port: r.Port} }

// isInstance tells instances from the cluster's own names, which lead to one instance or another.
func (r *AuroraRules) isInstance(a Addr) bool {
	id, ok := strings.CutSuffix(a.Host, r.Domain)
	return ok && a.Port == r.Port && !strings.Contains(id, ".") && !strings.HasPrefix(r.Domain, ".cluster-")
}

// Estimate is the lag that is assumed of an instance: the worst of its last checks and some more.
func (r *AuroraRules) Estimate(lags []time.Duration) time.Duration {
	if len(lags) == 0 {
		return 0
	}
	return max(r.MinLag, slices.Max(lags)+r.AddLag)
}

// castAurora gives the instances of a cluster their roles. What is no instance stays where it is; an instance that its cluster
// does not know any more reads nothing.
func (j *Judge) castAurora(c *Cluster, seats []*seat) {
	v := j.views[c.Writer]
	if v == nil {
		return
	}
	for _, s := range seats {
		lags, listed := v.instances[s.addr]
		switch {
		case s.fixed:
		case s.addr == v.writer:
			s.role = writer
		case listed && v.writer != (Addr{}):
			s.role, s.sight.lag = reader, c.Aurora.Estimate(lags)
		case !listed && v.writer != (Addr{}) && c.Aurora.isInstance(s.addr):
			s.role, s.sight.why = reader, "it is not in REPLICA_HOST_STATUS"
		}
	}
}

// newInstances are those the cluster has and no row names.
func (j *Judge) newInstances(c *Cluster) (out []Place) {
	v := j.views[c.Writer]
	if v == nil || v.writer == (Addr{}) || c.Aurora.Domain == "" {
		return nil
	}
	for a := range v.instances {
		if j.isIn(c, a) {
			continue
		}
		p := Place{Addr: a, In: []int{c.Reader}, New: true, Weight: c.Aurora.NewReaderWeight}
		if a == v.writer {
			p.In = c.place(&seat{addr: a, role: writer}, nil)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Place) int { return a.compare(b.Addr) })
	return out
}

// AuroraLags gives the lags that are assumed of instances of a cluster, by its writer hostgroup.
func (j *Judge) AuroraLags(writer int, hosts []AuroraHost) []time.Duration {
	out := make([]time.Duration, len(hosts))
	i := slices.IndexFunc(j.config.Clusters, func(c Cluster) bool { return c.Kind == AuroraCluster && c.Writer == writer })
	if i < 0 || j.views[writer] == nil {
		return out
	}
	rules := &j.config.Clusters[i].Aurora
	for n, h := range hosts {
		out[n] = rules.Estimate(j.views[writer].instances[rules.addr(h.ID)])
	}
	return out
}
