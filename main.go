// Command keepsql is a SQL proxy with an admin interface, cluster sync and a VRRP speaker: it
// takes the place of ProxySQL and keepalived in front of MySQL and MariaDB.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/engine"
	"github.com/keepsql/keepsql/engine/demo"
	"github.com/keepsql/keepsql/engine/logfmt"
)

// version is set by the linker.
var version = "dev"

type cli struct {
	LogFormat string `help:"Log lines as text or json." enum:"text,json" default:"text"`

	Run     runCmd     `cmd:"" help:"Run the proxy, the admin interface and, where configured, the VRRP speaker."`
	Check   checkCmd   `cmd:"" help:"Check config files: print what is wrong, or what would run."`
	Status  statusCmd  `cmd:"" help:"Show the state of a running keepsql."`
	Reload  reloadCmd  `cmd:"" help:"Have a running keepsql read its config files now, and show the verdict."`
	Demo    demoCmd    `cmd:"" help:"Run one node on an embedded backend and show what it does."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Engine engineCmd `cmd:"" hidden:""`
	VRRP   vrrpCmd   `cmd:"" hidden:"" name:"vrrp"`
}

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("keepsql"), kong.UsageOnError(), kong.Vars{"datadir": conf.DefaultDatadir},
		kong.Description("SQL proxy and virtual IP for MySQL and MariaDB, a drop-in for ProxySQL and keepalived."))
	k.FatalIfErrorf(k.Run(&c))
}

type files struct {
	Config []string `short:"c" required:"" placeholder:"FILE" help:"Config file in proxysql.cnf or keepalived.conf syntax, or both; may be repeated."`
}

type runCmd struct {
	files
	Datadir      string `short:"D" help:"Data directory; wins over the files' datadir."`
	Initial      bool   `help:"Set the database aside and start from the config files."`
	Reload       bool   `help:"Put the config files' rows over the database's."`
	SQLiteServer bool   `name:"sqlite3-server" help:"Also run the embedded SQLite server (default port 6030)."`
}

func (r *runCmd) Run(c *cli) error {
	log := logfmt.New(os.Stderr, c.LogFormat == "json")
	g, err := engine.NewGuardian(engine.Options{
		Files: r.Config, Datadir: r.Datadir, Initial: r.Initial, Reload: r.Reload,
		SQLiteServer: r.SQLiteServer, Version: version, JSONLog: c.LogFormat == "json",
	}, log)
	if err != nil {
		return err
	}
	return g.Run(context.Background())
}

type checkCmd struct{ files }

func (cmd *checkCmd) Run() error {
	g, ds := conf.Read(cmd.Config)
	if !ds.HasErrors() {
		f, all := g.Parse()
		ds = all
		if !ds.HasErrors() {
			fmt.Fprint(os.Stderr, ds)
			f.Summary(os.Stdout)
			return nil
		}
	}
	fmt.Fprint(os.Stderr, ds)
	return errors.New("the configuration has errors")
}

type datadir struct {
	Datadir string `short:"D" default:"${datadir}" help:"Data directory of the running keepsql."`
}

type statusCmd struct{ datadir }

func (s *statusCmd) Run() error {
	a, err := engine.Ask(s.Datadir, "status")
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(a.Status)
}

type reloadCmd struct{ datadir }

func (r *reloadCmd) Run() error {
	a, err := engine.Ask(r.Datadir, "reload")
	if err != nil {
		return err
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	fmt.Println(a.Text)
	return nil
}

type demoCmd struct{ demo.Options }

func (d *demoCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	return demo.Run(ctx, exe, os.Stdout, d.Options)
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("keepsql", version)
	return nil
}

type engineCmd struct{ engine.NodeOptions }

func (e *engineCmd) Run(c *cli) error {
	return engine.RunNode(e.NodeOptions, logfmt.New(os.Stderr, c.LogFormat == "json"))
}

type vrrpCmd struct{}

func (vrrpCmd) Run(c *cli) error {
	return engine.RunVRRP(logfmt.New(os.Stderr, c.LogFormat == "json"))
}
