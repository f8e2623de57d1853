package vrrpconf

import (
	"net/netip"
	"strings"

	"github.com/keepsql/keepsql/confparse"
)

// Route is one line of virtual_routes or static_routes, in the grammar of `ip route`. Names of
// tables and protocols are looked up by whoever sets it.
type Route struct {
	Kind       string       // empty or unicast, blackhole, unreachable, prohibit, throw
	Dst        netip.Prefix // 0.0.0.0/0 or ::/0 is the default route
	Via        netip.Addr   // invalid: what is reached directly
	Dev        string
	Source     netip.Addr // preferred source address
	Table      string     // empty: main
	Protocol   string     // empty: ours
	Scope      int        // rtnetlink's number; −1 is not given
	Metric     int
	TOS        int
	MTU        int
	AdvMSS     int
	Window     int
	InitCwnd   int
	InitRwnd   int
	HopLimit   int
	OnLink     bool
	Hops       []Hop // several ways instead of Via and Dev
	NoTrack    bool  // somebody else's removal is not our business
	TrackGroup string
	Text       string // as it was written
}

// Hop is one way of a route that has several.
type Hop struct {
	Via    netip.Addr
	Dev    string
	Weight int // 1–256
	OnLink bool
}

// IPv6 tells the family.
func (r *Route) IPv6() bool { return r.Dst.Addr().Is6() }

// routeKinds are those that need no device.
var routeKinds = map[string]bool{"unicast": true, "blackhole": true, "unreachable": true, "prohibit": true, "throw": true}

// routeNumbers are the options that take a number, and its range.
func (r *Route) number(option string) (field *int, most int) {
	switch option {
	case "metric", "priority", "preference":
		return &r.Metric, 1<<31 - 1
	case "tos", "dsfield":
		return &r.TOS, 255
	case "mtu":
		return &r.MTU, 65535
	case "advmss":
		return &r.AdvMSS, 65535
	case "window":
		return &r.Window, 1<<31 - 1
	case "initcwnd":
		return &r.InitCwnd, 1<<31 - 1
	case "initrwnd":
		return &r.InitRwnd, 1<<31 - 1
	case "hoplimit":
		return &r.HopLimit, 255
	}
	return nil, 0
}

// routes reads the lines of virtual_routes and static_routes. One that cannot be used is left
// out with a warning.
func (b *builder) routes(k *confparse.Keyword) (out []Route) {
	if !b.opened(k) {
		return nil
	}
	for _, line := range k.Block {
		if r, ok := b.route(line); ok {
			out = append(out, r)
		}
	}
	return out
}

func (b *builder) route(line *confparse.Keyword) (Route, bool) {
	r := Route{Scope: -1, Text: lineText(line)}
	bad := len(b.diags)
	for words := line.Words; len(words) > 0 && len(b.diags) == bad; {
		words = words[b.routeWords(&r, words):]
	}
	switch {
	case len(b.diags) > bad:
		return r, false
	case !r.Dst.IsValid():
		b.warnf(line.Words[0], CodeRoute, "a route without a destination, left out")
		return r, false
	case r.Via.IsValid() && r.Via.Is6() != r.IPv6():
		b.warnf(line.Words[0], CodeFamily, "the gateway %s is of another family than the destination, left out", r.Via)
		return r, false
	}
	if r.Dev == "" && len(r.Hops) == 0 && !r.NoTrack {
		b.warnf(line.Words[0], CodeRoute, "keepalived does not watch over a route without dev; write no_track if that is meant")
	}
	return r, true
}

// routeWords reads one option of a route and tells how many words it took.
func (b *builder) routeWords(r *Route, words []confparse.Word) int {
	w := words[0]
	switch {
	case routeKinds[w.Text]:
		r.Kind = w.Text
		return 1
	case w.Text == "onlink":
		r.OnLink = true
		return 1
	case w.Text == "no_track":
		r.NoTrack = true
		return 1
	case w.Text == "nexthop":
		return 1 + b.hop(r, words[1:])
	case w.Text == "default":
		r.Dst = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		return 1
	case w.Text == "lock": // of the mtu before it, which our kernel takes without
		return 1
	}
	if p, ok := prefix(w.Text); ok {
		r.Dst = p
		return 1
	}
	if len(words) < 2 {
		b.warnf(w, CodeValue, "%q in a route needs a value or is not known, the route is left out", w.Text)
		return 1
	}
	b.routeValue(r, w, words[1])
	return 2
}

func (b *builder) routeValue(r *Route, option, value confparse.Word) {
	if field, most := r.number(option.Text); field != nil {
		*field, _ = b.number(value, option.Text, 0, most)
		return
	}
	switch option.Text {
	case "to":
		p, ok := prefix(value.Text)
		if value.Text == "default" {
			p, ok = netip.PrefixFrom(netip.IPv4Unspecified(), 0), true
		}
		if !ok {
			b.warnf(value, CodeValue, "%q is no destination, the route is left out", value.Text)
		}
		r.Dst = p
	case "via", "gw":
		r.Via, _ = b.address(value, option.Text)
	case "or":
		if a, ok := b.address(value, option.Text); ok {
			if len(r.Hops) == 0 {
				r.Hops = []Hop{{Via: r.Via, Dev: r.Dev, Weight: 1}}
				r.Via = netip.Addr{}
			}
			r.Hops = append(r.Hops, Hop{Via: a, Weight: 1})
		}
	case "src":
		r.Source, _ = b.address(value, option.Text)
	case "dev", "oif":
		r.Dev = value.Text
	case "table":
		r.Table = value.Text
	case "protocol", "proto":
		r.Protocol = value.Text
	case "scope":
		n, ok := scopes[value.Text]
		if !ok {
			n, _ = b.number(value, "scope", 0, 255)
		}
		r.Scope = n
	case "track_group":
		r.TrackGroup = value.Text
	default:
		b.warnf(option, CodeValue, "%q is not known here, the route is left out", option.Text)
	}
}

// hop reads what follows `nexthop`.
func (b *builder) hop(r *Route, words []confparse.Word) (n int) {
	h := Hop{Weight: 1}
	for len(words) > n {
		w, value := words[n], confparse.Word{}
		if len(words) > n+1 {
			value = words[n+1]
		}
		switch w.Text {
		case "via":
			h.Via, _ = b.address(value, "via")
			n += 2
		case "dev":
			h.Dev = value.Text
			n += 2
		case "weight":
			h.Weight, _ = b.number(value, "weight", 1, 256)
			n += 2
		case "onlink":
			h.OnLink = true
			n++
		default:
			r.Hops = append(r.Hops, h)
			return n
		}
	}
	r.Hops = append(r.Hops, h)
	return min(n, len(words))
}

// prefix reads a destination: an address, with a length or without.
func prefix(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(text)
	return netip.PrefixFrom(a, a.BitLen()), err == nil && a.Zone() == ""
}

func lineText(line *confparse.Keyword) string {
	words := make([]string, len(line.Words))
	for i, w := range line.Words {
		words[i] = w.Text
	}
	return strings.Join(words, " ")
}
