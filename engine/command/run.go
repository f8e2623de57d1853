package command

import (
	"context"

	"github.com/keepsql/keepsql/engine"
)

// Run is `keepsql run`.
type Run struct {
	Files
	Datadir      string `short:"D" help:"Data directory; wins over the files' datadir."`
	Initial      bool   `help:"Set the database aside and start from the config files."`
	Reload       bool   `help:"Put the config files' rows over the database's."`
	User         string `help:"User that the engine runs as, where keepsql is started by root; wins over the files' user. Without one: proxysql or keepsql, where there is such a user."`
	SQLiteServer bool   `name:"sqlite3-server" help:"Also run the embedded SQLite server (default port 6030)."`
}

// Run runs the process tree until it is told to stop.
func (r *Run) Run(g *Globals) error {
	guardian, err := engine.NewGuardian(engine.Options{
		Files: r.Config, Datadir: r.Datadir, User: r.User, Initial: r.Initial, Reload: r.Reload,
		SQLiteServer: r.SQLiteServer, Version: g.Version, JSONLog: g.json(),
	}, g.log())
	if err != nil {
		return err
	}
	return guardian.Run(context.Background())
}

// Engine is the hidden command of the engine child.
type Engine struct{ engine.NodeOptions }

// Run runs the engine.
func (e *Engine) Run(g *Globals) error { return engine.RunNode(e.NodeOptions, g.log()) }

// VRRP is the hidden command of the vrrp child.
type VRRP struct{}

// Run speaks VRRP.
func (VRRP) Run(g *Globals) error { return engine.RunVRRP(g.log()) }
