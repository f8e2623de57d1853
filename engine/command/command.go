// Package command is what each command of the program does, one file a command. Flags are
// fields with kong's tags; Run does the work through the packages below and prints.
package command

import (
	"os"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/logfmt"
)

// Globals are the flags of every command.
type Globals struct {
	LogFormat string `help:"Log lines as text or json." enum:"text,json" default:"text"`
	// Version of the program, set by main.
	Version string `kong:"-"`
}

func (g *Globals) log() zerolog.Logger { return logfmt.New(os.Stderr, g.json()) }

func (g *Globals) json() bool { return g.LogFormat == "json" }

// Files are the config files of a command.
type Files struct {
	Config []string `short:"c" required:"" placeholder:"FILE" help:"Config file in proxysql.cnf or keepalived.conf syntax, or both; may be repeated."`
}

// Running names a keepsql that runs.
type Running struct {
	Datadir string `short:"D" default:"${datadir}" help:"Data directory of the running keepsql."`
}
