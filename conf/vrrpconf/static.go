package vrrpconf

import (
	"slices"

	"github.com/keepsql/keepsql/confparse"
)

// Static is what is set at the start and removed at the stop, whoever is MASTER.
type Static struct {
	Addresses []VIP // each with its device
	Routes    []Route
	Rules     []PolicyRule
}

// TrackGroup is a track_group block: its instances are in fault while a static entry that names
// the group cannot be kept.
type TrackGroup struct {
	Name      string
	Instances []string
}

// trackGroupRules is the table of track_group.
var trackGroupRules = []rule[TrackGroup]{{name: "group", set: func(b *builder, g *TrackGroup, k *confparse.Keyword) {
	if b.opened(k) {
		for _, line := range k.Block {
			for _, w := range line.Words {
				g.Instances = append(g.Instances, w.Text)
			}
		}
	}
}}}

func (b *builder) trackGroup(c *Config, k *confparse.Keyword) {
	if !b.opened(k) {
		return
	}
	g := TrackGroup{Name: k.Args()[0].Text}
	apply(b, "track_group", trackGroupRules, &g, k.Block)
	if slices.ContainsFunc(c.TrackGroups, func(o TrackGroup) bool { return o.Name == g.Name }) {
		b.warnf(k.Args()[0], CodeDuplicate, "track_group %q is defined twice, the second is skipped", g.Name)
		return
	}
	c.TrackGroups = append(c.TrackGroups, g)
	b.trackGroupWords = append(b.trackGroupWords, k.Args()[0])
}

// finishStatic gives static entries their device and instances their track groups.
func (b *builder) finishStatic() {
	s := &b.cfg.Static
	for i := range s.Addresses {
		if a := &s.Addresses[i]; a.Dev == "" {
			if a.Dev = b.cfg.Global.DefaultInterface; a.Dev == "" {
				a.Dev = "eth0" // keepalived's default_interface
			}
		}
	}
	for n, g := range b.cfg.TrackGroups {
		for _, name := range g.Instances {
			i := b.cfg.Instance(name)
			if i == nil {
				b.warnf(b.trackGroupWords[n], CodeUndefined, "track_group %q: there is no vrrp_instance %q", g.Name, name)
				continue
			}
			i.TrackGroups = append(i.TrackGroups, g.Name)
		}
	}
}
