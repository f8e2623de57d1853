package command

import (
	"fmt"

	"github.com/keepsql/keepsql/engine"
)

// History is `keepsql history`.
type History struct {
	Running
	Module string `arg:"" optional:"" help:"One module, such as mysql_users; all where it is not given."`
	Format string `help:"Print text or json." enum:"text,json" default:"text"`
}

// Run lists what was in force, the newest first.
func (h *History) Run() error {
	a, err := engine.Ask(h.Datadir, engine.Request{Command: "history", Module: h.Module})
	if err != nil {
		return err
	}
	printAnswer(a, h.Format, "nothing was loaded yet")
	return nil
}

// Rollback is `keepsql rollback`.
type Rollback struct {
	Running
	Module   string `arg:"" help:"The module, such as mysql_users."`
	Revision uint64 `arg:"" help:"The revision to go back to, as keepsql history counts them."`
}

// Run puts an earlier revision into force.
func (r *Rollback) Run() error {
	a, err := engine.Ask(r.Datadir, engine.Request{Command: "rollback", Module: r.Module, Revision: r.Revision})
	if err != nil {
		return err
	}
	fmt.Println(a.Text)
	return nil
}

// printAnswer prints for people or for programs; nothing is what an empty answer means.
func printAnswer(a engine.Answer, format, nothing string) {
	switch {
	case format == "json":
		fmt.Println(string(a.Data))
	case a.Text == "":
		fmt.Println(nothing)
	default:
		fmt.Println(a.Text)
	}
}
