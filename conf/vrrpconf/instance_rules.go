package vrrpconf

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/confparse"
)

// rawInstance is what the text says before defaults and contradictions are settled.
type rawInstance struct {
	Instance
	name     confparse.Word // where diagnostics about the whole point to
	block    []*confparse.Keyword
	state    string        // "", MASTER or BACKUP
	priority int           // 0: not given
	advert   time.Duration // 0: not given
	authType confparse.Word
	authPass confparse.Word
	unicast  bool // unicast_peer was written, perhaps empty
	badVRID  bool // already reported
	vmac     bool // use_vmac was written
}

// instanceRules is the table of vrrp_instance.
var instanceRules = append([]rule[rawInstance]{
	{name: "state", least: 1, set: setState},
	{name: "interface", least: 1, set: setText(func(i *rawInstance) *string { return &i.Interface })},
	{name: "virtual_router_id", least: 1, set: setVRID},
	{name: "priority", least: 1, set: setInt(1, 255, func(i *rawInstance) *int { return &i.priority })},
	{name: "advert_int", least: 1, set: setSeconds(10*time.Millisecond, 255*time.Second, func(i *rawInstance) *time.Duration { return &i.advert })},
	{name: "version", least: 1, set: setInt(2, 3, func(i *rawInstance) *int { return &i.Version })},
	{name: "authentication", set: func(b *builder, i *rawInstance, k *confparse.Keyword) {
		if b.opened(k) {
			apply(b, "authentication", authRules, i, k.Block)
		}
	}},
	{name: "virtual_ipaddress", set: func(b *builder, i *rawInstance, k *confparse.Keyword) { i.VIPs = append(i.VIPs, b.vips(k)...) }},
	{name: "virtual_ipaddress_excluded", set: func(b *builder, i *rawInstance, k *confparse.Keyword) {
		i.Excluded = append(i.Excluded, b.vips(k)...)
	}},
	{name: "track_script", set: func(b *builder, i *rawInstance, k *confparse.Keyword) {
		i.Scripts = append(i.Scripts, b.tracked(k, b.definedScripts(), 253)...)
	}},
	{name: "track_interface", set: setTrackInterface},
	{name: "track_process", set: func(b *builder, i *rawInstance, k *confparse.Keyword) {
		i.Processes = append(i.Processes, b.tracked(k, b.definedProcesses(), 254)...)
	}},
	{name: "track_file", set: func(b *builder, i *rawInstance, k *confparse.Keyword) {
		i.Files = append(i.Files, b.tracked(k, b.definedFiles(), 254)...)
	}},
	{name: "track_bfd", effect: pending, set: func(b *builder, _ *rawInstance, k *confparse.Keyword) {
		b.tracked(k, append([]Tracked{}, b.bfds...), 253)
	}},
	{name: "track_engine", set: setFlag(func(i *rawInstance) *bool { return &i.TrackEngine })},
	{name: "nopreempt", set: setOn(func(i *rawInstance) *bool { return &i.NoPreempt })},
	{name: "preempt", set: func(_ *builder, i *rawInstance, _ *confparse.Keyword) { i.NoPreempt = false }},
	{name: "preempt_delay", least: 1, set: setSeconds(0, 1000*time.Second, func(i *rawInstance) *time.Duration { return &i.PreemptDelay })},
	{name: "unicast_peer", set: setPeers},
	{name: "unicast_src_ip", least: 1, set: setSource}, {name: "mcast_src_ip", least: 1, set: setSource},
	{name: "mcast_dst_ip", least: 1, set: func(b *builder, i *rawInstance, k *confparse.Keyword) {
		if a, ok := b.address(k.Args()[0], k.Name()); ok {
			i.Group = a
		}
	}},
	{name: "unicast_ttl", least: 1, set: func(b *builder, i *rawInstance, k *confparse.Keyword) {
		if n, ok := b.number(k.Args()[0], k.Name(), 0, 255); ok {
			i.UnicastTTL = uint8(n)
		}
	}},
	{name: "check_unicast_src", set: setOn(func(i *rawInstance) *bool { return &i.CheckPeers })},
	{name: "track_src_ip", set: setOn(func(i *rawInstance) *bool { return &i.TrackSource })},
	{name: "unicast_fault_no_peer", effect: pending},

	{name: "garp_master_delay", least: 1, set: setSeconds(0, day, func(i *rawInstance) *time.Duration { return &i.GARP.Delay })},
	{name: "garp_master_repeat", least: 1, set: setInt(1, 255, func(i *rawInstance) *int { return &i.GARP.Repeat })},
	{name: "garp_master_refresh", least: 1, set: setSeconds(0, day, func(i *rawInstance) *time.Duration { return &i.GARP.Refresh })},
	{name: "garp_master_refresh_repeat", least: 1, set: setInt(1, 255, func(i *rawInstance) *int { return &i.GARP.RefreshRepeat })},
	{name: "garp_lower_prio_delay", least: 1, set: setSeconds(0, day, func(i *rawInstance) *time.Duration { return &i.GARP.LowerPrioDelay })},
	{name: "garp_lower_prio_repeat", least: 1, set: setInt(0, 255, func(i *rawInstance) *int { return &i.GARP.LowerPrioRepeat })},
	{name: "garp_extra_if", least: 1, effect: pending},
	{name: "lower_prio_no_advert", set: setFlag(func(i *rawInstance) *bool { return &i.LowerPrioNoAdvert })},
	{name: "higher_prio_send_advert", set: setFlag(func(i *rawInstance) *bool { return &i.HigherPrioSendAdvert })},
	{name: "down_timer_adverts", least: 1, set: setInt(1, 100, func(i *rawInstance) *int { return &i.DownTimerAdverts })},
	{name: "skip_check_adv_addr", set: setFlag(func(i *rawInstance) *bool { return &i.SkipCheckAdvAddr })},
	{name: "dont_track_primary", set: setOn(func(i *rawInstance) *bool { return &i.DontTrackPrimary })},
	{name: "strict_mode", set: setFlag(func(i *rawInstance) *bool { return &i.Strict })},
	{name: "notify_priority_changes", set: setFlag(func(i *rawInstance) *bool { return &i.NotifyPriority })},
	{name: "accept", effect: silent}, {name: "no_accept", effect: ignored, note: "the virtual addresses answer"},
	{name: "smtp_alert", effect: ignored, note: noMail, set: checkFlag[rawInstance]},

	{name: "use_vmac", set: setVMAC},
	{name: "vmac_xmit_base", set: setOn(func(i *rawInstance) *bool { return &i.XmitBase })}, {name: "use_vmac_addr", effect: pending}, {name: "use_ipvlan", effect: pending},
	{name: "promote_secondaries", effect: pending},
	{name: "virtual_routes", set: func(b *builder, i *rawInstance, k *confparse.Keyword) { i.Routes = append(i.Routes, b.routes(k)...) }},
	{name: "virtual_rules", set: func(b *builder, i *rawInstance, k *confparse.Keyword) { i.Rules = append(i.Rules, b.rules(k)...) }},
	{name: "vrf", least: 1, effect: pending},
	{name: "kernel_rx_buf_size", least: 1, effect: silent, set: checkInt[rawInstance](0, 1<<31-1)},
	{name: "debug", least: 1, effect: silent, set: checkInt[rawInstance](0, 4)},
	{name: "linkbeat_use_polling", effect: silent, set: deprecated[rawInstance]("the block linkbeat_interfaces")},
	{name: "native_ipv6", effect: silent}, {name: "lvs_sync_daemon_interface", least: 1, effect: ignored, note: noLVS, set: deprecated[rawInstance]("lvs_sync_daemon in global_defs")},
	{name: "old_unicast_checksum", effect: pending}, {name: "no_virtual_ipaddress", effect: silent},
	{name: "timer_expired_backup", effect: silent}, {name: "thread_timer_expired", effect: silent},
	{name: "owner_ignore_adverts", effect: pending}, {name: "v3_checksum_as_v2", effect: pending}, {name: "auth_hmac", effect: pending, set: func(_ *builder, i *rawInstance, _ *confparse.Keyword) {
		i.Skip = "auth_hmac is not carried out yet" // its peers would not believe us, nor we them
	}},
}, notifyRules(func(i *rawInstance) *Notify { return &i.Notify })...)

