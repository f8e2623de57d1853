package command

import (
	"fmt"
	"os"

	"github.com/keepsql/keepsql/conf/check"
	"github.com/keepsql/keepsql/engine"
)

// Check is `keepsql check`.
type Check struct {
	check.Options
	AgainstRunning string `placeholder:"DIR" help:"Also print what a reload of these files would change in the keepsql that runs on this data directory."`
}

// Run prints what is wrong, or what would run.
func (c *Check) Run() error {
	g, err := c.Options.Run(os.Stdout, os.Stderr)
	if err != nil || c.AgainstRunning == "" {
		return err
	}
	a, err := engine.Ask(c.AgainstRunning, engine.Request{Command: "plan", Generation: g})
	if err != nil {
		return err
	}
	fmt.Printf("\nA reload would change:\n%s\n", a.Text)
	return nil
}
