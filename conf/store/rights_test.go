package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

func TestRights(t *testing.T) {
	const readonly = "attempt to write a readonly database"
	s := open(t, "")
	f := func(rights store.Rights, sql, want string) {
		t.Helper()
		got := "ok"
		if _, err := s.Run(context.Background(), sql, rights); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v %s: %s", rights, sql, diff)
		}
	}
	admin := store.Rights{}
	f(admin, "INSERT INTO mysql_users(username) VALUES('a')", "ok")
	f(admin, "ATTACH DATABASE ':memory:' AS zz", "ok")
	f(admin, "DETACH DATABASE zz", "ok")
	f(admin, "DETACH DATABASE disk", "not authorized")
	f(admin, "/* */ BEGIN", "not authorized")
	f(admin, "SAVEPOINT x", "not authorized")
	f(admin, "PRAGMA table_info(mysql_users)", "ok")
	f(admin, "PRAGMA user_version", "ok")
	f(admin, "PRAGMA query_only=1", "not authorized")
	f(admin, "PRAGMA main.writable_schema=1", "not authorized")
	f(admin, "SELECT * FROM pragma_table_info('mysql_users')", "ok")

	frozen := store.Rights{ReadOnly: true}
	f(frozen, "SELECT * FROM mysql_users", "ok")
	f(frozen, "DELETE FROM mysql_users", readonly)
	f(frozen, "CREATE TABLE x(a)", readonly)
	f(frozen, "WITH t(x) AS (SELECT 1) DELETE FROM mysql_users", readonly)

	stats := store.Rights{StatsOnly: true}
	f(stats, "SELECT * FROM stats_mysql_global", "ok")
	f(stats, "SELECT * FROM stats.stats_mysql_global UNION SELECT 1, count(*) FROM monitor.mysql_server_ping_log", "ok")
	f(stats, "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM t WHERE x<5) SELECT sum(x) FROM t", "ok")
	f(stats, "SELECT password FROM mysql_users", "access to main.mysql_users.password is prohibited")
	f(stats, "SELECT password FROM disk.mysql_users", "access to disk.mysql_users.password is prohibited")
	f(stats, "SELECT count(*) FROM mysql_users", "not authorized")
	f(stats, "DELETE FROM stats_mysql_global", readonly)
	f(stats, "INSERT INTO stats_mysql_global SELECT username, password FROM main.mysql_users", "access to main.mysql_users.username is prohibited")
	f(stats, "/**/ATTACH DATABASE 'proxysql.db' AS d", "not authorized")
	f(stats, "/**/PRAGMA table_info(mysql_users)", "not authorized")
	f(stats, "CREATE TEMP VIEW v AS SELECT * FROM main.mysql_users", "not authorized")
	f(stats, "VACUUM INTO '/tmp/stolen'", readonly)
}

func TestRunLimits(t *testing.T) {
	s := open(t, "")
	endless := "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM t) SELECT "
	_, err := s.Run(context.Background(), endless+"x FROM t", store.Rights{MaxResult: 1 << 20})
	if err == nil || err.Error() != "result larger than 1 MiB" {
		t.Errorf("large result: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err = s.Run(ctx, endless+"count(*) FROM t", store.Rights{}); err == nil || err.Error() != "interrupted" {
		t.Errorf("endless statement: %v", err)
	}
	if got := rows(t, s, "SELECT 1"); !cmp.Equal(got, [][]string{{"1"}}) {
		t.Errorf("afterwards: %v", got)
	}
}

func TestRefresh(t *testing.T) {
	s := open(t, "")
	content := &schema.Rows{Columns: []string{"Variable_Name", "Variable_Value"}, Rows: []schema.Row{{schema.Text("Questions"), schema.Text("7")}}}
	for range 2 {
		if err := s.Refresh(map[string]*schema.Rows{"stats.stats_mysql_global": content}); err != nil {
			t.Fatal(err)
		}
	}
	want := [][]string{{"Questions", "7"}}
	if diff := cmp.Diff(want, rows(t, s, "SELECT * FROM stats_mysql_global")); diff != "" {
		t.Error(diff)
	}
	bad := map[string]*schema.Rows{"stats.stats_mysql_global": {}, "stats.no_such": content}
	if err := s.Refresh(bad); err == nil {
		t.Error("a table that does not exist was refreshed")
	}
	if diff := cmp.Diff(want, rows(t, s, "SELECT * FROM stats_mysql_global")); diff != "" {
		t.Error("after a refresh that failed: " + diff)
	}
}

func TestReopenDisk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	rows(t, s, "INSERT INTO disk.mysql_users(username) VALUES('old')")
	file := filepath.Join(dir, store.DiskFile)
	if err := os.Rename(file, file+".bak"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.ReopenDisk(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{"0"}}, rows(t, s, "SELECT count(*) FROM disk.mysql_users")); diff != "" {
			t.Error(diff)
		}
	}
	if err := open(t, "").ReopenDisk(); err != nil {
		t.Errorf("in memory: %v", err)
	}
}