var authRules = []rule[rawInstance]{
	{name: "auth_type", least: 1, set: func(_ *builder, i *rawInstance, k *confparse.Keyword) { i.authType = k.Args()[0] }},
	{name: "auth_pass", least: 1, set: func(_ *builder, i *rawInstance, k *confparse.Keyword) { i.authPass = k.Args()[0] }},
}

func (b *builder) instance(c *Config, k *confparse.Keyword) {
	if !b.opened(k) {
		return
	}
	name := k.Args()[0]
	for _, o := range b.raw {
		if o.Name == name.Text {
			b.warnf(name, CodeDuplicate, "vrrp_instance %q is defined twice, the second is skipped", name.Text)
			return
		}
	}
	i := &rawInstance{name: name, block: k.Block, Instance: Instance{
		Pos: k.Pos, Name: name.Text, Tuning: c.Global.Defaults, UnicastTTL: 255, TrackEngine: true,
		Strict: c.Global.Strict, NotifyPriority: c.Global.NotifyPriority, CheckPeers: c.Global.checkPeers,
	}}
	apply(b, "vrrp_instance", instanceRules, i, k.Block)
	b.raw = append(b.raw, i)
}

// setVMAC reads `use_vmac [NAME] [MAC]`.
func setVMAC(b *builder, i *rawInstance, k *confparse.Keyword) {
	i.vmac = true
	for _, w := range k.Args() {
		if mac, err := net.ParseMAC(w.Text); err == nil && len(mac) == 6 {
			i.VMACAddr = string(mac)
			continue
		}
		if i.VMAC = w.Text; len(w.Text) > maxInterfaceName {
			b.warnf(w, CodeValue, "interface name %q has more than 15 characters", w.Text)
			i.VMAC = ""
		}
	}
}

