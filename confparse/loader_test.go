package confparse_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keepsql/keepsql/confparse"
)

// TestGlob asks both loaders the same.
func TestGlob(t *testing.T) {
	dir := t.TempDir()
	m := confparse.MapLoader{}
	for _, name := range []string{"a.conf", "b.conf", "c.cnf", "ab.conf", "{x}.conf"} {
		path := filepath.Join(dir, name)
		m[path] = []byte(name)
		if err := os.WriteFile(path, m[path], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string]string{
		"*.conf":             "a.conf ab.conf b.conf {x}.conf",
		"?.conf":             "a.conf b.conf",
		"[ab].conf":          "a.conf b.conf",
		"a.conf":             "a.conf",
		"z.conf":             "",
		"{b,a}.conf":         "a.conf b.conf",
		"{a,a}.conf":         "a.conf",
		"{a,{b,ab}}.{conf,}": "a.conf ab.conf b.conf",
		"a{,b}.conf":         "a.conf ab.conf",
		"{a.conf":            "",
		"a}.conf":            "",
		"}{a,b}.conf":        "",
	} {
		for _, l := range []confparse.Loader{m, confparse.Files{}} {
			files, err := l.Glob(filepath.Join(dir, pattern))
			got := strings.ReplaceAll(strings.Join(files, " "), dir+"/", "")
			if err != nil || got != want {
				t.Errorf("%T %s: want %q, got %q, %v", l, pattern, want, got, err)
			}
		}
	}
	for _, l := range []confparse.Loader{m, confparse.Files{}} {
		for _, pattern := range []string{"[a", strings.Repeat("{a,b}", 20)} {
			if files, err := l.Glob(filepath.Join(dir, pattern)); err == nil {
				t.Errorf("%T %.20s: want an error, got %q", l, pattern, files)
			}
		}
	}
}

func TestFilesRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("12345"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := (confparse.Files{MaxSize: 5}).Read(path); string(got) != "12345" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := (confparse.Files{MaxSize: 4}).Read(path); err == nil {
		t.Error("want an error for a file that is too large")
	}
	if _, err := (confparse.Files{}).Read(filepath.Dir(path)); err == nil {
		t.Error("want an error for a directory")
	}
	for _, l := range []confparse.Loader{confparse.Files{}, confparse.MapLoader{}} {
		if _, err := l.Read(path + "x"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%T: want not exist, got %v", l, err)
		}
	}
	if err := (confparse.Files{}).Includable(path); err == nil {
		t.Error("want an error for an executable file")
	}
	if err := (confparse.Files{}).Includable(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want not exist, got %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (confparse.Files{}).Includable(path); err != nil {
		t.Error(err)
	}
}
