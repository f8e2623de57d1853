package vrrp

import "github.com/keepsql/keepsql/conf/vrrpconf"

// Report is what a new configuration means for the instances, by name.
type Report struct {
	Added     []string
	Removed   []string
	Changed   []string // live, without leaving their state
	Restarted []string // another interface, VRID, version, or kind of addressing
	Unchanged []string
	Scripts   []string // check scripts that are new or changed
}

// compare tells what a change of configuration means.
func compare(old, cfg *vrrpconf.Config) Report {
	var r Report
	for _, i := range cfg.Instances {
		list := &r.Added
		if o := old.Instance(i.Name); o != nil {
			switch {
			case o.Equal(i):
				list = &r.Unchanged
			case sameRouter(o, i):
				list = &r.Changed
			default:
				list = &r.Restarted
			}
		}
		*list = append(*list, i.Name)
	}
	for _, o := range old.Instances {
		if cfg.Instance(o.Name) == nil {
			r.Removed = append(r.Removed, o.Name)
		}
	}
	for _, n := range cfg.Scripts {
		if o := old.Script(n.Name); o == nil || !o.Equal(n) {
			r.Scripts = append(r.Scripts, n.Name)
		}
	}
	return r
}

// sameRouter tells whether one instance can become the other without starting anew.
func sameRouter(a, b *vrrpconf.Instance) bool {
	return a.Interface == b.Interface && a.VRID == b.VRID && a.Version == b.Version &&
		kindOf(a) == kindOf(b) && a.VMAC == b.VMAC && a.VMACAddr == b.VMACAddr && a.Group == b.Group && (len(a.Peers) > 0) == (len(b.Peers) > 0) &&
		a.Skip == b.Skip
}
