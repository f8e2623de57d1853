package verdict

import (
	"cmp"
	"fmt"
	"time"
)

// Kind is a kind of cluster whose servers are moved.
type Kind int

// The kinds, in the order of their tables.
const (
	GaleraCluster Kind = iota
	GroupReplication
	AuroraCluster
)

// String names the kind as upstream's log does.
func (k Kind) String() string {
	return [...]string{GaleraCluster: "Galera", GroupReplication: "Group Replication", AuroraCluster: "AWS Aurora"}[k]
}

// Cluster is an active row of mysql_galera_hostgroups, mysql_group_replication_hostgroups or mysql_aws_aurora_hostgroups.
type Cluster struct {
	Kind
	Writer, Reader  int
	Backup, Offline int // Aurora has none
	MaxWriters      int
	WriterReads     int // writer_is_also_reader
	MaxBehind       int // max_transactions_behind; 0: no limit
	Aurora          AuroraRules
}

// clusterID tells clusters apart: a writer hostgroup is in a table once.
type clusterID struct {
	Kind
	writer int
}

func (c *Cluster) id() clusterID { return clusterID{c.Kind, c.Writer} }

// groups are the cluster's hostgroups.
func (c *Cluster) groups() []int {
	if c.Kind == AuroraCluster {
		return []int{c.Writer, c.Reader}
	}
	return []int{c.Writer, c.Backup, c.Reader, c.Offline}
}

// In reports whether a hostgroup is one of the cluster's.
func (c *Cluster) In(hostgroup int) bool {
	return hostgroup == c.Writer || hostgroup == c.Reader || c.Kind != AuroraCluster && (hostgroup == c.Backup || hostgroup == c.Offline)
}

// Spot is a server in a hostgroup.
type Spot struct {
	Hostgroup int
	Addr
}

func (s Spot) compare(t Spot) int {
	return cmp.Or(cmp.Compare(s.Hostgroup, t.Hostgroup), s.Addr.compare(t.Addr))
}

// Arrange puts servers of a cluster into the hostgroups where they belong and takes them out of the cluster's others.
type Arrange struct {
	Kind
	Groups []int // the cluster's hostgroups
	Places []Place
}

// Place is where a server of a cluster belongs.
type Place struct {
	Addr
	In []int
	// New is set for a server that was discovered: it has no row to be copied. Weight is its weight then; -1 leaves it to
	// servers_defaults.
	New    bool
	Weight int
}

// Spare says which servers are writers more than their clusters are allowed: all of them, those said before included.
type Spare struct{ Spots []Spot }

// Failover says that a cluster has another writer than before.
type Failover struct {
	Writer int // writer_hostgroup
	Addr
}

// Recheck makes a check of servers due at once, because another of their cluster has changed: what is known of them may be old.
type Recheck struct {
	Kind
	Servers []Addr
}

func (Recheck) action()  {}
func (Arrange) action()  {}
func (Spare) action()    {}
func (Failover) action() {}

// standing is what is known of a server as a member of a cluster, by its own word or that of others.
type standing int

// The standings.
const (
	unchecked standing = iota // it stays where it is
	suspect                   // the same, and its first checks failed: it is the last that becomes a writer
	writes                    // it takes writes
	reads                     // it is read only
	offline
)

// sight is what the last checks of a kind found of a server.
type sight struct {
	standing
	why      string        // offline: the reason
	soft     bool          // offline: it announced it, so that transactions may be finished
	donor    bool          // it gives a state transfer: others are better writers
	behind   int           // transactions it has still to apply
	late     int           // checks in a row that found it too far behind
	timeouts int           // in a row
	lag      time.Duration // Aurora's estimate
}

// timeout counts a check without an answer; enough of them in a row, or a refusal to connect, mean that the server is offline.
func (s *sight) timeout(a Addr, kind Kind, gone bool, limit int) (out []Action) {
	s.timeouts, s.soft = s.timeouts+1, false
	limit = max(1, limit)
	switch {
	case gone:
		s.standing, s.why = offline, "it does not accept connections"
	case s.timeouts >= limit:
		s.standing, s.why = offline, fmt.Sprintf("missed %d checks", s.timeouts)
		if s.timeouts == limit {
			out = append(out, Say{Error, fmt.Sprintf("Server %s missed %d %s checks. Assuming offline", a, s.timeouts, kind)})
		}
	case s.standing == unchecked:
		s.standing = suspect
	}
	return out
}
