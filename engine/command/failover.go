package command

import (
	"fmt"

	"github.com/keepsql/keepsql/engine"
)

// Failover is `keepsql failover`.
type Failover struct {
	Running
	Instance []string `arg:"" optional:"" help:"vrrp_instance or vrrp_sync_group; all that are MASTER here where none is named."`
	Release  bool     `help:"End what an earlier failover began: the priorities decide again."`
	Format   string   `help:"Print text or json." enum:"text,json" default:"text"`
}

// Run hands virtual IPs over to a peer, and prints who has them now.
func (f *Failover) Run() error {
	r := engine.Request{Command: "failover", Names: f.Instance}
	if f.Release {
		r.Command = "rejoin"
	}
	a, err := engine.Ask(f.Datadir, r)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Command, err)
	}
	printAnswer(a, f.Format, "")
	return nil
}
