package vrrpconf

import (
	"fmt"
	"math"
	"net/netip"
	"time"
)

// finish completes the instances and compares them with one another.
func (b *builder) finish() {
	for _, i := range b.raw {
		b.complete(i)
		b.cfg.Instances = append(b.cfg.Instances, &i.Instance)
	}
	b.duplicates()
	b.finishGroups()
	b.finishStatic()
	b.secure()
	b.skippedBlocks()
	b.security()
}

func (b *builder) complete(i *rawInstance) {
	b.completeIdentity(i)
	b.completePriority(i)
	b.completeVersion(i)
	b.completeStrict(i)
	b.completeAuth(i)
	b.completeAddresses(i)
	b.completeUnicast(i)
	b.completeVMAC(i)
	if g := &i.GARP; g.LowerPrioDelay < 0 {
		g.LowerPrioDelay = g.Delay
	}
	if g := &i.GARP; g.LowerPrioRepeat < 0 {
		g.LowerPrioRepeat = g.Repeat
	}
}

func (b *builder) completeIdentity(i *rawInstance) {
	if i.VRID == 0 && !i.badVRID {
		b.errorf(i.name, CodeIncomplete, "vrrp_instance %q has no virtual_router_id", i.Name)
	}
	if i.Interface == "" {
		i.Interface = b.cfg.Global.DefaultInterface
	}
	if i.Interface == "" {
		b.errorf(i.name, CodeIncomplete, "vrrp_instance %q has no interface", i.Name)
	}
}

// completePriority settles priority and state, and what these switch off.
func (b *builder) completePriority(i *rawInstance) {
	switch {
	case i.priority != 0:
		i.Priority = uint8(i.priority)
	case i.state == "MASTER":
		i.Priority = 255
		b.warnf(i.word("state"), CodeOwner, "vrrp_instance %q is MASTER without a priority: it owns its addresses (255)", i.Name)
	default:
		i.Priority = 100
	}
	i.StartMaster = i.state == "MASTER" || i.state == "" && i.Priority == 255
	if i.NoPreempt && (i.StartMaster || i.Priority == 255) {
		b.warnf(i.word("nopreempt"), CodeConflict, "nopreempt has no effect with state MASTER or priority 255, dropped")
		i.NoPreempt = false
	}
	if i.PreemptDelay != 0 && (i.StartMaster || i.NoPreempt) {
		b.warnf(i.word("preempt_delay"), CodeConflict, "preempt_delay has no effect with state MASTER or nopreempt, dropped")
		i.PreemptDelay = 0
	}
	if i.Priority == 255 {
		i.Scripts = b.unweighted(i, i.Scripts)
		i.Interfaces = b.unweighted(i, i.Interfaces)
		i.Files = b.unweighted(i, i.Files)
		i.Processes = b.unweighted(i, i.Processes)
	}
}

// unweighted drops the weighted trackers of an address owner, whose priority never changes.
func (b *builder) unweighted(i *rawInstance, list []Tracked) []Tracked {
	var out []Tracked
	for _, t := range list {
		if t.Weight == 0 {
			out = append(out, t)
			continue
		}
		b.warnf(i.name, CodeConflict, "%q has a weight, which cannot change priority 255, dropped", t.Name)
	}
	return out
}

// completeVersion settles the protocol version and rounds the interval to what its wire
// format can say (RFC 3768 §5.3.7, RFC 9568 §5.2.7).
func (b *builder) completeVersion(i *rawInstance) {
	if i.Version == 0 {
		i.Version = b.cfg.Global.Version
		if i.IPv6() {
			i.Version = 3
		}
	}
	i.AdvertInt = time.Second
	if i.advert != 0 {
		i.AdvertInt = i.advert
	}
	if i.Version == 3 {
		i.AdvertInt = i.AdvertInt.Round(10 * time.Millisecond)
		if limit := 40950 * time.Millisecond; i.AdvertInt > limit {
			b.warnf(i.word("advert_int"), CodeValue, "advert_int %v is more than VRRPv3 can say, %v is used", i.AdvertInt, limit)
			i.AdvertInt = limit
		}
		return
	}
	whole := max(time.Duration(math.Round(i.AdvertInt.Seconds()))*time.Second, time.Second)
	if whole != i.AdvertInt {
		b.warnf(i.word("advert_int"), CodeValue, "VRRPv2 counts whole seconds: advert_int %v is taken as %v", i.AdvertInt, whole)
		i.AdvertInt = whole
	}
}

// completeStrict makes a strict instance agree with strict peers on the wire. It does not
// copy the packet filter with which keepalived makes the addresses unreachable.
func (b *builder) completeStrict(i *rawInstance) {
	if !i.Strict {
		return
	}
	if i.authType.Text != "" || i.authPass.Text != "" {
		b.warnf(i.word("authentication"), CodeStrict, "strict mode has no authentication, dropped")
	}
	if i.PreemptDelay != 0 {
		b.warnf(i.word("preempt_delay"), CodeStrict, "strict mode has no preempt_delay, dropped")
	}
	if (i.state == "MASTER") != (i.Priority == 255) {
		b.warnf(i.word("state"), CodeStrict, "in strict mode state MASTER goes with priority 255 and no other")
	}
	i.authType.Text, i.authPass.Text = "", ""
	i.PreemptDelay = 0
	i.GARP.LowerPrioRepeat = 0
	i.LowerPrioNoAdvert, i.HigherPrioSendAdvert = true, false
	i.DownTimerAdverts = 3
}

