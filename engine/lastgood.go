package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/keepsql/keepsql/conf"
)

// lastGoodFile keeps the generation in force in the data directory, for a start while the
// config files are broken.
const lastGoodFile = "keepsql.generation"

// saveLastGood writes the generation in force. It holds passwords: only the owner reads it.
func (g *Guardian) saveLastGood() {
	err := writeAtomically(filepath.Join(g.datadir, lastGoodFile), g.generation)
	if err != nil {
		g.log.Error().Err(err).Msg("cannot keep the configuration for a start with broken files")
	}
}

func writeAtomically(name string, generation *conf.Generation) error {
	text, err := json.Marshal(generation)
	if err != nil {
		return err
	}
	// The directory may belong to the engine's user: a name that is there already is not followed.
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // readable by its owner only
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// useLastGood starts with the configuration that was in force last, where the files are broken
// now. The cause is returned as it is where there is none.
func (g *Guardian) useLastGood(cause error) error {
	g.datadir = firstOf(g.opt.Datadir, g.namedDatadir(), conf.DefaultDatadir)
	text, err := readOwn(filepath.Join(g.datadir, lastGoodFile))
	if errors.Is(err, os.ErrNotExist) {
		return cause
	}
	generation := new(conf.Generation)
	if err == nil {
		err = json.Unmarshal(text, generation)
	}
	if err != nil {
		return errors.Join(cause, fmt.Errorf("read the last good configuration: %w", err))
	}
	file, ds := generation.Parse()
	if ds.HasErrors() {
		return errors.Join(cause, fmt.Errorf("the last good configuration is of no use to this version:\n%s", ds))
	}
	_ = g.reject(g.generation, "start", cause) // it is logged, and shown by keepsql status
	g.log.Error().Msg("STARTING WITH THE LAST GOOD CONFIGURATION because the config files are broken; repair them and they take effect at once")
	g.generation, g.file = generation, file
	return nil
}

// namedDatadir is the data directory that the broken files name, as far as they can be read.
func (g *Guardian) namedDatadir() string {
	file, _ := g.generation.Parse() // what is wrong was said before
	return file.Process.Datadir
}

// readOwn reads a file that nobody but we can have written: it names programs that are run with our
// rights, and the directory may belong to another user.
func readOwn(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%s belongs to user %d, not to us", name, st.Uid)
	}
	return io.ReadAll(f)
}
