package vrrpconf

import (
	"net/netip"

	"github.com/keepsql/keepsql/confparse"
)

// rtnetlink's scope numbers (linux/rtnetlink.h).
var scopes = map[string]int{"global": 0, "nowhere": 255, "host": 254, "link": 253, "site": 200}

// vips reads the lines of virtual_ipaddress: ADDR[/LEN] and options.
func (b *builder) vips(k *confparse.Keyword) []VIP {
	if !b.opened(k) {
		return nil
	}
	var out []VIP
	for _, line := range k.Block {
		v, ok := b.vip(line)
		if !ok {
			continue
		}
		for _, o := range out {
			if o.Prefix.Addr() == v.Prefix.Addr() {
				b.warnf(line.Words[0], CodeShadowed, "address %s is listed twice, the first counts", v.Prefix.Addr())
				ok = false
			}
		}
		if ok {
			out = append(out, v)
		}
	}
	return out
}

func (b *builder) vip(line *confparse.Keyword) (VIP, bool) {
	w := line.Words[0]
	p, err := netip.ParsePrefix(w.Text)
	if err != nil {
		a, err := netip.ParseAddr(w.Text)
		if err != nil || a.Zone() != "" {
			b.warnf(w, CodeValue, "%q is not an address, ignored", w.Text)
			return VIP{}, false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	v := VIP{Prefix: p}
	for words := line.Args(); len(words) > 0; {
		words = words[b.vipOption(&v, words):]
	}
	if v.Peer.IsValid() && err == nil {
		b.warnf(w, CodeValue, "an address with a peer has no prefix length; the peer's counts")
	}
	return v, true
}

// vipOption reads one option and tells how many words it took.
func (b *builder) vipOption(v *VIP, words []confparse.Word) int {
	switch words[0].Text {
	case "home":
		v.Home = true
		return 1
	case "noprefixroute":
		v.NoPrefixRoute = true
		return 1
	case "no_track":
		v.NoTrack = true
		return 1
	case "-nodad", "mngtmpaddr", "autojoin", "use_vmac":
		return 1
	}
	if len(words) < 2 {
		b.warnf(words[0], CodeValue, "%q behind an address is ignored", words[0].Text)
		return 1
	}
	b.vipValue(v, words[0], words[1])
	return 2
}

func (b *builder) vipValue(v *VIP, option, value confparse.Word) {
	switch option.Text {
	case "track_group":
		v.TrackGroup = value.Text
	case "dev":
		v.Dev = value.Text
	case "label":
		if v.Label = value.Text; len(v.Label) > 15 {
			b.warnf(value, CodeValue, "label %q has more than 15 characters, shortened", value.Text)
			v.Label = v.Label[:15]
		}
	case "brd", "broadcast":
		if value.Text == "+" {
			v.AutoBroadcast = true
		} else if value.Text != "-" {
			v.Broadcast, _ = b.address(value, "broadcast address")
		}
	case "scope":
		n, ok := scopes[value.Text]
		if !ok {
			n, _ = b.number(value, "scope", 0, 255)
		}
		v.Scope = n
	case "peer":
		if p, err := netip.ParsePrefix(value.Text); err == nil {
			v.Peer = p
		} else if a, ok := b.address(value, "peer"); ok {
			v.Peer = netip.PrefixFrom(a, a.BitLen())
		}
	case "preferred_lft": // addresses live as long as we renew them
		if value.Text != "forever" {
			b.number(value, "preferred_lft", 0, 1<<31-1)
		}
	default:
		b.warnf(option, CodeValue, "%q behind an address is ignored", option.Text)
	}
}
