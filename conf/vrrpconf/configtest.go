package vrrpconf

import (
	"fmt"
	"strings"

	"github.com/keepsql/keepsql/confparse"
)

// Host is what a config test must know of the machine it runs on.
type Host interface {
	// Interface tells whether there is one of that name, and whether it is a loopback.
	Interface(name string) (exists, loopback bool)
	// Program tells whether there is a file of that name, in PATH where it has no slash.
	Program(name string) bool
	// User and Group tell whether there is one of that name or number.
	User(name string) bool
	Group(name string) bool
}

// ConfigTest says of a tree what `keepalived -t` would find wrong with it, and more: Build's
// diagnostics, those about interfaces of the host, and that libconfig settings have no place
// in a file of keepalived's. ExitStatus of the parser's and these is keepalived's.
func ConfigTest(tree *confparse.Tree, host Host) confparse.Diagnostics {
	b := &builder{cfg: &Config{Global: defaultGlobal()}, noted: map[string]bool{}, host: host}
	b.read(tree)
	b.hostUsers()
	b.staticAddresses(tree)
	for _, s := range tree.Settings {
		w := confparse.Word{Pos: s.Pos, Text: s.Name}
		b.errorf(w, CodeUnknown, "unknown keyword %q at top level: it is a setting of proxysql.cnf", s.Name)
	}
	for _, i := range b.raw {
		b.interfaces(i, host)
	}
	b.arrange(tree)
	return b.diags
}

// interfaces looks up those an instance names.
func (b *builder) interfaces(i *rawInstance, host Host) {
	if exists, loopback := host.Interface(i.Interface); loopback {
		b.errorf(i.word("interface"), CodeInterface, "vrrp_instance %q cannot use the loopback interface %s", i.Name, i.Interface)
	} else if !exists && i.Interface != "" {
		b.absent(i.word("interface"), i.Interface)
	}
	for _, t := range i.Interfaces {
		if exists, _ := host.Interface(t.Name); !exists {
			b.absent(i.word("track_interface"), t.Name)
		}
	}
	for _, v := range i.VIPs {
		if exists, _ := host.Interface(v.Dev); v.Dev != "" && !exists {
			b.absent(i.word("virtual_ipaddress"), v.Dev)
		}
	}
}

// hostUsers looks up the users that the text names.
func (b *builder) hostUsers() {
	for _, u := range b.users {
		if !b.host.User(u.Name) || u.Group != "" && !b.host.Group(u.Group) {
			b.warnf(u.word, CodeUser, "there is no user or group %s on this host", strings.Trim(u.Name+":"+u.Group, ":"))
		}
	}
	if g := b.cfg.Global; g.ScriptSecurity && g.ScriptUser.Name == "" && !b.host.User(defaultScriptUser) {
		for _, s := range b.cfg.Scripts {
			if s.Command.User.Name == "" {
				b.warnf(confparse.Word{Pos: s.Pos, Text: "vrrp_script"}, CodeUser,
					"vrrp_script %q has no user: script_user is not set, and there is no %s", s.Name, defaultScriptUser)
			}
		}
	}
}

// defaultScriptUser is who scripts run as where nothing is said and there is such a user.
const defaultScriptUser = "keepalived_script"

// staticAddresses looks up the interfaces of static_ipaddress.
func (b *builder) staticAddresses(tree *confparse.Tree) {
	for _, k := range tree.Keywords {
		if k.Name() != "static_ipaddress" {
			continue
		}
		for _, line := range k.Block {
			for n, w := range line.Args() {
				if args := line.Args(); w.Text == "dev" && n+1 < len(args) {
					if exists, _ := b.host.Interface(args[n+1].Text); !exists {
						b.absent(args[n+1], args[n+1].Text)
					}
				}
			}
		}
	}
}

// security warns about scripts without enable_script_security. keepalived does so for those
// that it has found; where the host is not known, all count.
func (b *builder) security() {
	var first *confparse.Word
	for _, s := range b.cfg.Scripts {
		w := confparse.Word{Pos: s.Pos, Text: "vrrp_script"}
		switch argv := s.Command.Argv; {
		case len(argv) == 0:
		case b.host != nil && !b.host.Program(argv[0]):
			b.warnf(w, CodeProgram, "vrrp_script %q: there is no program %s", s.Name, argv[0])
		case first == nil:
			first = &w
		}
	}
	for _, n := range b.notified {
		if first == nil && (b.host == nil || b.host.Program(n.command.Argv[0]) && b.known(n.command.User)) {
			first = &n.word
		}
	}
	if first == nil || b.cfg.Global.ScriptSecurity {
		return
	}
	d := diagnostic(*first, CodeSecurity, confparse.Warning, "SECURITY VIOLATION - scripts are being executed but script_security not enabled.")
	d.Hint = "write enable_script_security and script_user USER in global_defs"
	b.diags = append(b.diags, d)
}

func (b *builder) known(u User) bool {
	return (u.Name == "" || b.host.User(u.Name)) && (u.Group == "" || b.host.Group(u.Group))
}

// absent reports an interface that the host does not have. Ours waits for it to appear.
func (b *builder) absent(w confparse.Word, name string) {
	if b.cfg.Global.DynamicInterfaces {
		return
	}
	d := diagnostic(w, CodeInterface, confparse.Warning, fmt.Sprintf("there is no interface %q", name))
	d.Hint = "keepalived does not start without it, unless dynamic_interfaces is set; keepsql waits for it"
	b.diags = append(b.diags, d)
}
