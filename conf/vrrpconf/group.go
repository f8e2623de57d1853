package vrrpconf

import (
	"slices"

	"github.com/keepsql/keepsql/confparse"
)

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
	{name: "track_interface", set: func(b *builder, g *SyncGroup, k *confparse.Keyword) {
		g.interfaces = append(g.interfaces, b.tracked(k, nil, 253)...)
	}},
	{name: "track_script", set: func(b *builder, g *SyncGroup, k *confparse.Keyword) {
		g.scripts = append(g.scripts, b.tracked(k, b.definedScripts(), 253)...)
	}},
	{name: "track_file", set: func(b *builder, g *SyncGroup, k *confparse.Keyword) {
		g.files = append(g.files, b.tracked(k, b.definedFiles(), 254)...)
	}},
	{name: "track_process", set: func(b *builder, g *SyncGroup, k *confparse.Keyword) {
		g.processes = append(g.processes, b.tracked(k, b.definedProcesses(), 254)...)
	}},
	{name: "track_bfd", effect: pending}, {name: "smtp_alert", effect: silent},
	{name: "notify_priority_changes", effect: silent},
	{name: "sync_group_tracking_weight", set: setOn(func(g *SyncGroup) *bool { return &g.TrackingWeight })},
	{name: "global_tracking", set: func(b *builder, g *SyncGroup, k *confparse.Keyword) {
		g.TrackingWeight = true
		deprecated[SyncGroup]("track_script and its like in the group")(b, g, k)
	}},
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
				b.groupTrackers(name, g, i)
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

// groupTrackers gives a member what the group tracks, and takes away the weights that would
// move it away from the others: scripts and files are dropped, the rest counts unweighted.
func (b *builder) groupTrackers(name confparse.Word, g *SyncGroup, i *Instance) {
	i.Scripts = merge(i.Scripts, g.scripts)
	i.Files = merge(i.Files, g.files)
	i.Processes = merge(i.Processes, g.processes)
	if slices.ContainsFunc(g.interfaces, func(t Tracked) bool { return t.Name == i.Interface }) {
		b.warnf(name, CodeDuplicate, "%s is tracked by %s anyway, as its own interface", i.Interface, i.Name)
	}
	i.Interfaces = merge(i.Interfaces, slices.DeleteFunc(slices.Clone(g.interfaces), func(t Tracked) bool { return t.Name == i.Interface }))
	if g.TrackingWeight {
		return
	}
	weighted := func(t Tracked) bool {
		if t.Weight != 0 {
			b.warnf(name, CodeGroup, "%q of %s has a weight and is dropped in a sync group; set its weight to 0, or write sync_group_tracking_weight", t.Name, i.Name)
		}
		return t.Weight != 0
	}
	i.Scripts = slices.DeleteFunc(i.Scripts, weighted)
	i.Files = slices.DeleteFunc(i.Files, weighted)
	for n := range i.Interfaces {
		i.Interfaces[n].Weight = 0
	}
	for n := range i.Processes {
		i.Processes[n].Weight = 0
	}
}

// merge appends what is not in the list under its name already.
func merge(list, more []Tracked) []Tracked {
	for _, t := range more {
		if indexTracked(list, t.Name) < 0 {
			list = append(list, t)
		}
	}
	return list
}

// notifyRules are the keywords that hold commands to run after a change.
func notifyRules[T any](of func(*T) *Notify) []rule[T] {
	slot := func(name string, field func(*Notify) **Command) rule[T] {
		least := 1
		if name == "notify_deleted" {
			least = 0 // without a command it only asks for the state
		}
		return rule[T]{name: name, least: least, set: func(b *builder, t *T, k *confparse.Keyword) {
			p := field(of(t))
			if len(k.Args()) == 0 {
				return
			}
			if *p != nil {
				b.warnf(k.Words[0], CodeDuplicate, "a second %s is ignored", name)
				return
			}
			if *p = b.userCommand(k, b.cfg.Global.ScriptUser); *p != nil {
				b.notified = append(b.notified, notified{k.Words[0], *p})
			}
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
