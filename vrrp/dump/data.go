package dump

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
)

// Data is keepalived.data.
func (p *Picture) Data() []byte {
	var b bytes.Buffer
	p.global(&b)
	b.WriteString("------< VRRP Topology >------\n")
	for i := range p.Instances {
		p.Instances[i].data(&b)
	}
	p.groups(&b)
	p.scripts(&b)
	b.WriteString("------< Interfaces >------\n")
	for _, i := range p.Interfaces {
		i.data(&b)
	}
	return b.Bytes()
}

func line(b *bytes.Buffer, indent int, name string, value any) {
	fmt.Fprintf(b, "%s%s = %v\n", strings.Repeat(" ", indent), name, value)
}

func (p *Picture) global(b *bytes.Buffer) {
	g := &p.Config.Global
	b.WriteString("------< Global definitions >------\n")
	id := g.RouterID
	if id == "" {
		id = p.Host
	}
	line(b, 1, "Network namespace", "(default)")
	line(b, 1, "Router ID", id)
	line(b, 1, "Dynamic interfaces", g.DynamicInterfaces)
	if g.DefaultInterface != "" {
		line(b, 1, "Default interface", g.DefaultInterface)
	}
	line(b, 1, "FIFO write vrrp states on reload", g.FIFOOnReload)
	line(b, 1, "VRRP notify priority changes", g.NotifyPriority)
	d := g.Defaults
	garp(b, 1, " timer", d.GARP)
	line(b, 1, "Num adverts before down", d.DownTimerAdverts)
	line(b, 1, "Send advert after receive lower priority advert", !d.LowerPrioNoAdvert)
	line(b, 1, "Send advert after receive higher priority advert", d.HigherPrioSendAdvert)
	fmt.Fprintf(b, " Gratuitous ARP interval = %f\n", d.GARP.Interval.Seconds())
	line(b, 1, "VRRP default protocol version", g.Version)
	line(b, 1, "VRRP skip check advert addresses", d.SkipCheckAdvAddr)
	line(b, 1, "VRRP strict mode", g.Strict)
	security := "disabled"
	if g.ScriptSecurity {
		security = "enabled"
	}
	fmt.Fprintf(b, " Script security %s\n", security)
}

// garp writes the timings of announcements. refresh is a word that only the global part has.
func garp(b *bytes.Buffer, indent int, refresh string, g vrrpconf.GARP) {
	line(b, indent, "Gratuitous ARP delay", int(g.Delay/time.Second))
	line(b, indent, "Gratuitous ARP repeat", g.Repeat)
	line(b, indent, "Gratuitous ARP refresh"+refresh, int(g.Refresh/time.Second))
	line(b, indent, "Gratuitous ARP refresh repeat", g.RefreshRepeat)
	if g.LowerPrioDelay >= 0 {
		line(b, indent, "Gratuitous ARP lower priority delay", int(g.LowerPrioDelay/time.Second))
	}
	if g.LowerPrioRepeat >= 0 {
		line(b, indent, "Gratuitous ARP lower priority repeat", g.LowerPrioRepeat)
	}
}

// moment is a time as keepalived writes it.
func moment(t time.Time) string {
	if t.IsZero() {
		return "0.000000 (never)"
	}
	return fmt.Sprintf("%d.%06d (%s)", t.Unix(), t.Nanosecond()/1000, t.Local().Format("Mon Jan _2 15:04:05.000000 2006"))
}

