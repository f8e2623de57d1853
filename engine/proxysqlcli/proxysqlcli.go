// Package proxysqlcli is the program as it behaves under the name proxysql.
//
//  1. the command line is ProxySQL's; options it does not know are ignored, as upstream does;
//  2. -V, -h and --usage print something, and nothing else happens;
//  3. the config file is the one named, else the first that exists of ProxySQL's places; one
//     that is named and missing is an error here, where upstream ends with status 0;
//  4. with -f the process tree runs in the foreground, else in the background with the error
//     log as its output, and the command ends once the proxy serves.
package proxysqlcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/keepsql/keepsql/engine"
	"github.com/keepsql/keepsql/engine/logfmt"
)

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1
)

// Main runs ProxySQL's command line and gives the exit status.
func Main(args []string, version string) int {
	o, err := Parse(args, fileExists)
	switch {
	case err != nil:
		return fail(err)
	case o.Help:
		usage(os.Stdout)
		return statusOK
	case o.Version:
		fmt.Printf("ProxySQL version %s, keepsql %s\n", engine.CompatVersion, version)
		return statusOK
	case o.Bootstrap:
		return fail(errors.New("-B is not supported: list the servers of the group in the configuration file"))
	case !o.Foreground:
		if err := background(o); err != nil {
			return fail(err)
		}
		return statusOK
	}
	g, err := engine.NewGuardian(engine.Options{
		Files: []string{o.Config}, Datadir: o.Datadir, Initial: o.Initial, Reload: o.Reload,
		SQLiteServer: o.SQLiteServer, NoStart: o.NoStart, NoMonitor: o.NoMonitor, AdminSocket: o.AdminSocket, UUID: o.UUID, Version: version,
	}, logfmt.New(os.Stderr, false))
	if err != nil {
		return fail(err)
	}
	if err := g.Run(context.Background()); err != nil {
		return fail(err)
	}
	return statusOK
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "proxysql:", err)
	return statusFailed
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "keepsql under the name of ProxySQL\n\nUSAGE: proxysql [OPTIONS]\n\nOPTIONS:")
	for _, o := range options {
		fmt.Fprintf(w, "  %-34s %s\n", o.names(), o.help)
	}
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
