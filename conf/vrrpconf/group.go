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
	{name: "notify_priority_changes", effect: silent}, {name: "sync_group_tracking_weight", effect: silent},
	{name: "global_tracking", effect: silent},
}, notifyRules(func(g *SyncGroup) *Notify { return &g.Notify })...)

func (b *builder) group(c *Config, k *confparse.Keyword) {
	if !b.opened(k) {
		return
	}
	g := &SyncGroup{Pos: k.Pos, Name: k.Args()[0].Text}
	apply(b, "vrrp_sync_group", groupRules, g, k.Block)
	c.Groups = append(c.Groups, g)
}

// notifyRules are the keywords that hold commands to run after a change.
func notifyRules[T any](of func(*T) *Notify) []rule[T] {
	slot := func(name string, field func(*Notify) **Command) rule[T] {
		return rule[T]{name: name, least: 1, set: func(b *builder, t *T, k *confparse.Keyword) {
			p := field(of(t))
			if *p != nil {
				b.warnf(k.Words[0], "a second %s is ignored", name)
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
