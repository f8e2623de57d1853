package importer_test

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"

	"github.com/keepsql/keepsql/conf/importer"
	"github.com/keepsql/keepsql/conf/store"
)

var rewrite = flag.Bool("rewrite", false, "write what the import gives as the new golden files")

// Every directory of testdata is one host: proxysql.cnf, keepalived.conf, disk.sql (run on a
// database this release made) or old.sql (on an empty one); want.cnf and want.report are what
// the import makes of it.
func TestGolden(t *testing.T) {
	for _, name := range []string{"seed", "cnf", "differ", "old", "keepalived"} {
		t.Run(name, func(t *testing.T) {
			home, err := filepath.Abs(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(home)); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			res, err := importer.Import(host(t))
			if err != nil {
				t.Fatal(err)
			}
			var report strings.Builder
			if err := res.WriteReport(&report); err != nil {
				t.Fatal(err)
			}
			for file, got := range map[string]string{"want.cnf": string(res.Text), "want.report": report.String()} {
				golden(t, filepath.Join(home, file), strings.ReplaceAll(got, dir, "/etc/host"))
			}
			for _, secret := range []string{"other_cluster_pass", "user:cluster_pass", "app_pass", "old_pass", "secret", "hidden", "s3cr3t", "notforyou", "pw_of"} {
				if strings.Contains(report.String(), secret) {
					t.Errorf("the report shows a password: %s", secret)
				}
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", filepath.Base(file), diff)
	}
}

// host makes the database of the working directory and names its sources.
func host(t *testing.T) importer.Sources {
	t.Helper()
	var src importer.Sources
	exists := func(name string) bool {
		_, err := os.Stat(name)
		return !errors.Is(err, fs.ErrNotExist)
	}
	if exists("proxysql.cnf") {
		src.Config = []string{"proxysql.cnf"}
	}
	if exists("keepalived.conf") {
		src.Keepalived = []string{"keepalived.conf"}
	}
	switch {
	case exists("disk.sql"):
		made(t, "disk.sql")
	case exists("old.sql"):
		db, err := sqlite3.Open(store.DiskFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Exec(read(t, "old.sql")), db.Close()); err != nil {
			t.Fatal(err)
		}
	default:
		return src
	}
	src.Database = store.DiskFile
	return src
}

// made makes a database of this release in the working directory.
func made(t *testing.T, script string) {
	t.Helper()
	s, err := store.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	for stmt := range strings.SplitSeq(read(t, script), ";\n") {
		if strings.TrimSpace(stmt) == "" {
			continue
		}
		if _, err := s.Exec(context.Background(), stmt); err != nil {
			t.Fatalf("%s: %v", stmt, err)
		}
	}
	if err := errors.Join(s.Filled(), s.Close()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
