package vrrpconf

import (
	"strings"
	"time"

	"github.com/keepsql/keepsql/confparse"
)

// scriptRules is the table of vrrp_script.
var scriptRules = []rule[Script]{
	{name: "script", least: 1, set: setScriptCommand},
	{name: "interval", least: 1, set: setScriptSeconds(func(s *Script) *time.Duration { return &s.Interval })},
	{name: "timeout", least: 1, set: setScriptSeconds(func(s *Script) *time.Duration { return &s.Timeout })},
	{name: "weight", least: 1, set: func(b *builder, s *Script, k *confparse.Keyword) {
		if n, rev, ok := b.weight(k.Args(), 253); ok {
			s.Weight, s.Reverse = n, rev
		}
	}},
	{name: "rise", least: 1, set: setInt(1, 1<<30, func(s *Script) *int { return &s.Rise })},
	{name: "fall", least: 1, set: setInt(1, 1<<30, func(s *Script) *int { return &s.Fall })},
	{name: "user", least: 1, set: func(b *builder, s *Script, k *confparse.Keyword) {
		s.Command.User = user(k.Args())
		b.users = append(b.users, namedUser{k.Args()[0], s.Command.User})
	}},
	{name: "init_fail", set: setOn(func(s *Script) *bool { return &s.InitFail })},
}

// setScriptSeconds takes fractions, as keepalived does from 2.4 on.
func setScriptSeconds(field func(*Script) *time.Duration) func(*builder, *Script, *confparse.Keyword) {
	set := setSeconds(time.Millisecond, 4294*time.Second, field)
	return func(b *builder, s *Script, k *confparse.Keyword) {
		set(b, s, k)
		if *field(s)%time.Second != 0 {
			b.warnf(k.Args()[0], CodeValue, "keepalived before 2.4 takes whole seconds only")
		}
	}
}

// setScriptCommand reads `script …`. A line beginning with '<' asks whether a shell can
// open the path for reading.
func setScriptCommand(b *builder, s *Script, k *confparse.Keyword) {
	if rest := strings.Trim(strings.TrimSpace(k.Rest), `"`); strings.HasPrefix(rest, "<") {
		s.Command.Argv = []string{"/bin/sh", "-c", ": " + rest}
		return
	}
	if c := b.command(k, s.Command.User); c != nil {
		s.Command.Argv = c.Argv
	}
}

func (b *builder) script(c *Config, k *confparse.Keyword) {
	if !b.opened(k) {
		return
	}
	name := k.Args()[0]
	s := &Script{Pos: k.Pos, Name: name.Text, Interval: time.Second, Rise: 1, Fall: 1, Command: Command{User: c.Global.ScriptUser}}
	bad := len(b.diags)
	apply(b, "vrrp_script", scriptRules, s, k.Block)
	if s.Timeout == 0 {
		s.Timeout = s.Interval
	}
	switch {
	case len(s.Command.Argv) == 0 && !b.diags[bad:].HasErrors():
		// keepalived drops the block, and what tracks it runs unchecked; that is no check at all.
		b.errorf(name, CodeIncomplete, "vrrp_script %q has no script", s.Name)
	case c.Script(s.Name) != nil:
		b.warnf(name, CodeShadowed, "vrrp_script %q is defined twice, the first is used", s.Name)
		return
	}
	c.Scripts = append(c.Scripts, s)
}
