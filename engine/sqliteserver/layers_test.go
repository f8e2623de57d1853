package sqliteserver_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/sqliteserver"
	"github.com/keepsql/keepsql/engine/wire"
)

// TestWithLayers runs the server as the engine does: accounts and interfaces follow LOAD … TO RUNTIME, and the file stays.
func TestWithLayers(t *testing.T) {
	dir := t.TempDir()
	stack := layerstest.New(t, io.Discard)
	s, err := sqliteserver.New(sqliteserver.Options{Log: zerolog.Nop(), Layers: stack.Layers, Datadir: dir})
	if err != nil {
		t.Fatal(err)
	}
	stack.Run(s.Run)
	stack.Boot(`sqliteserver_variables={mysql_ifaces="127.0.0.1:0"}`)
	addr := onlyAddr(t, s)
	if _, err := wire.Open(t.Context(), "tcp", addr, &wire.Account{User: "new", Password: "p"}, patience); err == nil {
		t.Error("an account that does not exist logged in")
	}
	stack.Load(schema.MySQLUsers, "INSERT INTO mysql_users(username,password) VALUES('new','p')")
	c := dial(t, addr, wire.Account{User: "new", Password: "p"})
	script(t, c, "CREATE TABLE t (a)", "ok", "INSERT INTO t VALUES (1)", "ok affected=1 id=1")
	info, err := os.Stat(filepath.Join(dir, sqliteserver.File))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(os.FileMode(0o640), info.Mode()); d != "" {
		t.Error(d)
	}

	stack.Load(schema.SQLiteVariables, "UPDATE global_variables SET variable_value='' WHERE variable_name='sqliteserver-mysql_ifaces'")
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
