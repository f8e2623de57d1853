package hostgroup_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
	"github.com/keepsql/keepsql/internal/leaktest"
)

var server *mariadbtest.Server

func TestMain(m *testing.M) {
	var err error
	server, err = mariadbtest.Run(mariadbtest.Opts{SQL: []string{
		"CREATE DATABASE d", "CREATE USER app@'%' IDENTIFIED BY 'app'", "GRANT ALL ON *.* TO app@'%'",
		"CREATE USER other@'%' IDENTIFIED BY 'other'",
	}})
	if err != nil && !errors.Is(err, mariadbtest.ErrNotInstalled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if server != nil {
		server.Close()
	}
	os.Exit(leaktest.Check(code))
}

// patience is how long tests wait for what has to happen at some time. It is no claim: where nothing is wrong it comes at once, and on
// a machine that stands still for a while it comes later.
const patience = 30 * time.Second

// clock is a time that stands still but for what the test lets pass.
type clock struct{ passed atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(1_000_000, c.passed.Load()) }

func (c *clock) pass(d time.Duration) { c.passed.Add(int64(d)) }

// row is a row of mysql_servers.
type row struct {
	hostgroup, port, weight, max int
	status                       string
}

type fixture struct {
	*hostgroup.Manager
	t         testing.TB
	variables map[string]string
	tables    map[string]*schema.Rows // beside mysql_servers
	useTLS    bool                    // of all servers
}

// table sets the rows of a table that goes along with the next load: columns by name, what is not named has its default.
func (f *fixture) table(name string, rows ...map[string]string) {
	t := schema.Lookup("main", name)
	out := &schema.Rows{Columns: t.ColumnNames()}
	for _, r := range rows {
		cells := schema.Row{}
		for _, c := range t.Columns {
			cell := c.Default
			if v, ok := r[c.Name]; ok {
				cell = schema.Text(v)
			}
			cells = append(cells, cell)
		}
		out.Rows = append(out.Rows, cells)
	}
	if f.tables == nil {
		f.tables = map[string]*schema.Rows{}
	}
	f.tables[name] = out
}

// manager runs a Manager with some servers on 127.0.0.1.
func manager(t testing.TB, variables map[string]string, rows ...row) *fixture {
	t.Helper()
	return managerWith(t, hostgroup.Options{}, variables, rows...)
}

func managerWith(t testing.TB, o hostgroup.Options, variables map[string]string, rows ...row) *fixture {
	t.Helper()
	if server == nil {
		t.Skip("skipped, needs a database: mariadb-server is not installed")
	}
	o.Log, o.Housekeeping = zerolog.Nop(), 50*time.Millisecond
	// the default is short for a machine that stands still at times
	f := &fixture{Manager: hostgroup.New(o), t: t, variables: map[string]string{"mysql-connect_timeout_server": "10000"}}
	maps.Copy(f.variables, variables)
	f.loadVariables()
	f.load(rows...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f
}

// set changes a variable, named without its prefix.
func (f *fixture) set(variable string, value int) {
	f.t.Helper()
	f.variables["mysql-"+variable] = strconv.Itoa(value)
	f.loadVariables()
}

func (f *fixture) loadVariables() {
	f.t.Helper()
	vars := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, v := range schema.Variables("mysql-") {
		value := v.Default
		if set, ok := f.variables[v.Name]; ok {
			value = set
		}
		vars.Rows = append(vars.Rows, schema.Row{schema.Text(v.Name), schema.Text(value)})
	}
	f.commit(f.PrepareVariables(&layers.Snapshot{Runtime: map[string]*schema.Rows{"global_variables": vars}}))
}

func (f *fixture) commit(commit func(), err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	commit()
}

// load puts other servers into force.
func (f *fixture) load(rows ...row) {
	f.t.Helper()
	table := &schema.Rows{Columns: []string{"hostgroup_id", "hostname", "port", "status", "weight", "max_connections", "use_ssl", "max_latency_ms"}}
	tls := "0"
	if f.useTLS {
		tls = "1"
	}
	for _, r := range rows {
		if r.status == "" {
			r.status = "ONLINE"
		}
		cells := schema.Row{}
		for _, v := range []string{strconv.Itoa(r.hostgroup), "127.0.0.1", strconv.Itoa(r.port), r.status,
			strconv.Itoa(r.weight), strconv.Itoa(r.max), tls, "0"} {
			cells = append(cells, schema.Text(v))
		}
		table.Rows = append(table.Rows, cells)
	}
	all := map[string]*schema.Rows{"mysql_servers": table}
	maps.Copy(all, f.tables)
	f.commit(f.PrepareServers(&layers.Snapshot{Runtime: all}))
}

func app(hg int) *hostgroup.Request {
	return &hostgroup.Request{Hostgroup: hg, Login: hostgroup.Login{User: "app", Password: "app"}, Charset: 45}
}

func (f *fixture) acquire(r *hostgroup.Request) *hostgroup.Conn {
	f.t.Helper()
	c, err := f.Acquire(context.Background(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// impatient is refusal where the error comes by time alone.
func (f *fixture) impatient(r *hostgroup.Request) *wire.Error {
	f.t.Helper()
	const variable = "connect_timeout_server_max"
	f.set(variable, 300)
	defer f.set(variable, 10000)
	return f.refusal(r)
}

// refusal is the error of an Acquire that must fail.
func (f *fixture) refusal(r *hostgroup.Request) *wire.Error {
	f.t.Helper()
	c, err := f.Acquire(context.Background(), r)
	if err == nil {
		f.Discard(c)
		f.t.Fatal("got a connection")
	}
	var e *wire.Error
	if !errors.As(err, &e) {
		f.t.Fatalf("want an error for the client, got %v", err)
	}
	return e
}

func (f *fixture) waitFor(what string, ok func() bool) {
	f.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	f.t.Fatalf("waited in vain for %s: %+v", what, f.Servers(false))
}
