package sqliteserver_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/sqliteserver"
	"github.com/keepsql/keepsql/engine/wire"
)

// TestWithLayers runs the server as the engine does: accounts and interfaces follow LOAD … TO RUNTIME, and the file stays.
func TestWithLayers(t *testing.T) {
	dir := t.TempDir()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	state, err := store.OpenState("")
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	m, err := layers.New(layers.Options{Log: zerolog.Nop(), Store: st, State: state})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqliteserver.New(sqliteserver.Options{Log: zerolog.Nop(), Layers: m, Datadir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	file := &conf.File{Main: "test.cnf", Variables: []conf.Variable{{Name: "sqliteserver-mysql_ifaces", Value: "127.0.0.1:0"}}}
	if err := m.Boot(file, false); err != nil {
		t.Fatal(err)
	}
	addr := onlyAddr(t, s)
	if _, err := wire.Open(ctx, "tcp", addr, &wire.Account{User: "new", Password: "p"}, patience); err == nil {
		t.Error("an account that does not exist logged in")
	}
	if _, err := st.Exec(ctx, "INSERT INTO mysql_users(username,password) VALUES('new','p')"); err != nil {
		t.Fatal(err)
	}
	if err := m.Load(schema.MySQLUsers, "test"); err != nil {
		t.Fatal(err)
	}
	c := dial(t, addr, wire.Account{User: "new", Password: "p"})
	script(t, c, "CREATE TABLE t (a)", "ok", "INSERT INTO t VALUES (1)", "ok affected=1 id=1")
	info, err := os.Stat(filepath.Join(dir, sqliteserver.File))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(os.FileMode(0o640), info.Mode()); d != "" {
		t.Error(d)
	}

	if _, err := st.Exec(ctx, "UPDATE global_variables SET variable_value='' WHERE variable_name='sqliteserver-mysql_ifaces'"); err != nil {
		t.Fatal(err)
	}
	if err := m.Load(schema.SQLiteVariables, "test"); err != nil {
		t.Fatal(err)
	}
	if n, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		n.Close()
		t.Error("the interface that was taken out still accepts")
	}
	script(t, c, "SELECT a FROM t", "a | 1")
}

func onlyAddr(t *testing.T, s *sqliteserver.Server) string {
	t.Helper()
	addrs := s.Addrs()
	if len(addrs) != 1 {
		t.Fatalf("%d listeners", len(addrs))
	}
	return addrs[0].String()
}
