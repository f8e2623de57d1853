package monitor_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/monitor"
	"github.com/keepsql/keepsql/internal/leaktest"
)

var one, two *mariadbtest.Server

func TestMain(m *testing.M) {
	sql := []string{
		"CREATE USER monitor@'%' IDENTIFIED BY 'monitor'", "GRANT REPLICATION CLIENT, SLAVE MONITOR, REPLICA MONITOR ON *.* TO monitor@'%'",
		"CREATE USER app@'%' IDENTIFIED BY 'app'", "GRANT ALL ON *.* TO app@'%'",
		"CREATE DATABASE d", "CREATE TABLE d.heartbeat (ts DATETIME(6))", "GRANT SELECT ON d.heartbeat TO monitor@'%'",
	}
	var err error
	if one, err = mariadbtest.Run(mariadbtest.Opts{SQL: sql}); err == nil {
		two, err = mariadbtest.Run(mariadbtest.Opts{SQL: sql})
	}
	if err != nil && !errors.Is(err, mariadbtest.ErrNotInstalled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	for _, s := range []*mariadbtest.Server{one, two} {
		if s != nil {
			s.Close()
		}
	}
	os.Exit(leaktest.Check(code))
}

// patience is how long tests wait for what has to happen at some time. It is no claim: where nothing is wrong it comes at once, and on
// a machine that stands still for a while it comes later.
const patience = 30 * time.Second

// node is a monitor with what it works on.
type node struct {
	t       *testing.T
	stack   *layerstest.Stack
	layers  *layers.Manager
	pool    *hostgroup.Manager
	monitor *monitor.Monitor

	mu  sync.Mutex // guards log
	log bytes.Buffer
}

func (n *node) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Write(p)
}

// logged counts the lines of the log that have a text in them.
func (n *node) logged(text string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.log.String(), text)
}

// quick are intervals for tests; the limits of time are long, because a busy machine is no sick server.
const quick = `
 monitor_connect_interval=200 monitor_connect_timeout=10000
 monitor_ping_interval=100 monitor_ping_timeout=10000 monitor_ping_max_failures=2
 monitor_read_only_interval=100 monitor_read_only_timeout=10000
 monitor_replication_lag_interval=100 monitor_replication_lag_timeout=10000
 connect_timeout_server=10000 connect_timeout_server_max=60000
`

// start runs a monitor by a config file: variables, and sections behind them.
func start(t *testing.T, variables, sections string) *node {
	t.Helper()
	if one == nil {
		t.Skip("skipped, needs a database: mariadb-server is not installed")
	}
	n := &node{t: t}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(n.log.String())
		}
	})
	n.stack = layerstest.New(t, io.Discard)
	n.layers = n.stack.Layers
	log := zerolog.New(n)
	n.pool = hostgroup.New(hostgroup.Options{Log: log, Housekeeping: 50 * time.Millisecond})
	n.layers.Subscribe(schema.MySQLServers, layers.ConsumerFunc(n.pool.PrepareServers))
	n.layers.Subscribe(schema.MySQLVariables, layers.ConsumerFunc(n.pool.PrepareVariables))
	n.monitor = monitor.New(monitor.Options{Log: log, Layers: n.layers, Pool: n.pool})
	n.stack.Boot("mysql_variables: {\n" + quick + variables + "}\n" + sections)
	n.stack.Run(n.pool.Run)
	n.stack.Run(n.monitor.Run)
	return n
}

// servers writes mysql_servers: rows of hostgroup, server and more columns.
func servers(rows ...any) string {
	var list []string
	for i := 0; i < len(rows); i += 3 {
		list = append(list, fmt.Sprintf(`{ hostgroup=%d, address="127.0.0.1", port=%d %s }`, rows[i], rows[i+1].(*mariadbtest.Server).Port, rows[i+2]))
	}
	return "mysql_servers: ( " + strings.Join(list, ", ") + " )\n"
}

// admin runs statements on the admin database and loads a module.
func (n *node) admin(module string, stmts ...string) {
	n.t.Helper()
	n.stack.Load(module, stmts...)
}

// set sets a variable.
func (n *node) set(name, value string) {
	n.t.Helper()
	n.admin(schema.MySQLVariables, fmt.Sprintf("UPDATE global_variables SET variable_value='%s' WHERE variable_name='mysql-%s'", value, name))
}

// placed lists where the servers are in force: "10:one 20:two".
func (n *node) placed() string {
	rows := n.layers.Snapshot(schema.MySQLServers).Runtime["mysql_servers"]
	var list []string
	for i := range rows.Rows {
		name := "one"
		if rows.Get(i, "port").Text == fmt.Sprint(two.Port) {
			name = "two"
		}
		list = append(list, rows.Get(i, "hostgroup_id").Text+":"+name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// status is what the pool makes of a server.
func (n *node) status(hostgroup int, s *mariadbtest.Server) string {
	for _, row := range n.pool.Servers(false) {
		if row.Hostgroup == hostgroup && row.Port == s.Port {
			return row.Status.String()
		}
	}
	return "unknown"
}

// table gives the rows of a monitor table about a server.
func (n *node) table(name string, s *mariadbtest.Server) (out []schema.Row) {
	for _, r := range n.monitor.Tables()["mysql_server_"+name+"_log"]().Rows {
		if r[1].Text == fmt.Sprint(s.Port) {
			out = append(out, r)
		}
	}
	return out
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}
