package verdict

// Group is the result of a Group Replication check.
type Group struct {
	Addr
	Failure Failure
	Gone    bool // Timeout: nothing listens there, it is no matter of time
	GroupState
}

// GroupState is what a member says of itself and of its group.
type GroupState struct {
	Viable   bool // it is ONLINE, in a majority
	ReadOnly bool
	Behind   int    // transactions it has still to apply
	Self     Addr   // what the group knows it by
	Members  []Addr // those that are ONLINE
}

func (Group) event() {}

// group takes the result of a Group Replication check in.
func (j *Judge) group(n *node, e Group) (out []Action) {
	s, before := &n.group, n.group.standing
	switch e.Failure {
	case None:
		late := s.late
		*s = sight{standing: writes, behind: e.Behind}
		switch {
		case !e.Viable:
			s.standing, s.why = offline, "viable_candidate=NO"
		case e.ReadOnly:
			s.standing = reads
		}
		if s.late = 0; j.tooFarBehind(e.Addr, s) {
			s.late = late + 1
		}
		n.alias, n.members = e.Self, nil
		if e.Viable {
			n.members = e.Members
		}
	case Timeout:
		out = s.timeout(e.Addr, GroupReplication, e.Gone, j.config.Limits.GroupTimeouts)
	default:
		s.timeouts = 0
	}
	out = append(out, j.arrangeAround(e.Addr, GroupReplication)...)
	return append(out, j.recheck(e.Addr, GroupReplication, before, s.standing)...)
}

// tooFarBehind reports whether a member has more to apply than any of its clusters allows.
func (j *Judge) tooFarBehind(a Addr, s *sight) bool {
	for i := range j.config.Clusters {
		c := &j.config.Clusters[i]
		if c.Kind == GroupReplication && c.MaxBehind > 0 && s.behind > c.MaxBehind && j.isIn(c, a) {
			return true
		}
	}
	return false
}

// Whom the limit of transactions behind is for, mysql-monitor_groupreplication_max_transactions_behind_for_read_only.
const (
	behindWriters = 0
	behindReaders = 1
)

// newMembers finds members of a group that no row names. A member that has rows under another name is not taken for a new one:
// all that have not said yet what the group knows them by are waited for.
func (j *Judge) newMembers(c *Cluster, seats []*seat) (out []Place) {
	known := map[Addr]bool{}
	for _, s := range seats {
		known[s.node.alias] = true
		if s.sight.standing == unchecked {
			return nil
		}
	}
	for _, s := range seats {
		for _, m := range s.node.members {
			if !known[m] && !j.isIn(c, m) {
				known[m] = true
				out = append(out, Place{Addr: m, In: []int{c.Reader}, New: true, Weight: -1})
			}
		}
	}
	return out
}