// maxInterfaceName is the longest name the kernel takes (IFNAMSIZ, less the zero at its end).
const maxInterfaceName = 15

// completeVMAC names the interface, as keepalived does.
func (b *builder) completeVMAC(i *rawInstance) {
	if !i.vmac || i.VMAC != "" {
		return
	}
	name := fmt.Sprintf("vrrp.%d", i.VRID)
	if i.IPv6() {
		name = fmt.Sprintf("vrrp6.%d", i.VRID)
	}
	i.VMAC = name
	for n := 2; slices.ContainsFunc(b.cfg.Instances, func(o *Instance) bool { return o.VMAC == i.VMAC }); n++ {
		i.VMAC = fmt.Sprintf("%s.%d", name, n)
	}
}

// has tells whether a keyword stands in the instance.
func (i *rawInstance) has(keyword string) bool {
	return slices.ContainsFunc(i.block, func(k *confparse.Keyword) bool { return k.Name() == keyword })
}

// word is where a keyword stands in the instance, for diagnostics; its name where it does not.
func (i *rawInstance) word(keyword string) confparse.Word {
	for _, k := range i.block {
		if k.Name() == keyword {
			return k.Words[0]
		}
	}
	return i.name
}

func setState(b *builder, i *rawInstance, k *confparse.Keyword) {
	switch w := k.Args()[0]; w.Text {
	case "MASTER":
		i.state = "MASTER"
	case "BACKUP":
		if i.state == "MASTER" {
			b.warnf(w, CodeDuplicate, "state MASTER was set before, BACKUP is ignored")
			return
		}
		i.state = "BACKUP"
	default:
		b.warnf(w, CodeValue, "state %q is neither MASTER nor BACKUP, taken as BACKUP", w.Text)
	}
}

func setVRID(b *builder, i *rawInstance, k *confparse.Keyword) {
	w := k.Args()[0]
	n, err := strconv.Atoi(w.Text)
	if err != nil || n < 1 || n > 255 {
		b.errorf(w, CodeValue, "virtual_router_id %q is not within 1 and 255", w.Text)
		i.badVRID = true
		return
	}
	i.VRID = uint8(n)
}

// setTrackInterface drops the instance's own interface, which is always tracked.
func setTrackInterface(b *builder, i *rawInstance, k *confparse.Keyword) {
	for _, t := range b.tracked(k, nil, 253) {
		if t.Name == i.Interface {
			b.warnf(k.Words[0], CodeDuplicate, "%s is the instance's own interface, which is tracked anyway", t.Name)
			continue
		}
		i.Interfaces = append(i.Interfaces, t)
	}
}

func setSource(b *builder, i *rawInstance, k *confparse.Keyword) {
	if a, ok := b.address(k.Args()[0], k.Name()); ok {
		i.Source = a
	}
}

func setPeers(b *builder, i *rawInstance, k *confparse.Keyword) {
	if !b.opened(k) {
		return
	}
	i.unicast = true
	for _, line := range k.Block {
		a, ok := b.address(line.Words[0], "unicast_peer")
		if !ok {
			continue
		}
		if r := b.peerOptions(line.Args()); r != nil {
			if i.PeerTTL == nil {
				i.PeerTTL = map[netip.Addr]TTLRange{}
			}
			i.PeerTTL[a], i.CheckPeers = *r, true
		}
		i.Peers = append(i.Peers, a)
	}
}

// peerOptions reads what follows a peer's address: min_ttl N, max_ttl N; nil without.
func (b *builder) peerOptions(words []confparse.Word) *TTLRange {
	r := TTLRange{Max: 255}
	for len(words) > 0 {
		option := words[0]
		if len(words) < 2 || option.Text != "min_ttl" && option.Text != "max_ttl" {
			b.warnf(option, CodeValue, "%q behind a peer's address is ignored", option.Text)
			break
		}
		if n, ok := b.number(words[1], option.Text, 0, 255); ok && option.Text == "min_ttl" {
			r.Min = uint8(n)
		} else if ok {
			r.Max = uint8(n)
		}
		words = words[2:]
	}
	if r == (TTLRange{Max: 255}) {
		return nil
	}
	return &r
}

func (b *builder) definedScripts() []Tracked {
	out := make([]Tracked, 0, len(b.cfg.Scripts))
	for _, s := range b.cfg.Scripts {
		out = append(out, Tracked{Name: s.Name, Weight: s.Weight, Reverse: s.Reverse})
	}
	return out
}

func (b *builder) definedFiles() []Tracked {
	out := make([]Tracked, 0, len(b.cfg.TrackFiles))
	for _, f := range b.cfg.TrackFiles {
		out = append(out, Tracked{Name: f.Name, Weight: f.Weight, Reverse: f.Reverse})
	}
	return out
}

func (b *builder) definedProcesses() []Tracked {
	out := make([]Tracked, 0, len(b.cfg.TrackProcesses))
	for _, p := range b.cfg.TrackProcesses {
		out = append(out, Tracked{Name: p.Name, Weight: p.Weight, Reverse: p.Reverse})
	}
	return out
}
