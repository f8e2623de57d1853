package command

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/keepsql/keepsql/engine"
)

// drainLook is how often the progress of a drain is looked at.
const drainLook = 100 * time.Millisecond

// Drain is `keepsql drain`.
type Drain struct {
	Running
	Timeout time.Duration `default:"30s" help:"How long transactions and statements get; then they are cut."`
	Grace   time.Duration `default:"2s" help:"How long transactions of clients that came by a virtual IP may delay its handover, which cuts them."`
	NoWait  bool          `help:"Only begin; SHOW DRAIN STATUS and keepsql status tell how far it is."`
}

// Run takes the node out of service and prints how far that is until it is done. It fails where sessions had to be cut.
func (d *Drain) Run() error {
	a, err := engine.Ask(d.Datadir, engine.Request{Command: "drain", Timeout: d.Timeout, Grace: d.Grace})
	if err != nil {
		return err
	}
	last := ""
	for {
		if a.Text != last {
			fmt.Println(a.Text)
			last = a.Text
		}
		var st []engine.DrainStatus
		if err := json.Unmarshal(a.Data, &st); err != nil || len(st) != 1 {
			return fmt.Errorf("drain: read the answer of keepsql: %q", a.Data)
		}
		switch {
		case st[0].State == "serving":
			return fmt.Errorf("drain: it was undone")
		case st[0].State == "drained" && st[0].Cut > 0:
			return fmt.Errorf("drain: %d sessions did not come to an end within %s and were cut", st[0].Cut, d.Timeout)
		case st[0].State == "drained", d.NoWait:
			return nil
		}
		time.Sleep(drainLook)
		if a, err = engine.Ask(d.Datadir, engine.Request{Command: "drain-status"}); err != nil {
			return fmt.Errorf("drain: %w", err)
		}
	}
}

// Undrain is `keepsql undrain`.
type Undrain struct{ Running }

// Run brings the node back into service.
func (u *Undrain) Run() error {
	a, err := engine.Ask(u.Datadir, engine.Request{Command: "undrain"})
	if err != nil {
		return err
	}
	fmt.Println(a.Text)
	return nil
}
