package admin_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/wire"
	"github.com/keepsql/keepsql/internal/leaktest"
	"github.com/keepsql/keepsql/internal/logtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const upstreamVersion = "2.7.1-16-g2726c27"

// node is an admin server on its own data directory.
type node struct {
	*admin.Server
	t      testing.TB
	dir    string
	layers *layers.Manager
	store  *store.Store
	log    *logtest.Log
}

// setup is what a test changes of a node.
type setup struct {
	memory  bool // no data directory
	file    *conf.File
	tls     *tls.Config
	options func(*admin.Options)
}

// start boots a node that listens on a free port of 127.0.0.1.
func start(t testing.TB, set setup) *node {
	t.Helper()
	n := &node{t: t, log: &logtest.Log{}}
	if !set.memory {
		n.dir = t.TempDir()
	}
	log := zerolog.New(n.log)
	stack := layerstest.Open(t, n.dir, layers.Options{Log: log, Version: upstreamVersion, NoSQLiteServer: true})
	n.store, n.layers = stack.Store, stack.Layers
	o := admin.Options{
		Log: log, Store: n.store, Layers: n.layers, Interfaces: "127.0.0.1:0",
		TLS:    func() *tls.Config { return set.tls },
		Config: func() (*conf.File, error) { return set.file, nil },
	}
	if set.options != nil {
		set.options(&o)
	}
	n.Server = admin.New(o)
	if set.file == nil {
		set.file = &conf.File{}
	}
	if err := n.layers.Boot(set.file, false); err != nil {
		t.Fatal(err)
	}
	stack.Run(n.Run)
	return n
}

// address is where the node listens with TCP.
func (n *node) address() string {
	for _, a := range n.Addrs() {
		if tcp, ok := a.(*net.TCPAddr); ok {
			return tcp.String()
		}
	}
	n.t.Fatal("no TCP listener")
	return ""
}

// login connects; the client is closed when the test ends.
func (n *node) login(user, password string) (*wire.Client, error) {
	return dial(n.t, "tcp", n.address(), &wire.Account{User: user, Password: password})
}

func dial(t testing.TB, network, address string, acc *wire.Account) (*wire.Client, error) {
	c, err := wire.Open(context.Background(), network, address, acc, patience)
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

func (n *node) admin() *client {
	n.t.Helper()
	c, err := n.login("admin", "admin")
	if err != nil {
		n.t.Fatal(err)
	}
	return &client{c, n.t}
}

func (n *node) stats() *client {
	n.t.Helper()
	c, err := n.login("stats", "stats")
	if err != nil {
		n.t.Fatal(err)
	}
	return &client{c, n.t}
}

// client runs statements for a test.
type client struct {
	*wire.Client
	t testing.TB
}

// do runs a statement that must succeed.
func (c *client) do(sql string) *wire.Result {
	c.t.Helper()
	r, err := c.Query(context.Background(), sql)
	if err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
	return r
}

// text runs a statement and gives its answer as one string: rows by line, cells by blank; "ok n info", or the error.
func (c *client) text(sql string) string {
	c.t.Helper()
	r, err := c.Query(context.Background(), sql)
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Message
	}
	if err != nil {
		return err.Error()
	}
	if r.Columns == nil {
		return strings.TrimSpace("ok " + itoa(r.AffectedRows) + " " + r.Info)
	}
	var lines []string
	for _, row := range r.Rows {
		var cells []string
		for _, v := range row {
			if v.Null {
				v.Text = "NULL"
			}
			cells = append(cells, v.Text)
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return strings.Join(lines, "\n")
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// variables makes a file that sets variables: name, value, name, value, …
func variables(pairs ...string) *conf.File {
	f := &conf.File{Main: "test.cnf"}
	for i := 0; i < len(pairs); i += 2 {
		f.Variables = append(f.Variables, conf.Variable{Name: pairs[i], Value: pairs[i+1]})
	}
	return f
}

// tableRow makes one row of a table of main with the defaults of the other columns.
func tableRow(table string, values map[string]string) *conf.Section {
	def := schema.Lookup("main", table)
	row := make(schema.Row, len(def.Columns))
	for i, c := range def.Columns {
		row[i] = c.Default
		if v, given := values[c.Name]; given {
			row[i] = schema.Text(v)
		}
	}
	return &conf.Section{Rows: schema.Rows{Columns: def.ColumnNames(), Rows: []schema.Row{row}}}
}
