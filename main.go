// Command keepsql is a SQL proxy with an admin interface, cluster sync and a VRRP speaker: it
// takes the place of ProxySQL and keepalived in front of MySQL and MariaDB.
package main

import (
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/engine/command"
	"github.com/keepsql/keepsql/engine/keepalivedcli"
	"github.com/keepsql/keepsql/engine/proxysqlcli"
)

// version is set by the linker.
var version = "dev"

type cli struct {
	command.Globals

	Run      command.Run      `cmd:"" help:"Run the proxy, the admin interface and, where configured, the VRRP speaker."`
	Check    command.Check    `cmd:"" help:"Check config files: print what is wrong, or what would run."`
	Status   command.Status   `cmd:"" help:"Show the state of a running keepsql."`
	Reload   command.Reload   `cmd:"" help:"Have a running keepsql read its config files now, and show the verdict."`
	Diff     command.Diff     `cmd:"" help:"Show how file, disk, memory and runtime of a running keepsql differ."`
	History  command.History  `cmd:"" help:"List what was in force, and who loaded it."`
	Rollback command.Rollback `cmd:"" help:"Put an earlier revision of a module into force."`
	Failover command.Failover `cmd:"" help:"Hand virtual IPs over to a peer, which keeps them until it is gone or --release."`
	Drain    command.Drain    `cmd:"" help:"Take this node out of service: no new sessions, virtual IPs to a peer, transactions come to their end."`
	Undrain  command.Undrain  `cmd:"" help:"Bring this node back into service."`
	Import   command.Import   `cmd:"" help:"Make one config file of proxysql.cnf, proxysql.db and keepalived.conf, and say what will change."`
	Demo     command.Demo     `cmd:"" help:"Run one node on an embedded backend and show what it does."`
	Version  command.Version  `cmd:"" help:"Print the version."`

	Engine command.Engine `cmd:"" hidden:""`
	VRRP   command.VRRP   `cmd:"" hidden:"" name:"vrrp"`
}

func main() {
	if role, done := otherName(); done {
		os.Exit(role)
	}
	c := cli{Globals: command.Globals{Version: version}}
	k := kong.Parse(&c, kong.Name("keepsql"), kong.UsageOnError(), kong.Vars{"datadir": conf.DefaultDatadir},
		kong.Description("SQL proxy and virtual IP for MySQL and MariaDB, a drop-in for ProxySQL and keepalived."))
	k.FatalIfErrorf(k.Run(&c.Globals))
}

// otherName runs the program as what it replaces, where it is invoked under that name. The
// child processes bear these names too; they are told by their role.
func otherName() (status int, done bool) {
	args := os.Args[1:]
	child := len(args) > 0 && (args[0] == "engine" || args[0] == "vrrp")
	switch name := filepath.Base(os.Args[0]); {
	case child:
		return 0, false
	case name == "keepalived":
		return keepalivedcli.Main(args, version), true
	case name == "proxysql":
		return proxysqlcli.Main(args, version), true
	}
	return 0, false
}
