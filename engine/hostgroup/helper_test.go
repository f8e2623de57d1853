package hostgroup_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
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
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// row is a row of mysql_servers.
type row struct {
	hostgroup, port, weight, max int
	status                       string
}

type fixture struct {
	*hostgroup.Manager
	t      testing.TB
	tables map[string]*schema.Rows // beside mysql_servers
	useTLS bool                    // of all servers
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

// manager runs a Manager with some servers on 127.0.0.1, and quick variables.
func manager(t testing.TB, variables map[string]string, rows ...row) *fixture {
	t.Helper()
	if server == nil {
		t.Skip("skipped, needs a database: mariadb-server is not installed")
	}
	f := &fixture{Manager: hostgroup.New(hostgroup.Options{Log: zerolog.Nop(), Housekeeping: 50 * time.Millisecond}), t: t}
	vars := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, v := range schema.Variables("mysql-") {
		value := v.Default
		if set, ok := variables[v.Name]; ok {
			value = set
		}
		vars.Rows = append(vars.Rows, schema.Row{schema.Text(v.Name), schema.Text(value)})
	}
	f.commit(f.PrepareVariables(&layers.Snapshot{Runtime: map[string]*schema.Rows{"global_variables": vars}}))
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
	for range 300 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	f.t.Fatalf("waited in vain for %s: %+v", what, f.Servers(false))
}
