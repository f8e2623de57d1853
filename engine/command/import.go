package command

import (
	"os"

	"github.com/keepsql/keepsql/conf/importer"
)

// Import is `keepsql import`.
type Import struct {
	CNF        []string `name:"cnf" placeholder:"FILE" help:"proxysql.cnf; may be repeated."`
	DB         string   `name:"db" placeholder:"FILE" help:"proxysql.db, or its data directory; it is only read."`
	Keepalived []string `placeholder:"FILE" help:"keepalived.conf; may be repeated."`
	Output     string   `short:"o" placeholder:"FILE" help:"Where the combined file goes, readable to its owner only; standard output where it is not given."`
	Force      bool     `help:"Replace the output file where it exists."`
}

// Run writes one config file of what a host with ProxySQL and keepalived runs on, and reports
// what differs and what will change.
func (i *Import) Run() error {
	return importer.Run(importer.Options{
		Sources: importer.Sources{Config: i.CNF, Database: i.DB, Keepalived: i.Keepalived},
		Output:  i.Output, Force: i.Force,
	}, os.Stdout, os.Stderr)
}
