// Package sqlitetest starts the embedded database server for tests that need a backend and no files: a real server of the
// MySQL protocol with real transactions, over SQLite in memory, within a millisecond.
//
// It plays the layers for the server: accounts and variables are fixed for the length of a test.
package sqlitetest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/sqliteserver"
)

// Start runs a server with an empty database for the length of the test and returns its address "127.0.0.1:port". users
// are passwords by name, in any form mysql_users takes: clear, "*" + 40 hex digits, "$A$005$…".
func Start(t testing.TB, users map[string]string) string {
	return StartWith(t, users, nil)
}

// StartWith is Start with variables that differ from their defaults, by full name: "mysql-server_version",
// "mysql-monitor_username", "sqliteserver-read_only".
func StartWith(t testing.TB, users, variables map[string]string) string {
	t.Helper()
	s, err := sqliteserver.New(sqliteserver.Options{
		Log:    zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel),
		Layers: fixed{users, variables},
	})
	if err != nil {
		t.Fatalf("sqlitetest: %v", err)
	}
	addrs := s.Addrs()
	if len(addrs) != 1 {
		t.Fatalf("sqlitetest: %d listeners, want 1", len(addrs))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("sqlitetest: stop: %v", err)
		}
	})
	return addrs[0].String()
}

// fixed hands every subscriber one snapshot, at once.
type fixed struct {
	users, variables map[string]string
}

// Subscribe implements sqliteserver.Layers.
func (f fixed) Subscribe(module string, c layers.Consumer) {
	mod, _ := schema.FindModule(module)
	snap := &layers.Snapshot{Module: mod, Origin: "test", Runtime: map[string]*schema.Rows{}}
	if mod.Prefix != "" {
		snap.Runtime["global_variables"] = f.variableRows(mod.Prefix)
	} else {
		snap.Runtime["mysql_users"] = f.userRows()
	}
	commit, err := c.Prepare(snap)
	if err != nil {
		panic("sqlitetest: " + err.Error()) // the server's consumers do not fail
	}
	commit()
}

func (f fixed) variableRows(prefix string) *schema.Rows {
	rows := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, v := range schema.Variables(prefix) {
		value, set := f.variables[v.Name]
		switch {
		case set:
		case v.Name == "sqliteserver-mysql_ifaces":
			value = "127.0.0.1:0"
		default:
			value = v.Default
		}
		rows.Rows = append(rows.Rows, schema.Row{schema.Text(v.Name), schema.Text(value)})
	}
	return rows
}

func (f fixed) userRows() *schema.Rows {
	rows := &schema.Rows{Columns: []string{"username", "password", "active", "default_schema", "frontend"}}
	for _, name := range slices.Sorted(maps.Keys(f.users)) {
		rows.Rows = append(rows.Rows, schema.Row{
			schema.Text(name), schema.Text(f.users[name]), schema.Text("1"), schema.Null, schema.Text("1"),
		})
	}
	return rows
}
