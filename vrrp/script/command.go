package script

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// Command is a command line and whom it runs as.
type Command struct {
	Argv  []string // the program and its arguments; no shell is involved
	User  string   // name or number; empty: DefaultUser if there is one, else whoever we are
	Group string   // name or number; empty: the user's own
	// Secure refuses to run as root what somebody else could change.
	Secure bool
}

// String is the command line for messages.
func (c Command) String() string { return strings.Join(c.Argv, " ") }

// prepare makes a process that can be started, in a process group of its own. It looks at
// the file each time, so that a repaired script runs without a reload. The error names the
// file and what is wrong with it.
func (c Command) prepare() (*exec.Cmd, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("the command is empty")
	}
	path, err := resolve(c.Argv[0])
	if err != nil {
		return nil, err
	}
	cred, err := c.credential()
	if err != nil {
		return nil, err
	}
	if c.Secure {
		if err := secure(path, cred); err != nil {
			return nil, fmt.Errorf("insecure: %w", err)
		}
	}
	return &exec.Cmd{Path: path, Args: c.Argv, SysProcAttr: &syscall.SysProcAttr{
		Setpgid: true, Credential: cred,
	}}, nil
}

// start starts the command, and where the kernel does not know the file's format because it
// has no "#!" line, hands it to sh as a shell would.
func (c Command) start(attr func(*exec.Cmd)) (*exec.Cmd, error) {
	cmd, err := c.prepare()
	if err != nil {
		return nil, err
	}
	attr(cmd)
	err = cmd.Start()
	if errors.Is(err, syscall.ENOEXEC) {
		again := *cmd.SysProcAttr
		cmd = &exec.Cmd{Path: "/bin/sh", Args: append([]string{"sh", cmd.Path}, c.Argv[1:]...), SysProcAttr: &again}
		attr(cmd)
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", c.Argv[0], cause(err))
	}
	return cmd, nil
}

// resolve finds the program: a name without a slash in PATH, a path as it is.
func resolve(name string) (string, error) {
	if !strings.Contains(name, "/") {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("%s: not found in PATH %s", name, os.Getenv("PATH"))
		}
		return path, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: does not exist", missing(name))
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, cause(err))
	case info.IsDir():
		return "", fmt.Errorf("%s: is a directory", name)
	case info.Mode()&0o111 == 0:
		return "", fmt.Errorf("%s: is not executable (mode %04o)", name, info.Mode().Perm())
	}
	return name, nil
}

// missing is the shortest leading part of a path that does not exist: the typing error.
func missing(path string) string {
	for i := 1; i < len(path); i++ {
		if path[i] != '/' {
			continue
		}
		if _, err := os.Stat(path[:i]); err != nil {
			return path[:i]
		}
	}
	return path
}

// cause strips the path from a file error, because the message has it already.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// DefaultUser runs commands for which no user is set, where it exists (keepalived's rule).
const DefaultUser = "keepalived_script"

// credential is nil where the command runs as whoever we are.
func (c Command) credential() (*syscall.Credential, error) {
	if c.User == "" {
		if _, err := user.Lookup(DefaultUser); err != nil || os.Geteuid() != 0 {
			if c.Secure && os.Geteuid() == 0 {
				return nil, errNoUser
			}
			return nil, nil
		}
		c.User = DefaultUser
	}
	uid, gid, err := lookupUser(c.User)
	if err != nil {
		return nil, err
	}
	if c.Group != "" {
		if gid, err = lookupGroup(c.Group); err != nil {
			return nil, err
		}
	}
	if int(uid) == os.Geteuid() && int(gid) == os.Getegid() {
		return nil, nil // needs no privilege
	}
	return &syscall.Credential{Uid: uid, Gid: gid}, nil
}

func lookupUser(name string) (uid, gid uint32, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		if n, nerr := strconv.ParseUint(name, 10, 32); nerr == nil {
			return uint32(n), uint32(n), nil
		}
		return 0, 0, fmt.Errorf("user %s does not exist", name)
	}
	id, err1 := strconv.ParseUint(u.Uid, 10, 32)
	g, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(id), uint32(g), errors.Join(err1, err2)
}

func lookupGroup(name string) (uint32, error) {
	id := name
	if g, err := user.LookupGroup(name); err == nil {
		id = g.Gid
	}
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("group %s does not exist", name)
	}
	return uint32(n), nil
}

// Lookup finds the numbers of a user and a group; an empty group is the user's own.
func Lookup(user, group string) (uid, gid uint32, err error) {
	uid, gid, err = lookupUser(user)
	if err == nil && group != "" {
		gid, err = lookupGroup(group)
	}
	return uid, gid, err
}

// Run runs the command until it ends. When ctx ends before, its process group gets the signal,
// and Run waits no longer.
func (c Command) Run(ctx context.Context, by Launcher, sig syscall.Signal) error {
	p, err := by.Launch(c, true)
	if err != nil {
		return err
	}
	ended := make(chan Result, 1)
	go func() { ended <- p.Wait() }() // ends with the process
	select {
	case res := <-ended:
		return res.failure()
	case <-ctx.Done():
		p.Signal(sig)
		return ctx.Err()
	}
}
