// Package check is `keepsql check`: it reads config files, says what is wrong with them and what
// would run, and ends with a status that scripts can act on.
//
//  1. the files are read, parsed and given their meaning (conf), or, in their place, tested as
//     `keepalived -t` does (conf/vrrpconf);
//  2. files without errors are looked over for what goes wrong in the field (conf/lint);
//  3. everything found is written in the order of the text, for people or for tools.
//
// It changes nothing and asks no running keepsql.
package check

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/lint"
	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
)

// Options say what to check, and how to say it.
type Options struct {
	Config     []string `short:"c" placeholder:"FILE" help:"Config file in proxysql.cnf or keepalived.conf syntax, or both; may be repeated."`
	Files      []string `arg:"" optional:"" name:"file" help:"More config files."`
	Keepalived bool     `help:"Test files as keepalived -t does, with its exit statuses (0, 4, 5, 6, 2)."`
	Peer       []string `placeholder:"FILE" help:"Files of the other node of the pair: say whether weights can move the address."`
	Strict     bool     `help:"Warnings count too (status 2); includes must name files that are there."`
	Format     string   `enum:"text,json" default:"text" help:"Print for people (text) or for tools (json)."`
	ConfigID   string   `placeholder:"NAME" help:"What @NAME lines are compared with; default: the host name up to its first dot."`
}

// Failure is the outcome of a check that found something.
type Failure struct {
	Status  int // of the process
	Message string
}

// Error is one line for people.
func (f *Failure) Error() string { return f.Message }

// ExitCode is the status of the process.
func (f *Failure) ExitCode() int { return f.Status }

// Run checks the files, and returns what it took of them. What is found goes to errs as text or
// to out as JSON, what would run goes to out; the error is a *Failure.
func (o Options) Run(out, errs io.Writer) (*conf.Generation, error) {
	files := append(append([]string(nil), o.Config...), o.Files...)
	if len(files) == 0 {
		return nil, &Failure{1, "name a config file: keepsql check FILE"}
	}
	g, _ := conf.ReadOn(o.host(), files)
	var f *conf.File
	var ds confparse.Diagnostics
	if o.Keepalived {
		ds = configTest(g)
	} else {
		f, ds = o.check(g)
	}
	if err := o.write(out, errs, ds); err != nil {
		return g, &Failure{1, fmt.Sprintf("print findings: %v", err)}
	}
	switch status := vrrpconf.ExitStatus(ds); {
	case o.Keepalived && status != 0:
		return g, &Failure{status, "the configuration test failed"}
	case o.Keepalived:
		return g, nil
	case ds.HasErrors():
		return g, &Failure{1, "the configuration has errors"}
	}
	if o.Format != "json" {
		f.Summary(out)
	}
	if o.Strict && len(ds) > 0 {
		return g, &Failure{2, "the configuration has warnings"}
	}
	return g, nil
}

// host is what the files may depend on.
func (o Options) host() confparse.Options {
	h := conf.ThisHost()
	if o.ConfigID != "" {
		h.ConfigID = o.ConfigID
	}
	h.StrictIncludes = o.Strict
	return h
}

// check parses the files and lints what is correct.
func (o Options) check(g *conf.Generation) (*conf.File, confparse.Diagnostics) {
	f, ds := g.Parse()
	if ds.HasErrors() {
		return f, ds
	}
	l := lint.Options{Probes: lint.Host{}}
	if len(o.Peer) > 0 {
		peer, _ := conf.ReadOn(o.host(), o.Peer)
		other, wrong := peer.Parse()
		if wrong.HasErrors() {
			return f, append(ds, wrong...)
		}
		l.Peer = other
	}
	ds = append(ds, lint.Check(f, l)...)
	f.Arrange(ds)
	return f, ds
}

// configTest is `keepalived -t`.
func configTest(g *conf.Generation) confparse.Diagnostics {
	tree, ds := confparse.ParseWith(g.Host, g, g.Names...)
	return append(ds, vrrpconf.ConfigTest(tree, thisHost{})...)
}

// thisHost asks the host this process runs on.
type thisHost struct{}

func (thisHost) Program(name string) bool {
	if strings.Contains(name, "/") {
		_, err := os.Stat(name)
		return err == nil
	}
	_, err := exec.LookPath(name)
	return err == nil
}

func (thisHost) User(name string) bool {
	_, err := user.Lookup(name)
	_, number := strconv.ParseUint(name, 10, 32)
	return err == nil || number == nil
}

func (thisHost) Group(name string) bool {
	_, err := user.LookupGroup(name)
	_, number := strconv.ParseUint(name, 10, 32)
	return err == nil || number == nil
}

func (thisHost) Interface(name string) (exists, loopback bool) {
	i, err := net.InterfaceByName(name)
	return err == nil, err == nil && i.Flags&net.FlagLoopback != 0
}
