package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Options are the flags of keepsql demo.
type Options struct {
	AdminPort  int  `default:"16032" help:"Port of the admin interface, on 127.0.0.1."`
	ProxyPort  int  `default:"16033" help:"Port of the proxy, on 127.0.0.1."`
	SQLitePort int  `name:"sqlite-port" default:"16030" help:"Port of the embedded database server, on 127.0.0.1."`
	Once       bool `env:"KEEPSQL_DEMO_ONCE" help:"Stop after the demonstration instead of running until Ctrl-C."`
}

// Run starts a node of the program exe, shows what it does on out, and keeps it running until ctx ends. The error says
// which port is taken, or what the node logged before it failed.
func Run(ctx context.Context, exe string, out io.Writer, o Options) (err error) {
	if err := o.checkPorts(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "keepsql-demo-")
	if err != nil {
		return fmt.Errorf("make directory for the demonstration: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file, data, err := o.lay(dir)
	if err != nil {
		return err
	}
	n, err := startNode(exe, dir, "run", "-c", file, "-D", data, "--sqlite3-server")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.stop()) }()

	s := &story{out: out, o: o, file: file, node: n}
	fmt.Fprintf(out, "keepsql runs as process %d with %s\n", n.pid(), file)
	if err := s.tell(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // Ctrl-C in the middle
		}
		return fmt.Errorf("%w\nthe log of the node ends with:\n%s", err, n.logTail())
	}
	if o.Once {
		return nil
	}
	s.hint(filepath.Join(dir, logName))
	return n.wait(ctx)
}

// lay makes the directories of the node and writes its configuration file. That has a directory to itself, because keepsql
// looks at it whenever something in there changes.
func (o Options) lay(dir string) (file, data string, err error) {
	file, data = filepath.Join(dir, "conf", "keepsql.cnf"), filepath.Join(dir, "data")
	err = errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.Mkdir(data, 0o700))
	if err == nil {
		err = os.WriteFile(file, []byte(o.config()), 0o600)
	}
	if err != nil {
		return "", "", fmt.Errorf("prepare the demonstration: %w", err)
	}
	return file, data, nil
}
