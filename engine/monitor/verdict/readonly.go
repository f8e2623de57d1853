package verdict

import (
	"fmt"
	"time"
)

// checked takes the result of a read_only check in. Errors of the server and of the login change nothing; timeouts in a row
// stand for a server that is read only.
func (j *Judge) checked(n *node, e ReadOnly, now time.Time) (out []Action) {
	r := n.readOnly[e.Check]
	if r == nil {
		r = &reading{}
		n.readOnly[e.Check] = r
	}
	switch e.Failure {
	case None:
		r.timeouts, r.valid, r.on, r.at = 0, true, e.On, now
	case Timeout:
		if r.timeouts++; r.timeouts < max(1, j.config.Limits.ReadOnlyTimeouts) {
			return nil
		}
		if r.timeouts == j.config.Limits.ReadOnlyTimeouts {
			out = append(out, Say{Error, fmt.Sprintf("Server %s missed %d read_only checks. Assuming read_only=1", e.Addr, r.timeouts)})
		}
		r.valid, r.on, r.at = true, true, now
	default:
		r.timeouts, r.valid = 0, false
		return nil
	}
	moves := j.place(e.Addr, e.Check, r.on)
	if !r.on && !r.greeted && len(moves) == 0 && j.inWriter(e.Addr, e.Check) {
		out = append(out, Say{Info, fmt.Sprintf("read_only_action_v2() detected RO=0 on server %s for the first time after commit(), but no need to reconfigure", e.Addr)})
	}
	r.greeted = true
	return append(out, moves...)
}

// place compares where a server is with where it belongs.
func (j *Judge) place(a Addr, check string, readOnly bool) (out []Action) {
	for _, p := range j.config.Pairs {
		writer, reader := j.has(p.Writer, a), j.has(p.Reader, a)
		switch {
		case p.Check != check:
		case readOnly && writer:
			out = append(out, Say{Info, fmt.Sprintf("Server '%s' found with 'read_only=1', but found as writer", a)},
				Move{Addr: a, Pair: p, ReadOnly: true})
		case !readOnly && reader && !writer:
			out = append(out, Say{Info, fmt.Sprintf("Server '%s' found with 'read_only=0', but not found as writer", a)},
				Move{Addr: a, Pair: p, Reads: j.config.Limits.WriterReads})
		}
	}
	return out
}

func (j *Judge) inWriter(a Addr, check string) bool {
	for _, p := range j.config.Pairs {
		if p.Check == check && j.has(p.Writer, a) {
			return true
		}
	}
	return false
}

// has reports whether a server is in a hostgroup, whatever its status.
func (j *Judge) has(hostgroup int, a Addr) bool {
	for _, s := range j.config.Servers {
		if s.Hostgroup == hostgroup && s.Addr == a {
			return true
		}
	}
	return false
}
