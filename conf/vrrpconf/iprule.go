package vrrpconf

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/confparse"
)

// PolicyRule is one line of virtual_rules or static_rules, in the grammar of `ip rule`.
type PolicyRule struct {
	V6           bool
	Not          bool
	From, To     netip.Prefix // invalid: all
	In, Out      string       // interfaces
	Mark, Mask   uint32
	Masked       bool // Mask is given
	TOS          int
	IPProto      int
	SPort, DPort [2]uint16 // both 0: any
	UID          [2]uint32
	HasUID       bool
	// Action is empty or table, blackhole, unreachable, prohibit, goto or nop.
	Action         string
	Table          string // of an empty action; empty: main
	Goto           int
	SuppressPrefix int // −1: not given
	SuppressGroup  int
	Priority       int // −1: the kernel chooses
	Protocol       string
	NoTrack        bool
	TrackGroup     string
	Text           string // as it was written
}

// rules reads the lines of virtual_rules and static_rules. One that cannot be used is left out
// with a warning.
func (b *builder) rules(k *confparse.Keyword) (out []PolicyRule) {
	if !b.opened(k) {
		return nil
	}
	for _, line := range k.Block {
		r := PolicyRule{SuppressPrefix: -1, SuppressGroup: -1, Priority: -1, Text: lineText(line)}
		bad := len(b.diags)
		for words := line.Words; len(words) > 0 && len(b.diags) == bad; {
			words = words[b.ruleWords(&r, words):]
		}
		if len(b.diags) > bad {
			continue
		}
		if r.From.IsValid() && r.To.IsValid() && r.From.Addr().Is6() != r.To.Addr().Is6() {
			b.warnf(line.Words[0], CodeFamily, "a rule with addresses of both families, left out")
			continue
		}
		r.V6 = r.V6 || r.From.Addr().Is6() || r.To.Addr().Is6()
		if r.Priority < 0 {
			b.warnf(line.Words[0], CodeRoute, "a rule without preference gets a number of its own")
		}
		out = append(out, r)
	}
	return out
}

// ruleWords reads one option of a rule and tells how many words it took.
func (b *builder) ruleWords(r *PolicyRule, words []confparse.Word) int {
	w := words[0]
	switch w.Text {
	case "not":
		r.Not = true
		return 1
	case "inet6":
		r.V6 = true
		return 1
	case "inet":
		return 1
	case "no_track":
		r.NoTrack = true
		return 1
	case "blackhole", "unreachable", "prohibit", "nop":
		r.Action = w.Text
		return 1
	}
	if len(words) < 2 {
		b.warnf(w, CodeValue, "%q in a rule needs a value or is not known, the rule is left out", w.Text)
		return 1
	}
	b.ruleValue(r, w, words[1])
	return 2
}

func (b *builder) ruleValue(r *PolicyRule, option, value confparse.Word) {
	number := func(most int) int {
		n, _ := b.number(value, option.Text, 0, most)
		return n
	}
	switch option.Text {
	case "from":
		r.From = b.selector(value)
	case "to":
		r.To = b.selector(value)
	case "iif", "dev":
		r.In = value.Text
	case "oif":
		r.Out = value.Text
	case "fwmark":
		b.mark(r, value)
	case "tos", "dsfield":
		r.TOS = number(255)
	case "ipproto":
		r.IPProto = b.ipProtocol(value)
	case "sport":
		r.SPort = b.ports(value)
	case "dport":
		r.DPort = b.ports(value)
	case "uidrange":
		low, high, _ := strings.Cut(value.Text, "-")
		first, err1 := strconv.ParseUint(low, 10, 32)
		last, err2 := strconv.ParseUint(high, 10, 32)
		if err1 != nil || err2 != nil || last < first {
			b.warnf(value, CodeValue, "uidrange %q is not two numbers with a dash, the rule is left out", value.Text)
		}
		r.UID, r.HasUID = [2]uint32{uint32(first), uint32(last)}, true
	case "table", "lookup":
		r.Action, r.Table = "table", value.Text
	case "goto":
		r.Action, r.Goto = "goto", number(1<<31-1)
	case "suppress_prefixlength", "sup_pl":
		r.SuppressPrefix = number(128)
	case "suppress_ifgroup", "sup_group":
		r.SuppressGroup = number(1<<31 - 1)
	case "priority", "preference", "pref", "order":
		r.Priority = number(1<<31 - 1)
	case "protocol", "proto":
		r.Protocol = value.Text
	case "track_group":
		r.TrackGroup = value.Text
	default:
		b.warnf(option, CodeValue, "%q is not known here, the rule is left out", option.Text)
	}
}

// selector reads an address range; invalid is all of them.
func (b *builder) selector(w confparse.Word) netip.Prefix {
	p, ok := prefix(w.Text)
	if !ok && w.Text != "all" && w.Text != "any" && w.Text != "default" {
		b.warnf(w, CodeValue, "%q is not an address, the rule is left out", w.Text)
	}
	return p
}

// mark reads MARK[/MASK], decimal or hexadecimal.
func (b *builder) mark(r *PolicyRule, w confparse.Word) {
	mark, mask, masked := strings.Cut(w.Text, "/")
	n, err1 := strconv.ParseUint(mark, 0, 32)
	m, err2 := uint64(0), error(nil)
	if masked {
		m, err2 = strconv.ParseUint(mask, 0, 32)
	}
	if err1 != nil || err2 != nil {
		b.warnf(w, CodeValue, "fwmark %q is not a number, the rule is left out", w.Text)
	}
	r.Mark, r.Mask, r.Masked = uint32(n), uint32(m), masked
}

// ipProtocol reads the name or number of a transport protocol.
func (b *builder) ipProtocol(w confparse.Word) int {
	if n, ok := map[string]int{"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "vrrp": 112, "sctp": 132}[w.Text]; ok {
		return n
	}
	n, _ := b.number(w, "ipproto", 1, 255)
	return n
}

// ports reads PORT or PORT-PORT.
func (b *builder) ports(w confparse.Word) [2]uint16 {
	low, high, ranged := strings.Cut(w.Text, "-")
	if !ranged {
		high = low
	}
	first, err1 := strconv.ParseUint(low, 10, 16)
	last, err2 := strconv.ParseUint(high, 10, 16)
	if err1 != nil || err2 != nil || first == 0 || last < first {
		b.warnf(w, CodeValue, "%q is no port and no range of ports, the rule is left out", w.Text)
	}
	return [2]uint16{uint16(first), uint16(last)}
}