func (i *Instance) data(b *bytes.Buffer) {
	c := i.Conf
	line(b, 1, "VRRP Instance", c.Name)
	line(b, 3, "VRRP Version", c.Version)
	line(b, 3, "State", states[i.State])
	fmt.Fprintf(b, "   Flags: none\n")
	line(b, 3, "Wantstate", states[i.Want])
	line(b, 3, "Number of config faults", 0)
	line(b, 3, "Number of interface and track script faults", i.Faults)
	line(b, 3, "Number of track scripts init", 0)
	line(b, 3, "Last transition", moment(i.Changed))
	line(b, 3, "Read timeout", moment(i.Deadline))
	line(b, 3, "Master down timer", fmt.Sprintf("%d usecs", i.MasterDown.Microseconds()))
	line(b, 3, "Interface", c.Interface)
	line(b, 3, "Using src_ip", i.Source)
	if len(c.Peers) == 0 {
		fmt.Fprintf(b, "   Multicast address %s\n", c.Group)
	}
	garp(b, 3, "", c.GARP)
	line(b, 3, "Down timer adverts", c.DownTimerAdverts)
	line(b, 3, "Send advert after receive lower priority advert", !c.LowerPrioNoAdvert)
	line(b, 3, "Send advert after receive higher priority advert", c.HigherPrioSendAdvert)
	line(b, 3, "Virtual Router ID", c.VRID)
	line(b, 3, "Priority", c.Priority)
	line(b, 3, "Effective priority", i.Priority)
	line(b, 3, "Total priority", i.Total)
	i.timings(b)
	i.trackers(b)
	addresses(b, "Virtual IP", c, c.VIPs, i.Claimed)
	addresses(b, "Virtual IP Excluded", c, c.Excluded, i.Claimed)
	if len(c.Routes) > 0 {
		fmt.Fprintf(b, "   Virtual Routes (%d):\n", len(c.Routes))
	}
	for n := range c.Routes {
		fmt.Fprintf(b, "     %s\n", c.Routes[n].Text)
	}
	if len(c.Rules) > 0 {
		fmt.Fprintf(b, "   Virtual Rules (%d):\n", len(c.Rules))
	}
	for n := range c.Rules {
		fmt.Fprintf(b, "     %s\n", c.Rules[n].Text)
	}
	line(b, 3, "Using smtp notification", "no")
	deleted := "Fault"
	if c.Notify.Deleted != nil {
		deleted = "Deleted"
	}
	line(b, 3, "Notify deleted", deleted)
	line(b, 3, "Notify priority changes", c.NotifyPriority)
}

func (i *Instance) timings(b *bytes.Buffer) {
	c := i.Conf
	interval := fmt.Sprintf("%d sec", c.AdvertInt/time.Second)
	if c.Version == 3 {
		interval = fmt.Sprintf("%d milli-sec", c.AdvertInt.Milliseconds())
	}
	line(b, 3, "Advert interval", interval)
	if c.Version == 3 {
		line(b, 3, "Master advert interval", fmt.Sprintf("%d milli-sec", i.MasterInt.Milliseconds()))
	}
	line(b, 3, "Accept", "enabled")
	preempt := "enabled"
	if c.NoPreempt {
		preempt = "disabled"
	}
	line(b, 3, "Preempt", preempt)
	if c.PreemptDelay > 0 {
		line(b, 3, "Preempt delay", fmt.Sprintf("%g secs", c.PreemptDelay.Seconds()))
	}
	line(b, 3, "Promote_secondaries", "disabled")
	switch c.Auth.Type {
	case vrrpconf.AuthPass:
		line(b, 3, "Authentication type", "SIMPLE_PASSWORD")
		line(b, 3, "Password", strings.TrimRight(string(c.Auth.Pass[:]), "\x00"))
	case vrrpconf.AuthAH:
		line(b, 3, "Authentication type", "IPSEC_AH")
		line(b, 3, "Password", strings.TrimRight(string(c.Auth.Pass[:]), "\x00"))
	}
}

func (i *Instance) trackers(b *bytes.Buffer) {
	for _, t := range []struct {
		title string
		list  []vrrpconf.Tracked
	}{
		{"Tracked interfaces", i.Conf.Interfaces}, {"Tracked scripts", i.Conf.Scripts},
		{"Tracked files", i.Conf.Files}, {"Tracked processes", i.Conf.Processes},
	} {
		if len(t.list) == 0 {
			continue
		}
		fmt.Fprintf(b, "   %s (%d):\n", t.title, len(t.list))
		for _, x := range t.list {
			reverse := ""
			if x.Reverse {
				reverse = " reverse"
			}
			fmt.Fprintf(b, "     %s weight %d%s\n", x.Name, x.Weight, reverse)
		}
	}
}

