package importer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Options are those of `keepsql import`.
type Options struct {
	Sources
	Output string // where the file goes; empty means stdout
	Force  bool   // Output may be replaced
}

// ErrNotUsable is returned by Run after it wrote a file that needs an edit before keepsql runs
// with it; the report says which.
var ErrNotUsable = errors.New("import: the written file is not usable yet, the report says why")

// Run imports, writes the file and then the report.
func Run(o Options, stdout, stderr io.Writer) error {
	if o.Output != "" && o.Database != "" && sameFile(o.Output, databaseFile(o.Database)) {
		return fmt.Errorf("import: %s is the database, which is only read", o.Output)
	}
	res, err := Import(o.Sources)
	if err != nil {
		return err
	}
	if o.Output == "" {
		_, err = stdout.Write(res.Text)
	} else {
		err = Write(o.Output, res.Text, o.Force)
	}
	if err := errors.Join(err, res.WriteReport(stderr)); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if !res.Usable() {
		return ErrNotUsable
	}
	return nil
}

// Write writes a file that only its owner can read, wholly or not at all. An existing one is
// replaced with force only; without, it is an error that wraps fs.ErrExist.
func Write(name string, text []byte, force bool) error {
	var f *os.File
	var err error
	if force {
		f, err = os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // mode 0600 too
	} else {
		f, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil && force {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
