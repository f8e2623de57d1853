package lint

import (
	"strings"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
)

// weighted lists the trackers of an instance that change its priority by a fixed number.
func weighted(i *vrrpconf.Instance) []vrrpconf.Tracked {
	var out []vrrpconf.Tracked
	for _, list := range [][]vrrpconf.Tracked{i.Scripts, i.Interfaces, i.Processes} {
		for _, t := range list {
			if t.Weight != 0 {
				out = append(out, t)
			}
		}
	}
	return out
}

// tracker is where an instance names what it tracks.
func (l *linter) tracker(i *vrrpconf.Instance, t vrrpconf.Tracked) (confparse.Pos, int) {
	for _, name := range []string{"track_script", "track_interface", "track_process"} {
		block, _ := l.file.KeywordIn(i.Pos, name)
		if block == i.Pos {
			continue
		}
		if pos, width := l.file.KeywordIn(block, t.Name); pos != block {
			return pos, width
		}
	}
	return i.Pos, len("vrrp_instance")
}

// contribution is what a tracker adds to the priority while it is up or down.
func contribution(t vrrpconf.Tracked, up bool) int {
	w := t.Weight
	if t.Reverse {
		w = -w
	}
	if (t.Weight > 0) == up {
		return w
	}
	return 0
}

// priority is the effective one with all trackers up but one; down -1 means all are.
func priority(i *vrrpconf.Instance, down int) int {
	if i.Priority == 255 {
		return 255
	}
	sum := int(i.Priority)
	for n, t := range weighted(i) {
		sum += contribution(t, n != down)
	}
	return min(max(sum, 1), 254)
}

func weightTooSmall(l *linter) {
	for _, i := range l.file.VRRP.Instances {
		all := priority(i, -1)
		for n, t := range weighted(i) {
			change := all - priority(i, n)
			if change < 0 {
				change = -change
			}
			if i.Priority == 255 || change >= 2 {
				continue
			}
			pos, width := l.tracker(i, t)
			hint := "give it a weight larger than the distance of the priorities, or 0: then a failure is a fault"
			if w := t.Weight; w < -1 || w > 1 {
				l.warn(pos, width, hint, "%s: the weight %d of %q changes the priority by %d only, from %d to %d: it is kept between 1 and 254",
					i.Name, w, t.Name, change, all, priority(i, n))
				continue
			}
			l.warn(pos, width, hint, "%s: the weight %d of %q alone cannot move the address to a peer of another priority", i.Name, t.Weight, t.Name)
		}
	}
}

// weightOutcome needs the other node: its instance of the same virtual router.
func weightOutcome(l *linter) {
	if l.opts.Peer == nil {
		return
	}
	for _, i := range l.file.VRRP.Instances {
		for _, o := range l.opts.Peer.VRRP.Instances {
			if o.VRID != i.VRID || o.IPv6() != i.IPv6() {
				continue
			}
			ours, theirs := priority(i, -1), priority(o, -1)
			if ours <= theirs {
				continue // the address is with the peer while all is well
			}
			for n, t := range weighted(i) {
				if failed := priority(i, n); failed >= theirs {
					pos, width := l.tracker(i, t)
					l.warn(pos, width, "the weight must be larger than the distance of the priorities; weight 0 always works",
						"%s: when %q fails, this node has priority %d and its peer %d: the address stays", i.Name, t.Name, failed, theirs)
				}
			}
		}
	}
}

func weightNoPreempt(l *linter) {
	for _, i := range l.file.VRRP.Instances {
		for _, t := range weighted(i) {
			if i.NoPreempt {
				pos, width := l.file.KeywordIn(i.Pos, "nopreempt")
				l.warn(pos, width, "weight 0 makes the failure a fault, which moves the address",
					"%s: with nopreempt a peer never takes over from a live one, so the failure of %q moves nothing", i.Name, t.Name)
			}
		}
	}
}

func scriptUntracked(l *linter) {
	tracked := map[string]bool{}
	for _, i := range l.file.VRRP.Instances {
		for _, t := range i.Scripts {
			tracked[t.Name] = true
		}
	}
	for _, s := range l.file.VRRP.Scripts {
		if !tracked[s.Name] && len(l.file.VRRP.Instances) > 0 && len(l.file.VRRP.Groups) == 0 {
			l.warn(s.Pos, len("vrrp_script"), "name it in the track_script block of an instance", "vrrp_script %q is tracked by no instance and has no effect", s.Name)
		}
	}
}

func strictAddresses(l *linter) {
	for _, i := range l.file.VRRP.Instances {
		if i.Strict && len(i.VIPs) > 0 && i.Priority != 255 {
			pos, width := l.file.KeywordIn(i.Pos, "strict_mode")
			if root, ok := l.file.Block("global_defs"); ok && pos == i.Pos {
				pos, width = l.file.KeywordIn(root, "vrrp_strict")
			}
			l.warn(pos, width, "remove vrrp_strict: it is a line of the sample file, and clients cannot want it",
				"%s: in strict mode keepalived drops all traffic to the virtual addresses; here they answer", i.Name)
		}
	}
}

func sampleVRID(l *linter) {
	for _, i := range l.file.VRRP.Instances {
		if i.VRID == 51 && i.Auth.Type == vrrpconf.AuthPass && strings.TrimRight(string(i.Auth.Pass[:]), "\x00") == "1111" {
			pos, width := l.file.KeywordIn(i.Pos, "virtual_router_id")
			l.warn(pos, width, "choose another number, unique on the network, and a password of your own",
				"%s: virtual router 51 with password 1111 is the manual's example: any other copy of it on this network becomes a peer", i.Name)
		}
	}
}
