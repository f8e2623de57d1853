package admin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/store"
)

// lock keeps others from a database file until the function it returns is called.
func lock(t *testing.T, file string) (unlock func()) {
	t.Helper()
	db, err := sqlite3.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// While another program has proxysql.db locked, what needs the disk says so, and everything else goes on.
func TestLockedDatabase(t *testing.T) {
	n := start(t, setup{})
	unlock := lock(t, filepath.Join(n.dir, store.DiskFile))
	c := n.admin()
	c.steps(
		step{"INSERT INTO mysql_users(username,password) VALUES('a','b')", "ok 1"},
		step{"SELECT count(*) FROM stats_mysql_global", "0"}, step{"SELECT count(*) FROM runtime_mysql_users", "0"},
		step{"LOAD MYSQL USERS TO RUNTIME", "ok 0"}, step{"SELECT count(*) FROM runtime_mysql_users", "2"},
		step{"SET mysql-max_connections=5", "ok 1"}, step{"LOAD MYSQL VARIABLES TO RUNTIME", "ok 0"},
	)
	for _, sql := range []string{"SAVE MYSQL USERS TO DISK", "LOAD MYSQL USERS FROM DISK", "DELETE FROM disk.mysql_users"} {
		if got := c.text(sql); !strings.Contains(got, "database is locked") {
			t.Errorf("%s: %s", sql, got)
		}
	}
	unlock()
	c.steps(step{"SELECT username FROM mysql_users", "a"}, step{"SAVE MYSQL USERS TO DISK", "ok 0"}, step{"SELECT count(*) FROM disk.mysql_users", "1"})
}

// A database that is locked or damaged when the node starts is an error that names it; the file stays as it is.
func TestStartOnBadDatabase(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, store.DiskFile)
	unlock := lock(t, file)
	refused(t, dir, "database is locked")
	unlock()
	for name, damage := range map[string]func([]byte) []byte{
		"cut off": func(b []byte) []byte { return b[:len(b)/2] },
		"zeros in its middle": func(b []byte) []byte {
			for i := 4096; i < len(b); i++ {
				b[i] = 0
			}
			return b
		},
		"another header": func(b []byte) []byte { copy(b, "something else"); return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			damaged := damage(b)
			if err := os.WriteFile(filepath.Join(dir, store.DiskFile), damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, dir, "database")
			if after, err := os.ReadFile(filepath.Join(dir, store.DiskFile)); err != nil || string(after) != string(damaged) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func refused(t *testing.T, dir, why string) {
	t.Helper()
	s, err := store.Open(dir)
	if err == nil {
		_ = s.Close()
		t.Fatalf("opened, want an error with %q", why)
	}
	if text := err.Error(); !strings.Contains(text, why) || !strings.Contains(text, store.DiskFile) {
		t.Errorf("%v; want the file and %q", err, why)
	}
}
