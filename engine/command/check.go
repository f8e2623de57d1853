package command

import (
	"errors"
	"fmt"
	"os"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/engine"
)

// Check is `keepsql check`.
type Check struct {
	Files
	AgainstRunning string `placeholder:"DIR" help:"Also print what a reload of these files would change in the keepsql that runs on this data directory."`
}

// Run prints what is wrong, or what would run.
func (c *Check) Run() error {
	g, ds := conf.Read(c.Config)
	var f *conf.File
	if !ds.HasErrors() {
		f, ds = g.Parse()
	}
	fmt.Fprint(os.Stderr, ds)
	if ds.HasErrors() {
		return errors.New("the configuration has errors")
	}
	f.Summary(os.Stdout)
	if c.AgainstRunning == "" {
		return nil
	}
	a, err := engine.Ask(c.AgainstRunning, engine.Request{Command: "plan", Generation: g})
	if err != nil {
		return err
	}
	fmt.Printf("\nA reload would change:\n%s\n", a.Text)
	return nil
}