// address is one virtual address in keepalived's words.
func address(c *vrrpconf.Instance, v vrrpconf.VIP, set bool) string {
	text := v.Prefix.String()
	if v.Prefix.Bits() == v.Prefix.Addr().BitLen() {
		text = v.Prefix.Addr().String() + fmt.Sprintf("/%d", v.Prefix.Bits())
	}
	dev := v.Dev
	if dev == "" {
		dev = c.Interface
	}
	text += " dev " + dev + " scope " + scope(v.Scope)
	if v.Label != "" {
		text += " label " + v.Label
	}
	if set {
		text += " set"
	}
	return text
}

func scope(n int) string {
	switch n {
	case 0:
		return "global"
	case 200:
		return "site"
	case 253:
		return "link"
	case 254:
		return "host"
	case 255:
		return "nowhere"
	}
	return fmt.Sprint(n)
}

func addresses(b *bytes.Buffer, title string, c *vrrpconf.Instance, list []vrrpconf.VIP, set bool) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "   %s (%d):\n", title, len(list))
	for _, v := range list {
		fmt.Fprintf(b, "     %s\n", address(c, v, set))
	}
}

func (p *Picture) groups(b *bytes.Buffer) {
	if len(p.Config.Groups) == 0 {
		return
	}
	b.WriteString("------< VRRP Sync groups >------\n")
	for _, g := range p.Config.Groups {
		line(b, 1, "VRRP Sync Group", g.Name)
		fmt.Fprintf(b, "   VRRP member instances = %d\n", len(g.Members))
		for _, m := range g.Members {
			fmt.Fprintf(b, "     %s\n", m)
		}
	}
}

func (p *Picture) scripts(b *bytes.Buffer) {
	if len(p.Scripts) == 0 {
		return
	}
	b.WriteString("------< VRRP Scripts >------\n")
	for _, s := range p.Scripts {
		c := s.Conf
		line(b, 1, "VRRP Script", c.Name)
		line(b, 3, "Command", strings.Join(c.Command.Argv, " "))
		line(b, 3, "Interval", fmt.Sprintf("%g sec", c.Interval.Seconds()))
		line(b, 3, "Timeout", fmt.Sprintf("%g sec", c.Timeout.Seconds()))
		line(b, 3, "Weight", c.Weight)
		line(b, 3, "Rise", c.Rise)
		line(b, 3, "Fall", c.Fall)
		line(b, 3, "Insecure", "no")
		status := "BAD"
		switch {
		case !s.Known:
			status = "INIT"
		case s.Up:
			status = "GOOD"
		}
		line(b, 3, "Status", status)
		tracked(b, "VRRP instances", s.Instances)
		line(b, 3, "State", "idle")
	}
}

func tracked(b *bytes.Buffer, title string, list []Tracked) {
	fmt.Fprintf(b, "   %s :\n", title)
	for _, t := range list {
		fmt.Fprintf(b, "     %s, weight %d\n", t.Name, t.Weight)
	}
}

func (i Interface) data(b *bytes.Buffer) {
	line(b, 1, "Name", i.Name)
	line(b, 3, "index", i.Index)
	line(b, 3, "IPv4 address", i.first(netip.Addr.Is4))
	line(b, 3, "IPv6 address", i.first(netip.Addr.Is6))
	if i.MAC != "" {
		line(b, 3, "MAC", i.MAC)
	}
	state := "DOWN"
	if i.Up {
		state = "UP, RUNNING"
	}
	line(b, 3, "State", state)
	if len(i.Users) > 0 {
		tracked(b, "Tracking VRRP instances", i.Users)
	}
}

func (i Interface) first(is func(netip.Addr) bool) string {
	for _, p := range i.Addrs {
		if is(p.Addr()) {
			return p.Addr().String()
		}
	}
	return "(none)"
}
