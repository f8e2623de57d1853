package diffcheck

import (
	"fmt"
	"time"
)

// Verdict is how a peer stands to this node in one watch, for people.
type Verdict struct {
	Peer   Peer
	Watch  string
	Entry  Entry
	InStep bool
	Since  time.Time // when it came to be so; zero: the peer was never checked
	Reason string    // why they are not in step; empty where they are
	Fix    string    // what would change that; empty where nothing need be done
}

// Verdicts judges all watches of all peers, in the order of the list and of the decisions. own is by name of the watch.
func (s *State) Verdicts(now time.Time, own map[string]Own) []Verdict {
	var out []Verdict
	for _, p := range s.peers {
		for i := range s.watches {
			w := &s.watches[i]
			e := p.entries[w.Name]
			v := Verdict{Peer: p.Peer, Watch: w.Name, Entry: *e, Since: e.since}
			v.InStep = !e.UpdatedAt.IsZero() && e.Checksum == own[w.Name].Checksum
			if !v.InStep {
				v.Reason, v.Fix = s.why(p, w, own[w.Name], now)
			}
			out = append(out, v)
		}
	}
	return out
}

// why tells why a peer is not in step, and what would help.
func (s *State) why(p *peer, w *Watch, own Own, now time.Time) (reason, fix string) {
	e := p.entries[w.Name]
	load := fmt.Sprintf("LOAD %s TO RUNTIME", w.Command)
	standing := e.standing(own, now)
	switch {
	case standing == unknown:
		return "the peer was not checked yet", ""
	case e.Version == 0:
		return "the peer never loaded the module", load + " on the peer"
	case standing == older && ahead(own.Stamp, now):
		return fmt.Sprintf("our own epoch is %d s ahead of our clock", own.Epoch-now.Unix()), fixClock(w)
	case standing == older:
		return "the peer has not pulled our newer configuration yet", fmt.Sprintf("see %s and the log on the peer", w.DiffsVariable)
	case own.Diffs == 0:
		return w.DiffsVariable + " is 0", "SET " + w.DiffsVariable + "=3; LOAD ADMIN VARIABLES TO RUNTIME"
	case own.Mute:
		return "mysql_servers is not pulled by this admin-cluster_mysql_servers_sync_algorithm", ""
	case standing == future && unbelievable(e.Stamp, own, now):
		return fmt.Sprintf("the peer's epoch is %d s ahead of our clock", e.Epoch-now.Unix()), fixClock(w)
	case standing == future:
		return "the peer's clock was wrong when it loaded, and ours was loaded since", load + " on the node whose configuration is to be kept"
	case standing == pulledPartly:
		return "the peer has variables or values that this node cannot take", "let both nodes run the same release; all that is known here was pulled"
	case standing == standOff && own.Version > 1:
		return "the peer is at version 1 and has not pulled ours yet", load + " on the node whose configuration is to be kept"
	case standing == standOff:
		return "both are at version 1: neither was loaded since it started", load + " on the node whose configuration is to be kept"
	case s.running[w.Module].Watch != "":
		return fmt.Sprintf("being pulled from %s", s.running[w.Module].Peer), ""
	}
	if f := s.failed[attempt{w.Module, p.Peer}]; f.times > 0 {
		return fmt.Sprintf("%d pulls failed, see the log", f.times), ""
	}
	return fmt.Sprintf("newer on the peer, pulled after %d checks", own.Diffs), ""
}

func fixClock(w *Watch) string {
	return fmt.Sprintf("set the clocks right, then LOAD %s TO RUNTIME on a node whose clock was right all the time", w.Command)
}
