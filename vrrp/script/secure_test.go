package script_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keepsql/keepsql/vrrp/script"
)

// TestSecure: what runs as root and could be changed by somebody else counts as failed, and
// the message names the part of the path.
func TestSecure(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root has something to protect")
	}
	top := t.TempDir()
	dir, link := filepath.Join(top, "dir"), filepath.Join(top, "link.sh")
	path := filepath.Join(dir, "check.sh")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(dir, 0o755))
	must(os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
	must(os.Symlink(path, link))
	reset := func() {
		must(os.Chown(dir, 0, 0))
		must(os.Chmod(dir, 0o755))
		must(os.Chown(path, 0, 0))
		must(os.Chmod(path, 0o755))
	}
	for name, c := range map[string]struct {
		spoil func()
		argv  string
		user  string
		want  string // empty: it runs
	}{
		"all is well":            {func() {}, path, "root", ""},
		"through a link":         {func() {}, link, "root", ""},
		"file for everybody":     {func() { must(os.Chmod(path, 0o757)) }, path, "root", "insecure: " + path + ": can be written by everybody (mode 0757)"},
		"file for a group":       {func() { must(os.Chown(path, 0, 12)); must(os.Chmod(path, 0o775)) }, path, "root", "insecure: " + path + ": can be written by group 12 (mode 0775)"},
		"file for root's group":  {func() { must(os.Chmod(path, 0o775)) }, path, "root", ""},
		"somebody's file":        {func() { must(os.Chown(path, 1000, 0)) }, path, "root", "insecure: " + path + ": belongs to user 1000, not to root"},
		"directory":              {func() { must(os.Chmod(dir, 0o777)) }, path, "root", "insecure: " + dir + ": can be written by everybody (mode 0777)"},
		"directory behind link":  {func() { must(os.Chmod(dir, 0o777)) }, link, "root", "insecure: " + dir + ": can be written by everybody (mode 0777)"},
		"sticky directory":       {func() { must(os.Chmod(dir, 0o777|os.ModeSticky)) }, path, "root", ""},
		"as nobody, all is fine": {func() { must(os.Chmod(dir, 0o777)); must(os.Chmod(top, 0o755)) }, path, "nobody", ""},
	} {
		t.Run(name, func(t *testing.T) {
			reset()
			c.spoil()
			r := runner(c.argv)
			r.Command.User, r.Command.Secure = c.user, true
			res := first(t, r)
			got := ""
			if res.Err != nil {
				got = res.Err.Error()
			}
			if c.user == "nobody" && strings.Contains(got, "permission denied") {
				got = "" // the directory of all tests is root's; it was tried to run it
			}
			if got != c.want {
				t.Errorf("%v, want %q", res, c.want)
			}
		})
	}
	t.Run("nobody to run as", func(t *testing.T) {
		reset()
		r := runner(path)
		r.Command.Secure = true
		if res := first(t, r); res.Kind != script.NotRun || !strings.Contains(res.Err.Error(), "neither a script_user nor a user keepalived_script") {
			t.Errorf("%v", res)
		}
	})
}
