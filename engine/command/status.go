package command

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/keepsql/keepsql/engine"
)

// Status is `keepsql status`.
type Status struct{ Running }

// Run prints the state of the process tree as JSON.
func (s *Status) Run() error {
	a, err := engine.Ask(s.Datadir, engine.Request{Command: "status"})
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(a.Status)
}

// Reload is `keepsql reload`.
type Reload struct{ Running }

// Run has the files read and prints the verdict.
func (r *Reload) Run() error {
	a, err := engine.Ask(r.Datadir, engine.Request{Command: "reload"})
	if err != nil {
		return err
	}
	fmt.Println(a.Text)
	return nil
}

// Diff is `keepsql diff`.
type Diff struct {
	Running
	Format string `help:"Print text or json." enum:"text,json" default:"text"`
}

// Run prints how file, disk, memory and runtime differ.
func (d *Diff) Run() error {
	a, err := engine.Ask(d.Datadir, engine.Request{Command: "diff"})
	if err != nil {
		return err
	}
	printAnswer(a, d.Format, "file, disk, memory and runtime agree")
	return nil
}
