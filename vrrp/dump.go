package vrrp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/advert"
	"github.com/keepsql/keepsql/vrrp/dump"
	"github.com/keepsql/keepsql/vrrp/machine"
)

// DumpKind names one of the files that keepalived writes when it is asked to.
type DumpKind uint8

// The kinds, and what keepalived calls them with --signum.
const (
	DumpData       DumpKind = iota // DATA: keepalived.data
	DumpStats                      // STATS: keepalived.stats
	DumpStatsClear                 // STATS_CLEAR: the same, then all counters are zero
	DumpJSON                       // JSON: keepalived.json
)

// dumpFile is where a kind goes.
var dumpFile = [...]string{"keepalived.data", "keepalived.stats", "keepalived.stats", "keepalived.json"}

// Dump writes one of keepalived's files into DumpDir, of this moment. What goes wrong is logged.
// It does not wait.
func (s *Speaker) Dump(kind DumpKind) {
	s.post(func(l *loop) {
		l.log.Info().Msgf("Printing VRRP %s for process(%d) on signal", [...]string{"data", "stats", "stats", "json"}[kind], os.Getpid())
		p := l.picture()
		l.wg.Go(func() { // a slow disk must not hold up the loop
			if err := s.opts.Helper.WriteDump(dumpFile[kind], kind.text(p)); err != nil {
				l.log.Error().Err(err).Msg("writing a dump failed")
			}
		})
		if kind == DumpStatsClear {
			for _, r := range l.routers {
				r.counters = advert.Counters{}
			}
		}
	})
}

func (k DumpKind) text(p *dump.Picture) []byte {
	switch k {
	case DumpData:
		return p.Data()
	case DumpJSON:
		return p.JSON()
	}
	return p.Stats()
}

// writeDump replaces a file in a directory.
func writeDump(dir, file string, text []byte) error {
	if !slices.Contains(dumpFile[:], file) {
		return fmt.Errorf("write dump: %q is not the name of one", file)
	}
	name := filepath.Join(dir, file)
	f, err := os.CreateTemp(dir, file+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// picture is what the dumps are written from.
func (l *loop) picture() *dump.Picture {
	host, _ := os.Hostname()
	p := &dump.Picture{Host: host, Config: l.s.config()}
	for _, r := range l.routers {
		p.Instances = append(p.Instances, r.picture())
	}
	for _, c := range p.Config.Scripts {
		s := dump.Script{Conf: c}
		if k := l.checks[c.Name]; k != nil {
			s.Known, s.Up = k.verdict.Known(), k.verdict.Up()
		}
		s.Instances = l.followers(func(i *vrrpconf.Instance) []vrrpconf.Tracked { return i.Scripts }, c.Name)
		p.Scripts = append(p.Scripts, s)
	}
	for name, port := range l.ports {
		i := dump.Interface{Name: name, Index: port.ifi.Index, Up: port.ifi.Up, MAC: port.ifi.HW.String(), Addrs: port.ifi.Addrs}
		i.Users = l.followers(func(c *vrrpconf.Instance) []vrrpconf.Tracked {
			return append([]vrrpconf.Tracked{{Name: c.Interface}}, c.Interfaces...)
		}, name)
		p.Interfaces = append(p.Interfaces, i)
	}
	slices.SortFunc(p.Interfaces, func(a, b dump.Interface) int { return a.Index - b.Index })
	return p
}

// followers are the routers that have a tracker of a name in one of their lists.
func (l *loop) followers(list func(*vrrpconf.Instance) []vrrpconf.Tracked, name string) (out []dump.Tracked) {
	for _, r := range l.routers {
		for _, t := range list(r.conf) {
			if t.Name == name {
				out = append(out, dump.Tracked{Name: r.conf.Name, Weight: t.Weight})
			}
		}
	}
	return out
}

func (r *router) picture() dump.Instance {
	i := dump.Instance{
		Conf: r.conf, State: int(r.m.State()), Want: int(r.m.State()), Priority: r.m.Priority(), Total: r.m.Total(),
		Changed: r.m.Changed(), Source: r.source, MasterPriority: r.m.Heard().Priority, MasterInt: r.m.MasterInterval(),
		MasterDown: r.m.MasterDown(), Claimed: len(r.claimed) > 0, Counters: r.counters,
	}
	if r.m.State() == machine.Fault {
		i.Faults, i.Want = 1, int(machine.Backup)
	}
	if t, ok := r.m.Deadline(); ok {
		i.Deadline = t
	}
	return i
}

// config is the configuration in force.
func (s *Speaker) config() *vrrpconf.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// DumpDir is where keepalived's dumps go: TMPDIR, or /tmp.
func DumpDir() string { return os.TempDir() }
