package verdict

import "strconv"

// Galera is the result of a Galera check.
type Galera struct {
	Addr
	Failure Failure
	Gone    bool   // Timeout: nothing listens there, it is no matter of time
	Reason  string // Answered: the server's words, if they mean that it cannot serve
	GaleraState
}

// GaleraState is what a node says of itself. The zero value is a server without Galera.
type GaleraState struct {
	LocalState    int  // wsrep_local_state: 4 is synced, 2 donor or desynced
	Primary       bool // wsrep_cluster_status
	ReadOnly      bool
	Queue         int  // wsrep_local_recv_queue
	Desync        bool // wsrep_desync
	Rejects       bool // wsrep_reject_queries
	DonorRejects  bool // wsrep_sst_donor_rejects_queries
	MaintMode     bool // pxc_maint_mode is not DISABLED
	MaintModeName string
}

func (Galera) event() {}

const (
	galeraDonor  = 2
	galeraSynced = 4
)

// galera takes the result of a Galera check in. A login that fails and errors that say nothing about the cluster change nothing.
func (j *Judge) galera(n *node, e Galera) (out []Action) {
	s, before := &n.galera, n.galera.standing
	switch e.Failure {
	case None:
		*s = e.sight()
	case Timeout:
		out = s.timeout(e.Addr, GaleraCluster, e.Gone, j.config.Limits.GaleraTimeouts)
	case Answered:
		s.timeouts = 0
		if e.Reason != "" {
			s.standing, s.why, s.soft = offline, e.Reason, false
		}
	default:
		s.timeouts = 0
	}
	out = append(out, j.arrangeAround(e.Addr, GaleraCluster)...)
	return append(out, j.recheck(e.Addr, GaleraCluster, before, s.standing)...)
}

// sight is what the state amounts to.
func (s GaleraState) sight() sight {
	why := ""
	switch {
	case !s.Primary:
		why = "primary_partition=NO"
	case s.MaintMode:
		why = "pxc_maint_mode=" + s.MaintModeName
	case s.Rejects:
		why = "wsrep_reject_queries=YES"
	case s.Desync:
		why = "wsrep_desync=YES"
	case s.LocalState == galeraDonor && s.DonorRejects:
		why = "wsrep_sst_donor_rejects_queries=YES"
	case s.LocalState != galeraSynced && s.LocalState != galeraDonor:
		why = "wsrep_local_state=" + strconv.Itoa(s.LocalState)
	}
	out := sight{standing: writes, behind: s.Queue, donor: s.LocalState == galeraDonor}
	switch {
	case why != "":
		out.standing, out.why, out.soft = offline, why, s.Primary && s.MaintMode
	case s.ReadOnly:
		out.standing = reads
	}
	return out
}
