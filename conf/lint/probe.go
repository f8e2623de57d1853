package lint

import "io/fs"

// Probes ask the host about files.
type Probes interface {
	// LookPath finds a program as exec does: a name without a slash in PATH.
	LookPath(name string) (path string, err error)
	// Stat follows symbolic links.
	Stat(path string) (Stat, error)
	// Head gives the first n bytes of a file, fewer where it is shorter.
	Head(path string, n int) ([]byte, error)
}

// Stat is what counts of a file or directory.
type Stat struct {
	Mode     fs.FileMode
	UID, GID uint32
}
