package vrrpconf

import "github.com/keepsql/keepsql/confparse"

// Blocks that are recognised to the last keyword and not carried out: a misspelt line in them
// is told about as anywhere else. Their T is of no use.

type unused struct{}

// bfdRules is the table of bfd_instance (RFC 5880).
var bfdRules = []rule[unused]{
	{name: "neighbor_ip", least: 1, effect: inert}, {name: "neighbour_ip", least: 1, effect: inert},
	{name: "source_ip", least: 1, effect: inert}, {name: "min_rx", least: 1, effect: inert},
	{name: "min_tx", least: 1, effect: inert}, {name: "idle_tx", least: 1, effect: inert},
	{name: "multiplier", least: 1, effect: inert}, {name: "passive", effect: inert},
	{name: "ttl", least: 1, effect: inert}, {name: "hoplimit", least: 1, effect: inert},
	{name: "max_hops", least: 1, effect: inert}, {name: "multihop", effect: inert},
	{name: "weight", least: 1, effect: inert}, {name: "vrrp", effect: inert}, {name: "checker", effect: inert},
}

// garpGroupRules is the table of garp_group.
var garpGroupRules = []rule[unused]{
	{name: "garp_interval", least: 1, effect: inert}, {name: "gna_interval", least: 1, effect: inert},
	{name: "interface", least: 1, effect: inert}, {name: "interfaces", effect: inert},
}

// readUnused reads a block by a table without keeping anything.
func readUnused(rules []rule[unused]) func(*builder, *Config, *confparse.Keyword) {
	return func(b *builder, _ *Config, k *confparse.Keyword) {
		if b.opened(k) {
			apply(b, k.Name(), rules, &unused{}, k.Block)
		}
	}
}
