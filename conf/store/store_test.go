package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func rows(t *testing.T, s *store.Store, sql string) [][]string {
	t.Helper()
	r, err := s.Exec(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var out [][]string
	if r.Rows == nil {
		return nil
	}
	for _, row := range r.Rows.Rows {
		var cells []string
		for _, c := range row {
			if c.Null {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, c.Text)
			}
		}
		out = append(out, cells)
	}
	return out
}

func TestExec(t *testing.T) {
	s := open(t, "")
	ctx := context.Background()
	for _, c := range []struct {
		sql      string
		affected int64
		err      string
	}{
		{sql: `INSERT INTO mysql_users(username,password) VALUES("app","p")`, affected: 1},
		{sql: `INSERT INTO mysql_users(username) VALUES('b'),('c')`, affected: 2},
		{sql: `UPDATE mysql_users SET active=0`, affected: 3},
		{sql: `SELECT 1; DELETE FROM mysql_users`},
		{sql: `INSERT INTO mysql_users(username) VALUES('app')`, err: "UNIQUE constraint failed: mysql_users.username, mysql_users.frontend"},
		{sql: `INSERT INTO mysql_servers(hostname,port) VALUES('h',70000)`, err: "CHECK constraint failed: port >= 0 AND port <= 65535"},
		{sql: `SELEC 1`, err: `near "SELEC": syntax error`},
		{sql: `SELECT * FROM nowhere`, err: "no such table: nowhere"},
		{sql: `;`, err: "empty statement"},
		{sql: ` /* nothing */ `, err: "empty statement"},
	} {
		got, err := s.Exec(ctx, c.sql)
		if msg := message(err); got.Affected != c.affected || msg != c.err {
			t.Errorf("%s: affected %d, error %q; want %d, %q", c.sql, got.Affected, msg, c.affected, c.err)
		}
	}
	want := [][]string{{"app", "p"}, {"b", "NULL"}, {"c", "NULL"}}
	if diff := cmp.Diff(want, rows(t, s, "SELECT username, password FROM mysql_users ORDER BY 1")); diff != "" {
		t.Error(diff)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestExecStopsWithItsContext(t *testing.T) {
	s := open(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Exec(ctx, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n")
	if err == nil {
		t.Fatal("an endless statement ended without an error")
	}
	if diff := cmp.Diff([][]string{{"1"}}, rows(t, s, "SELECT 1")); diff != "" {
		t.Error("after an interrupt:", diff)
	}
}

func TestTxIsAllOrNothing(t *testing.T) {
	s := open(t, "")
	users := &schema.Rows{Columns: []string{"username"}, Rows: []schema.Row{{schema.Text("a")}, {schema.Text("b")}}}
	if err := s.Tx(func(tx store.Tx) error { return tx.Fill("main.mysql_users", users) }); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no")
	err := s.Tx(func(tx store.Tx) error {
		if err := tx.Fill("main.mysql_users", &schema.Rows{Columns: []string{"username"}}); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatalf("got %v", err)
	}
	key := &schema.Rows{Columns: []string{"username", "backend"}, Rows: []schema.Row{{schema.Text("a"), schema.Text("1")}}}
	if err := s.Tx(func(tx store.Tx) error { return tx.Delete("main.mysql_users", key) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"b"}}, rows(t, s, "SELECT username FROM mysql_users")); diff != "" {
		t.Error(diff)
	}
}

func TestDiskSurvives(t *testing.T) {
	dir := t.TempDir()
	first, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Created {
		t.Error("a fresh directory is not reported as created")
	}
	rows(t, first, "INSERT INTO disk.mysql_users(username) VALUES('kept')")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	interrupted := open(t, dir)
	if !interrupted.Created {
		t.Error("a database that was never filled is not reported as created")
	}
	if err := errors.Join(interrupted.Filled(), interrupted.Close()); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir)
	if second.Created {
		t.Error("an existing database is reported as created")
	}
	if diff := cmp.Diff([][]string{{"kept"}}, rows(t, second, "SELECT username FROM disk.mysql_users")); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(filepath.Join(dir, store.DiskFile))
	if err != nil {
		t.Fatal(err)
	}
	if perm := info.Mode().Perm(); perm&0o007 != 0 {
		t.Errorf("database with passwords has mode %v", perm)
	}
}

// old prepares a database in which the statements were run.
func old(statements ...string) func(file string) error {
	return func(file string) error {
		s, err := store.Open(filepath.Dir(file))
		if err != nil {
			return err
		}
		for _, sql := range statements {
			if _, err := s.Exec(context.Background(), sql); err != nil {
				return err
			}
		}
		return s.Close()
	}
}

func TestOpenUpgrades(t *testing.T) {
	dir := t.TempDir()
	err := old("DROP TABLE disk.mysql_users",
		"CREATE TABLE disk.mysql_users(username VARCHAR NOT NULL, password VARCHAR, active INT NOT NULL DEFAULT 1, gone INT, PRIMARY KEY(username))",
		"INSERT INTO disk.mysql_users VALUES('z','pw',0,7)", "INSERT INTO disk.mysql_users VALUES('a',NULL,1,8)",
		"CREATE TABLE disk.mysql_users_old(taken INT)",
		"INSERT INTO disk.mysql_servers(hostname) VALUES('kept')")(filepath.Join(dir, store.DiskFile))
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	want := []store.Upgrade{{Table: "disk.mysql_users", Kept: "mysql_users_old2", Rows: 2, Lost: []string{"gone"}}}
	if diff := cmp.Diff(want, s.Upgraded); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"z", "pw", "0", "10000"}, {"a", "NULL", "1", "10000"}},
		rows(t, s, "SELECT username, password, active, max_connections FROM disk.mysql_users ORDER BY rowid")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"z", "7"}, {"a", "8"}}, rows(t, s, "SELECT username, gone FROM disk.mysql_users_old2")); diff != "" {
		t.Error(diff)
	}
	s.Close()
	if again := open(t, dir); again.Upgraded != nil {
		t.Errorf("upgraded a second time: %v", again.Upgraded)
	}
}