func (b *builder) completeAuth(i *rawInstance) {
	kind, pass := i.authType, i.authPass
	switch {
	case kind.Text == "" && pass.Text == "":
		return
	case i.Version == 3:
		b.warnf(i.word("authentication"), CodeConflict, "VRRPv3 has no authentication, dropped")
		return
	case kind.Text == "":
		b.warnf(pass, CodeIncomplete, "auth_pass without auth_type: no authentication")
		return
	case pass.Text == "":
		b.warnf(kind, CodeIncomplete, "auth_type without auth_pass: no authentication")
		return
	}
	switch kind.Text {
	case "PASS":
		i.Auth.Type = AuthPass
	case "AH":
		i.Auth.Type = AuthAH
	default:
		b.warnf(kind, CodeValue, "auth_type %q is neither PASS nor AH: no authentication", kind.Text)
		return
	}
	if len(pass.Text) > len(i.Auth.Pass) {
		b.warnf(pass, CodeValue, "auth_pass has more than 8 characters, only the first 8 count")
	}
	copy(i.Auth.Pass[:], pass.Text)
}

// completeAddresses keeps the addresses of the first one's family.
func (b *builder) completeAddresses(i *rawInstance) {
	var kept []VIP
	for _, v := range i.VIPs {
		if v.Prefix.Addr().Is4() != i.VIPs[0].Prefix.Addr().Is4() {
			b.warnf(i.word("virtual_ipaddress"), CodeFamily, "%s is of another family than the first address, dropped; list it under virtual_ipaddress_excluded", v.Prefix)
			continue
		}
		kept = append(kept, v)
	}
	i.VIPs = kept
	switch {
	case len(i.VIPs) == 0 && i.Version == 3:
		b.errorf(i.name, CodeIncomplete, "vrrp_instance %q: VRRPv3 needs a virtual_ipaddress", i.Name)
	case len(i.VIPs) == 0:
		b.warnf(i.name, CodeIncomplete, "vrrp_instance %q has no virtual_ipaddress", i.Name)
	case len(i.VIPs) > 255:
		b.errorf(i.word("virtual_ipaddress"), CodeValue, "vrrp_instance %q has more than 255 addresses; move some to virtual_ipaddress_excluded", i.Name)
	case i.IPv6() && i.Version == 2:
		b.warnf(i.name, CodeNoEffect, "VRRPv2 knows no IPv6: vrrp_instance %q uses version 3", i.Name)
		i.Version = 3
	}
}

func (b *builder) completeUnicast(i *rawInstance) {
	b.lonelyUnicast(i)
	if i.unicast && len(i.Peers) == 0 {
		b.warnf(i.word("unicast_peer"), CodeIncomplete, "unicast_peer is empty: multicast is used")
	}
	var kept []netip.Addr
	for _, p := range i.Peers {
		if p.Is6() != i.IPv6() {
			b.warnf(i.word("unicast_peer"), CodeFamily, "unicast_peer %s is of another family than the addresses, dropped", p)
			continue
		}
		kept = append(kept, p)
	}
	i.Peers = kept
	if i.Source.IsValid() && i.Source.Is6() != i.IPv6() {
		b.warnf(i.name, CodeFamily, "source address %s is of another family than the addresses, dropped", i.Source)
		i.Source = netip.Addr{}
	}
	if g := i.Group; g.IsValid() && (g.Is6() != i.IPv6() || !g.IsMulticast()) {
		b.warnf(i.word("mcast_dst_ip"), CodeFamily, "mcast_dst_ip %s is not a multicast group of this family, dropped", g)
		i.Group = netip.Addr{}
	}
	if i.Group.IsValid() {
		return
	}
	i.Group = b.cfg.Global.group4
	if i.IPv6() {
		i.Group = b.cfg.Global.group6
	}
	if !i.Group.IsValid() {
		i.Group = defaultGroup(i.IPv6())
	}
}

// defaultGroup is where adverts go to (RFC 9568 §5.1.1.2, §5.1.2.2).
func defaultGroup(v6 bool) netip.Addr {
	if v6 {
		return netip.MustParseAddr("ff02::12")
	}
	return netip.AddrFrom4([4]byte{224, 0, 0, 18})
}

// secure marks all commands, because enable_script_security counts wherever it stands.
func (b *builder) secure() {
	if !b.cfg.Global.ScriptSecurity {
		return
	}
	for c := range b.cfg.Commands() {
		c.Secure = true
	}
}

// lonelyUnicast warns about keywords of unicast without its peers, and the other way round.
func (b *builder) lonelyUnicast(i *rawInstance) {
	if len(i.Peers) > 0 && i.has("mcast_dst_ip") {
		b.warnf(i.word("mcast_dst_ip"), CodeConflict, "mcast_dst_ip has no effect with unicast_peer")
	}
	if i.unicast {
		return
	}
	for _, keyword := range []string{"unicast_src_ip", "unicast_ttl", "check_unicast_src", "old_unicast_checksum"} {
		if i.has(keyword) {
			b.warnf(i.word(keyword), CodeIncomplete, "%s without unicast_peer: multicast is used", keyword)
		}
	}
	if i.has("vmac_xmit_base") && !i.has("use_vmac") {
		b.warnf(i.word("vmac_xmit_base"), CodeConflict, "vmac_xmit_base has no effect without use_vmac")
	}
}

// duplicates reports two instances that would be one virtual router.
func (b *builder) duplicates() {
	seen := map[string]*rawInstance{}
	for _, i := range b.raw {
		if i.VRID == 0 || i.Interface == "" {
			continue
		}
		key := fmt.Sprint(i.Interface, i.VRID, i.IPv6(), len(i.Peers) > 0, i.Group)
		if o := seen[key]; o != nil {
			b.errorf(i.word("virtual_router_id"), CodeDuplicate, "%s and %s both use VRID %d on interface %s", o.Name, i.Name, i.VRID, i.Interface)
			continue
		}
		seen[key] = i
	}
}
