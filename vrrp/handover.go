package vrrp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/keepsql/keepsql/vrrp/machine"
)

// Handed is what became of one instance that was to be handed over.
type Handed struct {
	Instance string
	Done     bool          // somebody else is MASTER now
	To       netip.Addr    // who
	Took     time.Duration // from the farewell to the successor's advert
}

// handover is a planned switchover under way.
type handover struct {
	routers []*router
	began   time.Time
	answer  chan<- []Handed // has room for the answer
}

// HandOver gives the addresses of instances to whoever takes them. Names are those of instances
// and sync groups, and an instance takes its group along; without names all that are MASTER are
// meant. Each announces priority 0 and goes on answering until its successor is heard; it then
// stays back, whatever the priorities, until the successor is gone or Rejoin. An instance that
// nobody takes over stays MASTER.
//
// An error means that nothing was begun: a name is not known, or one is not MASTER.
func (s *Speaker) HandOver(ctx context.Context, names []string) ([]Handed, error) {
	answer, refused := make(chan []Handed, 1), make(chan error, 1)
	s.post(func(l *loop) {
		if err := l.handOver(names, answer); err != nil {
			refused <- err
		}
	})
	select {
	case a := <-answer:
		return a, nil
	case err := <-refused:
		return nil, err
	case <-ctx.Done():
		return nil, fmt.Errorf("hand over: %w", ctx.Err())
	}
}

// Rejoin lets priorities decide again for instances that were handed over, by name as in
// HandOver; without names, for all. It returns those it changed something for.
func (s *Speaker) Rejoin(ctx context.Context, names []string) ([]string, error) {
	type outcome struct {
		names []string
		err   error
	}
	answer := make(chan outcome, 1)
	s.post(func(l *loop) {
		names, err := l.rejoin(names)
		answer <- outcome{names, err}
	})
	select {
	case o := <-answer:
		return o.names, o.err
	case <-ctx.Done():
		return nil, fmt.Errorf("rejoin: %w", ctx.Err())
	}
}

func (l *loop) handOver(names []string, answer chan<- []Handed) error {
	routers, err := l.named(names)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		routers = slices.DeleteFunc(routers, func(r *router) bool { return r.m.State() != machine.Master })
	}
	if len(routers) == 0 {
		return errors.New("no instance is MASTER here")
	}
	for _, r := range routers {
		if s := r.m.State(); s != machine.Master {
			return fmt.Errorf("%s is %s here, not MASTER%s", r.conf.Name, s, l.whoIs(r))
		}
	}
	now := time.Now()
	for _, r := range routers {
		l.step(r, now, machine.HandOver{})
	}
	l.handovers = append(l.handovers, &handover{routers: routers, began: now, answer: answer})
	return nil
}

func (l *loop) whoIs(r *router) string {
	if h := r.m.Heard(); r.m.State() == machine.Backup && h.From.IsValid() {
		return fmt.Sprintf(": %s is, with priority %d", h.From, h.Priority)
	}
	return ""
}

func (l *loop) rejoin(names []string) ([]string, error) {
	routers, err := l.named(names)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, r := range routers {
		if r.m.Aside() {
			l.step(r, time.Now(), machine.Rejoin{})
			changed = append(changed, r.conf.Name)
			l.dirty = true
		}
	}
	return changed, nil
}

// named finds instances by their names or those of their groups, and the groups of those; all
// where there is no name.
func (l *loop) named(names []string) (out []*router, err error) {
	if len(names) == 0 {
		return slices.Clone(l.routers), nil
	}
	for _, name := range names {
		found := false
		for _, r := range l.routers {
			if r.conf.Name == name || r.group != nil && (r.group.conf.Name == name || slices.ContainsFunc(r.group.members, func(m *router) bool { return m.conf.Name == name })) {
				found = true
				if !slices.Contains(out, r) {
					out = append(out, r)
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("no vrrp_instance or vrrp_sync_group is named %q: there is %s", name, l.names())
		}
	}
	return out, nil
}

func (l *loop) names() string {
	var all []string
	for _, r := range l.routers {
		all = append(all, r.conf.Name)
	}
	for _, g := range l.groups {
		all = append(all, g.conf.Name)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// finishHandovers answers those that are over.
func (l *loop) finishHandovers() {
	l.handovers = slices.DeleteFunc(l.handovers, func(h *handover) bool {
		if slices.ContainsFunc(h.routers, func(r *router) bool { return r.m.Leaving() }) {
			return false
		}
		var out []Handed
		for _, r := range h.routers {
			e := Handed{Instance: r.conf.Name, Done: r.m.State() != machine.Master}
			if heard := r.m.Heard(); e.Done && heard.At.After(h.began) {
				e.To, e.Took = heard.From, heard.At.Sub(h.began)
			}
			out = append(out, e)
		}
		h.answer <- out
		l.dirty = true
		return true
	})
}