// TestDefinitionsOnDisk: ProxySQL empties a table whose definition is not, byte for byte, its own.
func TestDefinitionsOnDisk(t *testing.T) {
	s := open(t, t.TempDir())
	got := rows(t, s, "SELECT sql FROM disk.sqlite_master WHERE name IN ('proxysql_servers','global_settings') ORDER BY name")
	want := [][]string{
		{"CREATE TABLE global_settings (variable_name VARCHAR NOT NULL PRIMARY KEY , variable_value VARCHAR NOT NULL)"},
		{"CREATE TABLE proxysql_servers (hostname VARCHAR NOT NULL , port INT NOT NULL DEFAULT 6032 , " +
			"weight INT CHECK (weight >= 0) NOT NULL DEFAULT 0 , comment VARCHAR NOT NULL DEFAULT '' , PRIMARY KEY (hostname, port) )"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(file string) error
		want    string
	}{
		"not a database": {func(f string) error { return os.WriteFile(f, []byte(strings.Repeat("junk ", 300)), 0o600) }, "file is not a database"},
		"rows that today's table refuses": {old("DROP TABLE disk.mysql_servers",
			"CREATE TABLE disk.mysql_servers(hostgroup_id INT, hostname VARCHAR, port INT)",
			"INSERT INTO disk.mysql_servers VALUES(0, 'db1', 70000)"),
			"upgrade table mysql_servers, which another version wrote: CHECK constraint failed: port >= 0 AND port <= 65535; nothing was changed"},
		"a table that is something else": {old("DROP TABLE disk.scheduler", "CREATE TABLE disk.scheduler(job TEXT)"),
			"upgrade table scheduler, which another version wrote: it shares no column with today's; nothing was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.prepare(filepath.Join(dir, store.DiskFile)); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(dir)
			if err == nil {
				s.Close()
			}
			if !strings.Contains(message(err), c.want) {
				t.Errorf("got error %q, want one with %q", message(err), c.want)
			}
		})
	}
}

func TestState(t *testing.T) {
	dir := t.TempDir()
	s, err := store.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	version := store.Version{Version: 7, Epoch: 1_700_000_000, Checksum: "0x0000000000000000", Origin: "admin"}
	base := &schema.Rows{Columns: []string{"username", "password"}, Rows: []schema.Row{{schema.Text("a"), schema.Null}}}
	if err := errors.Join(s.SaveVersion("mysql_users", version), s.SaveBases(map[string]*schema.Rows{"mysql_users": base}), s.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := store.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	versions, err := again.Versions()
	if err != nil {
		t.Fatal(err)
	}
	bases, err := again.Bases()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]store.Version{"mysql_users": version}, versions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]*schema.Rows{"mysql_users": base}, bases); diff != "" {
		t.Error(diff)
	}
}

// Copy goes by the names of the columns, and takes the place of what was there.
func TestCopy(t *testing.T) {
	s, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, sql := range []string{
		"INSERT INTO main.mysql_users(username,password,comment) VALUES('b',NULL,'1'),('a','x','2')", "INSERT INTO disk.mysql_users(username) VALUES('gone')",
		"DROP TABLE disk.proxysql_servers", "CREATE TABLE disk.proxysql_servers(comment VARCHAR, weight INT, port INT, hostname VARCHAR)",
		"INSERT INTO main.proxysql_servers VALUES('h',1,2,'c')",
	} {
		if _, err := s.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	err = s.Tx(func(tx store.Tx) error {
		for _, table := range []string{"mysql_users", "proxysql_servers"} {
			if err := tx.Copy("main."+table, "disk."+table); err != nil {
				return err
			}
		}
		users, err := tx.Query("SELECT username, password, comment FROM disk.mysql_users ORDER BY rowid")
		if err != nil {
			return err
		}
		want := []schema.Row{{schema.Text("b"), schema.Null, schema.Text("1")}, {schema.Text("a"), schema.Text("x"), schema.Text("2")}}
		if diff := cmp.Diff(want, users.Rows); diff != "" {
			t.Error(diff)
		}
		servers, err := tx.Query("SELECT hostname, port, weight, comment FROM disk.proxysql_servers")
		if err != nil {
			return err
		}
		if diff := cmp.Diff([]schema.Row{{schema.Text("h"), schema.Text("1"), schema.Text("2"), schema.Text("c")}}, servers.Rows); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
