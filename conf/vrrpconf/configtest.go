package vrrpconf

import (
	"fmt"

	"github.com/keepsql/keepsql/confparse"
)

// Host is what a config test must know of the machine it runs on.
type Host interface {
	// Interface tells whether there is one of that name, and whether it is a loopback.
	Interface(name string) (exists, loopback bool)
}

// ConfigTest says of a tree what `keepalived -t` would find wrong with it, and more: Build's
// diagnostics, those about interfaces of the host, and that libconfig settings have no place
// in a file of keepalived's. ExitStatus of the parser's and these is keepalived's.
func ConfigTest(tree *confparse.Tree, host Host) confparse.Diagnostics {
	b := &builder{cfg: &Config{Global: defaultGlobal()}, noted: map[string]bool{}}
	b.read(tree)
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
	for _, v := range i.VIPs {
		if exists, _ := host.Interface(v.Dev); v.Dev != "" && !exists {
			b.absent(i.word("virtual_ipaddress"), v.Dev)
		}
	}
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
