package importer_test

import (
	"bytes"
	"context"
	"errors"
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

func TestImportFails(t *testing.T) {
	write := func(name, text string) func(*testing.T) {
		return func(t *testing.T) {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	none := func(*testing.T) {}
	cases := []struct {
		name    string
		prepare func(*testing.T)
		src     importer.Sources
		want    string
	}{
		{"nothing named", none, importer.Sources{}, "name at least one"},
		{"no cnf", none, importer.Sources{Config: []string{"a.cnf"}}, "a.cnf"},
		{"broken cnf", write("a.cnf", "mysql_users= ( { username=\"a\""), importer.Sources{Config: []string{"a.cnf"}}, "a.cnf:1:"},
		{"keepalived as cnf", write("a.cnf", "vrrp_instance V {\n}\n"), importer.Sources{Config: []string{"a.cnf"}}, "keepalived's grammar"},
		{"no database", none, importer.Sources{Database: "a.db"}, "a.db: no such file"},
		{"data directory without one", none, importer.Sources{Database: "."}, "proxysql.db: no such file"},
		{"empty database", write("a.db", ""), importer.Sources{Database: "a.db"}, "none of ProxySQL's tables"},
		{"no SQLite", write("a.db", strings.Repeat("junk ", 900)), importer.Sources{Database: "a.db"}, "file is not a database"},
		{"damaged database", damaged, importer.Sources{Database: "proxysql.db"}, "read database proxysql.db: database disk image is malformed"},
		{"damaged index", damagedIndex, importer.Sources{Database: "proxysql.db"}, "read database proxysql.db: the database is damaged: "},
		{"no keepalived.conf", none, importer.Sources{Keepalived: []string{"k"}}, "no such file"},
		{"open block", write("k", "vrrp_instance V {\n"), importer.Sources{Keepalived: []string{"k"}}, "k:1:17"},
		{"cnf as keepalived", write("k", "datadir=\"x\"\n"), importer.Sources{Keepalived: []string{"k"}}, "setting of proxysql.cnf"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c.prepare(t)
			_, err := importer.Import(c.src)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

// damaged makes a database with a page in the middle overwritten.
func damaged(t *testing.T) {
	if err := os.WriteFile("disk.sql", []byte("INSERT INTO disk.mysql_users(username) VALUES('a');\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	made(t, "disk.sql")
	f, err := os.OpenFile(store.DiskFile, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	junk := bytes.Repeat([]byte{0xa5}, 4096)
	for page := int64(3); page < 30; page += 2 {
		if _, err := f.WriteAt(junk, page*4096); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// damagedIndex makes a database whose index lacks a row of its table: what reads rows alone would
// not see.
func damagedIndex(t *testing.T) {
	db, err := sqlite3.Open(store.DiskFile)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(db.Exec(`CREATE TABLE mysql_servers (hostname VARCHAR); CREATE INDEX i ON mysql_servers(hostname);
		CREATE TABLE other (hostname VARCHAR); CREATE INDEX j ON other(hostname); INSERT INTO mysql_servers VALUES ('a'), ('b');
		PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name='j') WHERE name = 'i'`), db.Close())
	if err != nil {
		t.Fatal(err)
	}
}

// The database is read while a program has it open and has written to it, and is not touched.
func TestDatabaseInUse(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Exec(context.Background(), `INSERT INTO disk.mysql_users(username,password) VALUES('app','p')`); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, store.DiskFile)
	before := snapshot(t, dir)
	err = s.Tx(func(tx store.Tx) error { // a writer that has not committed
		if err := tx.Exec(`INSERT INTO disk.mysql_users(username) VALUES('draft')`); err != nil {
			return err
		}
		res, err := importer.Import(importer.Sources{Database: file})
		if err != nil {
			return err
		}
		if text := string(res.Text); !strings.Contains(text, `username="app"`) || strings.Contains(text, "draft") {
			t.Errorf("got\n%s", text)
		}
		return errors.New("give up")
	})
	if err.Error() != "give up" {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Error("files changed:", diff)
	}
}

// snapshot is what a directory holds.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		out[e.Name()] = read(t, filepath.Join(dir, e.Name()))
	}
	return out
}

func TestRun(t *testing.T) {
	cases := []struct {
		name   string
		cnf    string
		opt    importer.Options
		before map[string]string
		err    error
		says   string
		stdout string // in stdout
		file   string // in out.cnf
	}{
		{name: "to stdout", cnf: `mysql_users=({username="u";password="p1"})`, stdout: `username="u", password="p1"`},
		{name: "to a file", cnf: `mysql_users=({username="u"})`, opt: importer.Options{Output: "out.cnf"}, file: `username="u"`},
		{name: "keeps a file", cnf: `mysql_users=({username="u"})`, opt: importer.Options{Output: "out.cnf"},
			before: map[string]string{"out.cnf": "precious"}, err: fs.ErrExist, says: "out.cnf", file: "precious"},
		{name: "unless forced", cnf: `mysql_users=({username="u"})`, opt: importer.Options{Output: "out.cnf", Force: true},
			before: map[string]string{"out.cnf": "old"}, file: `username="u"`},
		{name: "in place of its source", cnf: `mysql_users=({username="u"})`, opt: importer.Options{Output: "in.cnf", Force: true}},
		{name: "never over the database", cnf: ` `, opt: importer.Options{Sources: importer.Sources{Database: "."}, Output: "./proxysql.db", Force: true},
			before: map[string]string{"proxysql.db": "x"}, says: "is the database"},
		{name: "not usable yet", opt: importer.Options{Sources: importer.Sources{Keepalived: []string{"k"}}, Output: "out.cnf"},
			before: map[string]string{"k": "vrrp_instanze V {\n}\n"}, err: importer.ErrNotUsable, file: "vrrp_instanze"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if c.cnf != "" {
				c.opt.Config = []string{"in.cnf"}
				c.before = merged(c.before, "in.cnf", c.cnf)
			}
			for name, text := range c.before {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var stdout, stderr strings.Builder
			err := importer.Run(c.opt, &stdout, &stderr)
			if (err == nil) != (c.err == nil && c.says == "") || c.err != nil && !errors.Is(err, c.err) ||
				err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got error %v, want %v with %q", err, c.err, c.says)
			}
			if !strings.Contains(stdout.String(), c.stdout) || (stdout.Len() > 0) != (c.stdout != "") {
				t.Errorf("stdout: %q", stdout.String())
			}
			if c.file != "" && !strings.Contains(read(t, "out.cnf"), c.file) {
				t.Errorf("file: %q", read(t, "out.cnf"))
			}
			if err != nil {
				return
			}
			if !strings.Contains(stderr.String(), "note: first start: ") {
				t.Errorf("report: %q", stderr.String())
			}
			if c.opt.Output != "" {
				if info, err := os.Stat(c.opt.Output); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("mode of the file: %v, %v", info.Mode(), err)
				}
			}
			if left, _ := filepath.Glob(".*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func merged(m map[string]string, name, text string) map[string]string {
	out := map[string]string{name: text}
	for k, v := range m {
		out[k] = v
	}
	return out
}
