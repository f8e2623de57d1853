package engine

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/engine/privilege"
)

// rights is who the children run as. The guardian itself stays what it was started as: it gives
// files away, starts check and notify scripts as the user each is for, and starts the children
// again.
type rights struct {
	settled bool
	engine  *privilege.Identity // nil: as the guardian
	vrrp    *privilege.Identity // nil: as the guardian
}

// nobody is whom the vrrp process runs as where there is no user for the engine: it owns no file.
const nobody = "nobody"

// settle finds the users, once: a running engine owns its files.
func (r *rights) settle(g *Guardian) {
	if r.settled {
		return
	}
	r.settled = true
	name := firstOf(g.opt.User, g.file.Process.User, "")
	id, err := privilege.Choose(name)
	if id != nil {
		err = errors.Join(privilege.HandOver(g.datadir, id), privilege.HandOverSocket(g.opt.AdminSocket, id))
	}
	switch {
	case err != nil:
		g.log.Warn().Err(err).Msg(`the engine runs as root; user="root" says that this is meant`)
	case id != nil:
		r.engine = id
		g.log.Info().Str("user", id.Name).Msg("the engine runs as a user of its own")
	}
	if os.Geteuid() != 0 {
		return
	}
	if r.vrrp = r.engine; r.vrrp == nil {
		r.vrrp, err = privilege.Lookup(nobody)
		if err != nil {
			g.log.Warn().Err(err).Msg("the vrrp process keeps the rights of root")
		}
	}
}

// launch starts a child with its rights.
func (g *Guardian) launch(r role, args []string) (*child, error) {
	g.rights.settle(g)
	g.permits.renew(g.file.VRRP)
	s, theirs, err := g.newServant()
	if err != nil {
		return nil, err
	}
	id, capabilities := g.rights.engine, []privilege.Capability{privilege.NetBindService}
	if r == roleVRRP {
		id, capabilities = g.rights.vrrp, vrrpCapabilities
		g.checkVRRP()
	}
	exe := g.exe
	if id != nil && id.Reaches(exe) != nil {
		exe = "/proc/self/exe" // which needs no way to it
	}
	c, err := startChild(exe, r, args, g.events, g.done, s, theirs, func(cmd *exec.Cmd) {
		if id != nil {
			id.Attr(cmd.SysProcAttr, capabilities...)
		}
	})
	if err == nil && r == roleVRRP {
		g.raiseLimits(c.cmd.Process.Pid)
	}
	return c, err
}

// vrrpCapabilities are all that speaking VRRP needs: addresses, routes and links, and packets.
var vrrpCapabilities = []privilege.Capability{privilege.NetAdmin, privilege.NetRaw}

// checkVRRP says what VRRP lacks, and how to give it.
func (g *Guardian) checkVRRP() {
	if missing := privilege.Missing(vrrpCapabilities...); len(missing) > 0 {
		g.log.Error().Strs("missing", texts(missing)).Msg("VRRP cannot work: " + privilege.Advice(missing))
	}
}

// raiseLimits lets the vrrp process give its one urgent thread the priority that the configuration
// wants, and keep its memory in place, without further capabilities. Without the right to raise
// limits it has those of the guardian.
func (g *Guardian) raiseLimits(pid int) {
	const highest, niceRange = 99, 40
	for resource, value := range map[int]uint64{
		unix.RLIMIT_RTPRIO: highest, unix.RLIMIT_NICE: niceRange, unix.RLIMIT_MEMLOCK: unix.RLIM_INFINITY,
	} {
		if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: value, Max: value}, nil); err != nil {
			g.log.Debug().Err(err).Int("resource", resource).Msg("a limit of the vrrp process stays as it is")
		}
	}
}

func texts[T interface{ String() string }](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = x.String()
	}
	return out
}
