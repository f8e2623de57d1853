package verdict

import (
	"fmt"
	"maps"
	"slices"
)

// held is what was said of a cluster last.
type held struct {
	spare []Spot
	late  map[Spot]bool
}

func (h held) lateSpots() []Spot { return slices.SortedFunc(maps.Keys(h.late), Spot.compare) }

// arrangeAround arranges the clusters of a kind that a server is in.
func (j *Judge) arrangeAround(a Addr, kind Kind) (out []Action) {
	for i := range j.config.Clusters {
		if c := &j.config.Clusters[i]; c.Kind == kind && j.isIn(c, a) {
			out = append(out, j.arrange(c)...)
		}
	}
	return out
}

func (j *Judge) isIn(c *Cluster, a Addr) bool {
	return slices.ContainsFunc(j.where[a], c.In)
}

// arrange compares where the servers of a cluster are with where they belong. Writers that are too many are shunned before
// another comes, so that there is no moment with more of them than are allowed.
func (j *Judge) arrange(c *Cluster) (out []Action) {
	seats := j.seats(c)
	if c.Kind == AuroraCluster {
		j.castAurora(c, seats)
	} else {
		c.cast(seats)
	}
	before, now := j.held[c.id()], held{late: map[Spot]bool{}}
	a := Arrange{Kind: c.Kind, Groups: c.groups()}
	for _, s := range seats {
		want, spot := c.place(s, seats), Spot{c.Writer, s.addr}
		if s.spare {
			now.spare = append(now.spare, spot)
		}
		if s.ends {
			for _, g := range want {
				if g != c.Offline {
					now.spare = append(now.spare, Spot{g, s.addr})
				}
			}
		}
		moves := !slices.Equal(want, s.in)
		if moves {
			a.Places = append(a.Places, Place{Addr: s.addr, In: want})
		}
		if moves || s.role != stays && !s.ends && s.spare != slices.Contains(before.spare, spot) {
			out = append(out, Say{Warning, c.sentence(s)})
		}
		out = append(out, j.lateness(c, s, want, before, &now)...)
	}
	for _, spot := range before.lateSpots() {
		if !slices.ContainsFunc(seats, func(s *seat) bool { return s.addr == spot.Addr }) {
			out = append(out, Late{Hostgroup: spot.Hostgroup, Addr: spot.Addr})
		}
	}
	j.held[c.id()] = now
	out = append(out, j.spares()...)
	for _, p := range j.discovered(c, seats) {
		a.Places = append(a.Places, p)
		out = append(out, Say{Warning, fmt.Sprintf("%s: discovered host %s, adding it to hostgroup %d", c.Kind, p.Addr, p.In[0])})
	}
	if len(a.Places) > 0 {
		out = append(out, a)
	}
	return out
}

// discovered are the servers of a cluster that no row names.
func (j *Judge) discovered(c *Cluster, seats []*seat) []Place {
	switch c.Kind {
	case GroupReplication:
		return j.newMembers(c, seats)
	case AuroraCluster:
		return j.newInstances(c)
	}
	return nil
}

// lateness compares which hostgroups a server is too late for with what was said before.
func (j *Judge) lateness(c *Cluster, s *seat, in []int, before held, now *held) (out []Action) {
	for _, hostgroup := range c.groups() {
		spot := Spot{hostgroup, s.addr}
		late := slices.Contains(in, hostgroup) && j.isLate(c, s, hostgroup)
		switch {
		case late && !before.late[spot]:
			out = append(out, Say{Warning, fmt.Sprintf("%s: shunning server %s from HG %d: %s", c.Kind, s.addr, hostgroup, c.lateText(s))})
		case !late && before.late[spot] && slices.Contains(in, hostgroup):
			out = append(out, Say{Warning, fmt.Sprintf("%s: re-enabling server %s from HG %d", c.Kind, s.addr, hostgroup)})
		}
		if late {
			now.late[spot] = true
		}
		if late || before.late[spot] {
			out = append(out, Late{hostgroup, s.addr, late, s.sight.lag})
		}
	}
	return out
}

// isLate reports whether a server is too far behind for a hostgroup.
func (j *Judge) isLate(c *Cluster, s *seat, hostgroup int) bool {
	limits := &j.config.Limits
	switch c.Kind {
	case GaleraCluster:
		return hostgroup == c.Reader && c.MaxBehind > 0 && s.sight.behind > c.MaxBehind
	case GroupReplication:
		concerned := limits.GroupBehindFor != behindReaders
		if s.sight.standing == reads {
			concerned = limits.GroupBehindFor != behindWriters
		}
		return hostgroup != c.Offline && concerned && c.MaxBehind > 0 && s.sight.late >= max(1, limits.GroupBehindCount)
	}
	return hostgroup == c.Reader && s.role == reader && (s.sight.why != "" || s.sight.lag > c.Aurora.MaxLag)
}

// lateText says how far behind a server is.
func (c *Cluster) lateText(s *seat) string {
	switch c.Kind {
	case GaleraCluster:
		return fmt.Sprintf("wsrep_local_recv_queue=%d, max_transactions_behind=%d", s.sight.behind, c.MaxBehind)
	case GroupReplication:
		return fmt.Sprintf("transactions_behind=%d, max_transactions_behind=%d, count number: '%d'", s.sight.behind, c.MaxBehind, s.sight.late)
	}
	if s.sight.why != "" {
		return s.sight.why
	}
	return fmt.Sprintf("replication lag of %d ms, max_lag_ms=%d", s.sight.lag.Milliseconds(), c.Aurora.MaxLag.Milliseconds())
}

// spares gives the writers too many of all clusters, if they are others than last time.
func (j *Judge) spares() []Action {
	var all []Spot
	for _, h := range j.held {
		all = append(all, h.spare...)
	}
	slices.SortFunc(all, Spot.compare)
	if slices.Equal(all, j.spare) {
		return nil
	}
	j.spare = all
	return []Action{Spare{all}}
}
