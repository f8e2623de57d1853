package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// useLastGood starts with the configuration that was in force last, where the files are broken
// now. The cause is returned as it is where there is none.
func (g *Guardian) useLastGood(cause error) error {
	g.datadir = firstOf(g.opt.Datadir, g.namedDatadir(), conf.DefaultDatadir)
	text, err := os.ReadFile(filepath.Join(g.datadir, lastGoodFile))
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
