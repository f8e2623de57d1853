package script

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// errNoUser is what keepalived demands where scripts must be secure.
var errNoUser = errors.New("enable_script_security is set, but there is neither a script_user nor a user " + DefaultUser)

// secure tells whether anybody but root could change what is run as root: the file, or a
// directory on the way to it, both as written and with symbolic links resolved. The error
// names the part and its fault. A file that does not run as root is not looked at.
func secure(path string, cred *syscall.Credential) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	runsAsRoot := os.Geteuid() == 0 && cred == nil || cred != nil && cred.Uid == 0
	st, ok := info.Sys().(*syscall.Stat_t)
	becomesRoot := ok && (info.Mode()&os.ModeSetuid != 0 && st.Uid == 0 || info.Mode()&os.ModeSetgid != 0 && st.Gid == 0)
	if !runsAsRoot && !becomesRoot {
		return nil
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	for _, p := range []string{path, resolved} {
		if p, err = filepath.Abs(p); err != nil {
			return err
		}
		if err := secureParts(p); err != nil {
			return err
		}
	}
	return nil
}

// secureParts looks at every part of an absolute path, from the root on.
func secureParts(path string) error {
	for i := range len(path) + 1 {
		if i < len(path) && path[i] != '/' {
			continue
		}
		part := path[:i]
		if i == 0 {
			part = "/"
		}
		if err := securePart(part); err != nil {
			return err
		}
	}
	return nil
}

// securePart judges one directory or the file. In a sticky directory nobody can replace
// what belongs to root.
func securePart(part string) error {
	info, err := os.Stat(part)
	if err != nil {
		return fmt.Errorf("%s: %w", part, cause(err))
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	mode := info.Mode()
	sticky := info.IsDir() && mode&os.ModeSticky != 0
	switch {
	case st.Uid != 0:
		return fmt.Errorf("%s: belongs to user %d, not to root", part, st.Uid)
	case sticky:
		return nil
	case mode&0o020 != 0 && st.Gid != 0:
		return fmt.Errorf("%s: can be written by group %d (mode %04o)", part, st.Gid, mode.Perm())
	case mode&0o002 != 0:
		return fmt.Errorf("%s: can be written by everybody (mode %04o)", part, mode.Perm())
	}
	return nil
}
