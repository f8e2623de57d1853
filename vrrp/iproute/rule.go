package iproute

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf/vrrpconf"
)

// SetRule sets a rule, unless it is there.
func (t *Table) SetRule(r *vrrpconf.PolicyRule) error {
	n, err := policyRule(r)
	if err == nil {
		err = t.handle.RuleAdd(n)
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("set rule %s: %w", r.Text, err)
	}
	return nil
}

// RemoveRule removes a rule. That it is not there is no error.
func (t *Table) RemoveRule(r *vrrpconf.PolicyRule) error {
	n, err := policyRule(r)
	if err == nil {
		n.Protocol = 0 // whoever has set it
		err = t.handle.RuleDel(n)
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove rule %s: %w", r.Text, err)
	}
	return nil
}

// The actions of rules that are none of the types of routes (linux/fib_rules.h).
const actionNop = 3

func policyRule(r *vrrpconf.PolicyRule) (*netlink.Rule, error) {
	protocol, err := number(r.Protocol, protocols, "rt_protos", 255)
	if err != nil {
		return nil, err
	}
	n := netlink.NewRule()
	n.Family, n.Invert, n.Src, n.Dst = unix.AF_INET, r.Not, ipNet(r.From), ipNet(r.To)
	if r.V6 {
		n.Family = unix.AF_INET6
	}
	n.IifName, n.OifName, n.Tos, n.IPProto = r.In, r.Out, uint(r.TOS), r.IPProto
	n.Mark, n.Priority, n.Protocol = r.Mark, r.Priority, uint8(protocol)
	n.SuppressPrefixlen, n.SuppressIfgroup = r.SuppressPrefix, r.SuppressGroup
	if r.Masked {
		n.Mask = &r.Mask
	}
	if r.SPort != [2]uint16{} {
		n.Sport = netlink.NewRulePortRange(r.SPort[0], r.SPort[1])
	}
	if r.DPort != [2]uint16{} {
		n.Dport = netlink.NewRulePortRange(r.DPort[0], r.DPort[1])
	}
	if r.HasUID {
		n.UIDRange = netlink.NewRuleUIDRange(r.UID[0], r.UID[1])
	}
	switch r.Action {
	case "goto":
		n.Goto = r.Goto
	case "nop":
		n.Type = actionNop
	case "blackhole", "unreachable", "prohibit":
		n.Type = uint8(kinds[r.Action]) // the numbers are the same
	default:
		n.Table, err = number(r.Table, tables, "rt_tables", 1<<31-1)
	}
	return n, err
}
