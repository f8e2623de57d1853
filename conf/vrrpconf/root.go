package vrrpconf

import (
	"errors"

	"github.com/keepsql/keepsql/confparse"
)

// rootRules is the table of the root level.
var rootRules = []rule[Config]{
	{name: "global_defs", set: func(b *builder, c *Config, k *confparse.Keyword) {
		if b.opened(k) {
			apply(b, "global_defs", globalRules, &c.Global, k.Block)
		}
	}},
	{name: "vrrp_script", least: 1, set: (*builder).script},
	{name: "vrrp_instance", least: 1, set: (*builder).instance},
	{name: "vrrp_sync_group", least: 1, set: (*builder).group},
	{name: "vrrp_track_process", least: 1, set: (*builder).trackProcess},
	{name: "track_file", least: 1, set: (*builder).trackFile},
	{name: "vrrp_track_file", least: 1, set: (*builder).trackFile},

	{name: "static_ipaddress", set: func(b *builder, c *Config, k *confparse.Keyword) {
		c.Static.Addresses = append(c.Static.Addresses, b.vips(k)...)
	}},
	{name: "static_routes", set: func(b *builder, c *Config, k *confparse.Keyword) {
		c.Static.Routes = append(c.Static.Routes, b.routes(k)...)
	}},
	{name: "static_rules", set: func(b *builder, c *Config, k *confparse.Keyword) {
		c.Static.Rules = append(c.Static.Rules, b.rules(k)...)
	}},
	{name: "track_group", least: 1, set: (*builder).trackGroup},
	{name: "garp_group", effect: pending, set: readUnused(garpGroupRules)},
	{name: "linkbeat_interfaces", effect: pending}, {name: "linkbeat_use_polling", effect: silent},
	{name: "interface_up_down_delays", effect: pending}, {name: "bfd_instance", least: 1, effect: pending, set: func(b *builder, c *Config, k *confparse.Keyword) {
		readUnused(bfdRules)(b, c, k)
		b.bfds = append(b.bfds, Tracked{Name: k.Args()[0].Text})
	}},
	{name: "net_namespace", least: 1, effect: pending}, {name: "net_namespace_ipvs", effect: silent}, {name: "namespace_with_ipsets", effect: silent},
	{name: "instance", least: 1, effect: pending}, {name: "use_pid_dir", effect: pending}, {name: "child_wait_time", least: 1, effect: silent, set: checkInt[Config](0, 4294)},

	{name: "virtual_server", effect: skipped, note: noLVS}, {name: "virtual_server_group", effect: skipped, note: noLVS},
	{name: "SSL", effect: skipped, note: noLVS},
}

// opened checks that a keyword that needs a block has one.
func (b *builder) opened(k *confparse.Keyword) bool {
	if !k.HasBlock {
		b.errorf(k.Words[0], CodeBlock, "%q needs a block: '{' is missing", k.Name())
	}
	return k.HasBlock
}

// command reads a line that holds nothing but a command line; nil after an error.
func (b *builder) command(k *confparse.Keyword, u User) *Command {
	argv, err := confparse.SplitCommand(k.Rest)
	if err == nil && len(argv) == 0 {
		err = errNoCommand
	}
	if err != nil {
		b.errorf(k.Words[0], CodeCommand, "%s: %v", k.Name(), err)
		return nil
	}
	return &Command{Argv: argv, User: u}
}

// userCommand reads a line `COMMAND [USER [GROUP]]`, where a command with arguments is one
// quoted word; nil after an error.
func (b *builder) userCommand(k *confparse.Keyword, u User) *Command {
	words, err := confparse.SplitWords(k.Rest)
	var argv []string
	if err == nil && len(words) > 0 {
		argv, err = confparse.SplitWords(words[0])
	}
	if err == nil && len(argv) == 0 {
		err = errNoCommand
	}
	if err != nil {
		b.errorf(k.Words[0], CodeCommand, "%s: %v", k.Name(), err)
		return nil
	}
	if len(words) > 1 {
		u = User{Name: words[1]}
	}
	if len(words) > 2 {
		u.Group = words[2]
	}
	return &Command{Argv: argv, User: u}
}

var errNoCommand = errors.New("the command is empty")
