package verdict

import (
	"cmp"
	"fmt"
	"slices"
)

// seat is a server as a member of a cluster.
type seat struct {
	addr   Addr
	node   *node
	sight  sight
	in     []int // hostgroups of the cluster where it has rows, in the cluster's order
	fixed  bool  // an operator's word: OFFLINE_SOFT, or OFFLINE_HARD among the writers
	weight int   // decides who becomes a writer
	role   role
	spare  bool // it has, or gets, a row among the writers, and is not to be used there
	ends   bool // it finishes its transactions where it is, and is not to be used there
}

// role is what a server of a cluster is used for.
type role int

// The roles.
const (
	stays  role = iota // where it is
	writer             // among the writers
	backup             // it could write, but others do
	reader
	apart // offline
)

// seats lists the servers of a cluster. Those that are OFFLINE_HARD in all of it have none.
func (j *Judge) seats(c *Cluster) (out []*seat) {
	byAddr := map[Addr]*seat{}
	for _, s := range j.config.Servers {
		n := j.known[s.Addr]
		if n == nil || !c.In(s.Hostgroup) {
			continue
		}
		t := byAddr[s.Addr]
		if t == nil {
			t = &seat{addr: s.Addr, node: n, weight: j.electionWeight(c, s.Addr)}
			if c.Kind != AuroraCluster {
				t.sight = *n.sightOf(c.Kind)
			}
			byAddr[s.Addr] = t
			out = append(out, t)
		}
		t.fixed = t.fixed || s.Soft || s.Unwanted && s.Hostgroup == c.Writer
		if !s.Unwanted {
			t.in = append(t.in, s.Hostgroup)
		}
	}
	for _, t := range out {
		t.in = c.inOrder(t.in)
	}
	return slices.DeleteFunc(out, func(t *seat) bool { return len(t.in) == 0 })
}

// recheck asks for checks of the others where one of them is not what it was.
func (j *Judge) recheck(a Addr, kind Kind, before, now standing) []Action {
	if before == now || before == unchecked || before == suspect {
		return nil
	}
	r := Recheck{Kind: kind}
	for i := range j.config.Clusters {
		c := &j.config.Clusters[i]
		if c.Kind != kind || !j.isIn(c, a) {
			continue
		}
		for _, s := range j.seats(c) {
			if s.addr != a && !s.node.shunned && !slices.Contains(r.Servers, s.addr) {
				r.Servers = append(r.Servers, s.addr)
			}
		}
	}
	if len(r.Servers) == 0 {
		return nil
	}
	return []Action{r}
}

// inOrder gives those of the cluster's hostgroups that are among some.
func (c *Cluster) inOrder(some []int) (out []int) {
	for _, g := range c.groups() {
		if slices.Contains(some, g) {
			out = append(out, g)
		}
	}
	return out
}

// electionWeight is the weight a server is configured with, as writer if it is, or that of its row in force. It does not depend
// on where the server is for the time being.
func (j *Judge) electionWeight(c *Cluster, a Addr) int {
	for _, rows := range [][]Server{j.config.Loaded, j.config.Servers} {
		for _, g := range c.groups() {
			for _, s := range rows {
				if s.Addr == a && s.Hostgroup == g {
					return s.Weight
				}
			}
		}
	}
	return 0
}

// cast gives the servers of a cluster their roles. Who writes follows from what all proxies see alike, not from who did before,
// so that they agree without asking each other: weight, hostname and port, the highest first.
func (c *Cluster) cast(seats []*seat) {
	var candidates []*seat
	for _, s := range seats {
		amongWriters := slices.Contains(s.in, c.Writer)
		switch s.sight.standing {
		case offline:
			s.role, s.ends = apart, s.sight.soft && !slices.Equal(s.in, []int{c.Offline})
		case reads:
			s.role = reader
		case writes:
			s.role = backup
		}
		if s.fixed && s.role != apart {
			s.role = stays
		} else if s.role == backup || s.role == stays && amongWriters {
			candidates = append(candidates, s)
		}
	}
	slices.SortFunc(candidates, func(a, b *seat) int {
		return cmp.Or(cmp.Compare(c.handicap(a), c.handicap(b)), cmp.Compare(b.weight, a.weight),
			cmp.Compare(b.addr.Host, a.addr.Host), cmp.Compare(b.addr.Port, a.addr.Port))
	})
	for i, s := range candidates {
		s.spare = i >= c.MaxWriters
		if s.role == backup && !s.spare {
			s.role = writer
		}
	}
}

// handicap ranks those last as writers who may be none: their first checks failed, or they are busy with a state transfer. Of a
// group few members write, so that one that is known to do so comes before any that is not known.
func (c *Cluster) handicap(s *seat) int {
	switch {
	case s.sight.standing == suspect:
		return 3
	case s.sight.standing == unchecked && c.Kind == GroupReplication:
		return 2
	case s.sight.donor:
		return 1
	}
	return 0
}

// place gives the cluster's hostgroups a server belongs in, in the cluster's order. A backup writer has a row among the writers
// too, as upstream has it: shunned there, it keeps the connections it had as writer.
func (c *Cluster) place(s *seat, seats []*seat) []int {
	var in []int
	switch s.role {
	case stays:
		return s.in
	case apart:
		if in = []int{c.Offline}; s.ends {
			in = append(in, s.in...)
		}
	case reader:
		in = []int{c.Reader}
	case writer:
		if in = []int{c.Writer}; c.WriterReads == 1 || c.WriterReads == 2 && c.Kind != AuroraCluster && !c.others(seats) {
			in = append(in, c.Reader)
		}
	case backup:
		if in = []int{c.Writer, c.Backup}; c.WriterReads > 0 {
			in = append(in, c.Reader)
		}
	}
	return c.inOrder(in)
}

// others reports whether anybody but the writers can read.
func (c *Cluster) others(seats []*seat) bool {
	return slices.ContainsFunc(seats, func(s *seat) bool {
		return s.role == backup || s.role == reader || s.role == stays && !s.fixed && slices.Contains(s.in, c.Reader)
	})
}

// sentence says where a server is put.
func (c *Cluster) sentence(s *seat) string {
	switch s.role {
	case writer:
		return fmt.Sprintf("%s: setting host %s as writer", c.Kind, s.addr)
	case backup:
		return fmt.Sprintf("%s: setting host %s as backup writer: max_writers=%d", c.Kind, s.addr, c.MaxWriters)
	case apart:
		return fmt.Sprintf("%s: setting host %s offline because: %s", c.Kind, s.addr, s.sight.why)
	}
	return fmt.Sprintf("%s: setting host %s as reader", c.Kind, s.addr)
}
