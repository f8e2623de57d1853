package vrrp

import (
	"slices"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/script"
)

// group is one sync group that runs.
type group struct {
	conf     *vrrpconf.SyncGroup
	members  []*router
	m        *machine.Group
	notify   *script.Queue // that of its first member, so that all is told in order
	settling bool          // its members are being told something
}

// useGroups makes the groups of a configuration; those whose members are the same go on.
// It returns those that have not begun.
func (l *loop) useGroups(cfg *vrrpconf.Config) (fresh []*group) {
	old := l.groups
	l.groups = nil
	for _, r := range l.all() {
		r.group = nil
	}
	for _, c := range cfg.Groups {
		members := l.members(c)
		if len(members) == 0 {
			continue
		}
		g := l.adopt(old, c, members)
		l.groups = append(l.groups, g)
		for _, r := range members {
			r.group = g
		}
		if g.m.State() == machine.Init && !slices.ContainsFunc(members, func(r *router) bool { return r.m.State() != machine.Init }) {
			fresh = append(fresh, g)
			for _, r := range members {
				r.notify = g.notify
			}
		}
	}
	return fresh
}

// members are the routers of a group that are not left alone.
func (l *loop) members(c *vrrpconf.SyncGroup) (out []*router) {
	for _, r := range l.routers {
		if r.conf.Skip == "" && slices.Contains(c.Members, r.conf.Name) {
			out = append(out, r)
		}
	}
	return out
}

func (l *loop) adopt(old []*group, c *vrrpconf.SyncGroup, members []*router) *group {
	for _, g := range old {
		if g.conf.Name == c.Name && slices.Equal(g.members, members) {
			g.conf = c
			return g
		}
	}
	machines := make([]*machine.Machine, len(members))
	for i, r := range members {
		machines[i] = r.m
	}
	return &group{conf: c, members: members, m: machine.NewGroup(c.Name, machines), notify: members[0].notify}
}

// begin starts a group whose members are about to be started.
func (l *loop) begin(g *group) {
	orders, after := g.m.Begin()
	l.order(g, time.Now(), orders, after)
}

// settle brings the members of a group into line after one of them has changed.
func (l *loop) settle(g *group, r *router, now time.Time) {
	if g == nil || g.settling {
		return
	}
	for {
		orders, after := g.m.Settle(r.m)
		if len(orders)+len(after) == 0 {
			return
		}
		l.order(g, now, orders, after)
	}
}

func (l *loop) order(g *group, now time.Time, orders []machine.Order, after []machine.Action) {
	g.settling = true
	for _, o := range orders {
		i := slices.IndexFunc(g.members, func(r *router) bool { return r.m == o.Member })
		l.step(g.members[i], now, o.Event)
	}
	g.settling = false
	for _, a := range after {
		switch a := a.(type) {
		case machine.Log:
			l.log.Info().Str(keyGroup, g.conf.Name).Msg(a.Text)
		case machine.Notify:
			t := told{kind: "GROUP", name: g.conf.Name, what: a.What}
			g.notify.Add(t.commands(&g.conf.Notify)...)
			l.fifos.write(t)
		}
	}
}

// grouped tells whether an instance is in a group of the configuration.
func grouped(cfg *vrrpconf.Config, name string) bool {
	return slices.ContainsFunc(cfg.Groups, func(g *vrrpconf.SyncGroup) bool { return slices.Contains(g.Members, name) })
}
