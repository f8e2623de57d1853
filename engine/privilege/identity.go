package privilege

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Identity is a user that processes run as.
type Identity struct {
	Name     string
	UID, GID uint32
	Groups   []uint32 // all of them, GID too
}

// usual are the users that are taken where none is named, the first that exists: that of
// ProxySQL's packages, then ours.
var usual = []string{"proxysql", "keepsql"}

// Choose finds the user with the given name, or where it is empty one of the usual users. It is nil
// where processes stay what they are: this one is not root, or "root" was asked for. An error says
// that they stay root although nobody asked for that.
func Choose(name string) (*Identity, error) {
	if os.Geteuid() != 0 || name == "root" {
		return nil, nil
	}
	if name != "" {
		return Lookup(name)
	}
	for _, n := range usual {
		if id, err := Lookup(n); err == nil {
			return id, nil
		}
	}
	return nil, fmt.Errorf("there is no user %s: make one (useradd --system %s), or name one with the setting user", strings.Join(usual, " or "), usual[0])
}

// Lookup finds a user by name or number.
func Lookup(name string) (*Identity, error) {
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.LookupId(name); err != nil {
			return nil, fmt.Errorf("there is no user %s", name)
		}
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("user %s has no usable numbers", name)
	}
	id := &Identity{Name: u.Username, UID: uint32(uid), GID: uint32(gid)}
	groups, _ := u.GroupIds() // its own group will do
	for _, g := range append(groups, u.Gid) {
		if n, err := strconv.ParseUint(g, 10, 32); err == nil && !slices.Contains(id.Groups, uint32(n)) {
			id.Groups = append(id.Groups, uint32(n))
		}
	}
	return id, nil
}

// Attr makes a process that is about to be started run as the user, with these capabilities and no
// others.
func (id *Identity) Attr(a *syscall.SysProcAttr, capabilities ...Capability) {
	a.Credential = &syscall.Credential{Uid: id.UID, Gid: id.GID, Groups: id.Groups}
	for _, c := range capabilities {
		a.AmbientCaps = append(a.AmbientCaps, uintptr(c))
	}
}

// The rights asked for in allowed.
const (
	search = 1
	write  = 2
	read   = 4
)

// allowed tells whether the mode of a file gives the user these rights.
func (id *Identity) allowed(info os.FileInfo, want os.FileMode) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode := info.Mode().Perm()
	switch {
	case id.UID == 0:
		return true
	case st.Uid == id.UID:
		mode >>= 6
	case slices.Contains(id.Groups, st.Gid):
		mode >>= 3
	}
	return mode&want == want
}

// Reaches tells whether the user can get to a file or directory; the error names the directory that
// is in the way.
func (id *Identity) Reaches(path string) error {
	path, err := filepath.Abs(path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return err
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if !id.allowed(info, search) {
			return fmt.Errorf("user %s cannot reach %s: directory %s is closed to it (mode %04o)", id.Name, path, dir, info.Mode().Perm())
		}
		if dir == "/" {
			return nil
		}
	}
}

// Reads tells whether the user can read a file it reaches.
func (id *Identity) Reads(path string) bool {
	info, err := os.Stat(path)
	return err == nil && id.Reaches(path) == nil && id.allowed(info, read)
}
