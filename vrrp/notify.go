package vrrp

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/machine"
	"github.com/keepsql/keepsql/vrrp/script"
)

// told is one thing that scripts and pipes are told.
type told struct {
	kind     string // INSTANCE or GROUP
	name     string
	what     machine.Notice
	priority uint8 // effective; 0 for a group
}

// line is how it stands in a pipe.
func (t told) line() string {
	return fmt.Sprintf("%s %q %s %d\n", t.kind, t.name, t.what, t.priority)
}

// commands are what follows a change: the command for that state, then the general one.
func (t told) commands(c *vrrpconf.Notify) []script.Command {
	own := (*vrrpconf.Command)(nil)
	switch t.what {
	case machine.NoticeMaster:
		own = c.Master
	case machine.NoticeBackup:
		own = c.Backup
	case machine.NoticeFault:
		own = c.Fault
	case machine.NoticeStop:
		own = c.Stop
	case machine.NoticeDeleted:
		own = c.Deleted
	case machine.NoticeRxLowerPri:
		if c.MasterRxLowerPri == nil {
			return nil
		}
		return []script.Command{command(c.MasterRxLowerPri)}
	}
	var out []script.Command
	if own != nil {
		out = append(out, command(own))
	}
	if c.Any != nil {
		out = append(out, command(c.Any, t.kind, t.name, string(t.what), strconv.Itoa(int(t.priority))))
	}
	return out
}

func command(c *vrrpconf.Command, more ...string) script.Command {
	return script.Command{Argv: slices.Concat(c.Argv, more), User: c.User.Name, Group: c.User.Group, Secure: c.Secure}
}

// tell runs the commands of a router and writes to the pipes. Without notify_deleted a
// deleted instance is reported as FAULT.
func (l *loop) tell(r *router, n machine.Notify) {
	t := told{kind: "INSTANCE", name: r.conf.Name, what: n.What, priority: n.Priority}
	if n.What == machine.NoticeDeleted && r.conf.Notify.Deleted == nil {
		t.what = machine.NoticeFault
	}
	r.notify.Add(t.commands(&r.conf.Notify)...)
	l.fifos.write(t)
}

// tellPriority tells the pipes of a changed priority, where that is wanted.
func (l *loop) tellPriority(r *router) {
	if s := r.m.State(); r.conf.NotifyPriority && (s == machine.Master || s == machine.Backup) {
		l.fifos.write(told{kind: "INSTANCE", name: r.conf.Name, what: machine.Notice(s.String() + "_PRIORITY"), priority: r.m.Priority()})
	}
}
