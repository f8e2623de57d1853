package privilege

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// owned are the beginnings of the names of files that the engine writes in the data directory. A
// data directory that is shared with something else keeps the rest.
var owned = []string{"proxysql.db", "proxysql_stats.db", "proxysql-", "sqlite3server.db", "keepsql.db"}

// HandOver makes the user the owner of a data directory and of the engine's files in it, where
// another user has made them. Nothing that is not a plain file with a single name is touched.
func HandOver(dir string, id *Identity) error {
	if err := id.Reaches(dir); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !id.allowed(info, read|write|search) {
		if info.Mode()&os.ModeSticky != 0 {
			return fmt.Errorf("hand over %s: it is shared with others, and user %s cannot write there", dir, id.Name)
		}
		if err := os.Chown(dir, int(id.UID), int(id.GID)); err != nil {
			return fmt.Errorf("hand over %s: %w", dir, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("hand over %s: %w", dir, err)
	}
	var errs []error
	for _, e := range entries {
		if e.Type().IsRegular() && ours(e.Name()) {
			errs = append(errs, handOverFile(filepath.Join(dir, e.Name()), id))
		}
	}
	return errors.Join(errs...)
}

func ours(name string) bool {
	for _, p := range owned {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// handOverFile works on an open file: a name can be given to another one meanwhile.
func handOverFile(name string, id *Identity) error {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("hand over %s: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == id.UID || st.Nlink != 1 || !info.Mode().IsRegular() {
		return nil
	}
	return f.Chown(int(id.UID), int(id.GID))
}

// HandOverSocket makes the user the owner of a unix socket that an earlier run has left behind, so
// that it can be replaced even in a directory like /tmp. Anything else stays as it is.
func HandOverSocket(name string, id *Identity) error {
	info, err := os.Lstat(name)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil
	}
	return os.Lchown(name, int(id.UID), int(id.GID))
}
