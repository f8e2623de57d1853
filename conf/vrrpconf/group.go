package vrrpconf

import "github.com/keepsql/keepsql/confparse"

var groupRules = append([]rule[SyncGroup]{
	{name: "group", set: func(b *builder, g *SyncGroup, k *confparse.Keyword) {
		if b.opened(k) {
			for _, line := range k.Block {
				for _, w := range line.Words {
					g.Members = append(g.Members, w.Text)
				}
			}
		}
	}},
	{name: "track_interface", effect: silent}, {name: "track_script", effect: silent}, {name: "track_file", effect: silent},
	{name: "track_process", effect: silent}, {name: "track_bfd", effect: silent}, {name: "smtp_alert", effect: silent},
	{name: "notify_priority_changes", effect: silent},
	{name: "sync_group_tracking_weight", set: setOn(func(g *SyncGroup) *bool { return &g.TrackingWeight })},
	{name: "global_tracking", set: setOn(func(g *SyncGroup) *bool { return &g.TrackingWeight })},
}, notifyRules(func(g *SyncGroup) *Notify { return &g.Notify })...)

func (b *builder) group(c *Config, k *confparse.Keyword) {
	if !b.opened(k) {
		return
	}
	g := &SyncGroup{Pos: k.Pos, Name: k.Args()[0].Text}
	apply(b, "vrrp_sync_group", groupRules, g, k.Block)
	c.Groups = append(c.Groups, g)
	b.groupWords = append(b.groupWords, k.Args()[0])
}

// finishGroups compares the groups with the instances, which may come before or after them.
func (b *builder) finishGroups() {
	in := map[string]string{}
	for n, g := range b.cfg.Groups {
		name := b.groupWords[n]
		var members []string
		for _, m := range g.Members {
			switch i := b.cfg.Instance(m); {
			case i == nil:
				b.warnf(name, CodeUndefined, "vrrp_sync_group %q: there is no vrrp_instance %q", g.Name, m)
			case in[m] != "":
				b.warnf(name, CodeGroup, "vrrp_instance %q is in vrrp_sync_group %q already", m, in[m])
			default:
				in[m] = g.Name
				members = append(members, m)
				b.groupWeights(name, g, i)
			}
		}
		g.Members = members
		switch len(members) {
		case 0:
			b.warnf(name, CodeGroup, "vrrp_sync_group %q has no instances", g.Name)
		case 1:
			b.warnf(name, CodeGroup, "vrrp_sync_group %q has one instance: a group is for two or more", g.Name)
		}
	}
}

// groupWeights warns about weighted scripts of a member: they would move it away from the group.
func (b *builder) groupWeights(name confparse.Word, g *SyncGroup, i *Instance) {
	for _, t := range i.Scripts {
		if t.Weight != 0 && !g.TrackingWeight {
			b.warnf(name, CodeGroup, "keepalived drops the weighted script %q of %s in a sync group; set its weight to 0, or write sync_group_tracking_weight", t.Name, i.Name)
		}
	}
}

// notifyRules are the keywords that hold commands to run after a change.
func notifyRules[T any](of func(*T) *Notify) []rule[T] {
	slot := func(name string, field func(*Notify) **Command) rule[T] {
		return rule[T]{name: name, least: 1, set: func(b *builder, t *T, k *confparse.Keyword) {
			p := field(of(t))
			if *p != nil {
				b.warnf(k.Words[0], CodeDuplicate, "a second %s is ignored", name)
				return
			}
			*p = b.userCommand(k, b.cfg.Global.ScriptUser)
		}}
	}
	return []rule[T]{
		slot("notify_master", func(n *Notify) **Command { return &n.Master }),
		slot("notify_backup", func(n *Notify) **Command { return &n.Backup }),
		slot("notify_fault", func(n *Notify) **Command { return &n.Fault }),
		slot("notify_stop", func(n *Notify) **Command { return &n.Stop }),
		slot("notify", func(n *Notify) **Command { return &n.Any }),
		slot("notify_deleted", func(n *Notify) **Command { return &n.Deleted }),
		slot("notify_master_rx_lower_pri", func(n *Notify) **Command { return &n.MasterRxLowerPri }),
	}
}
