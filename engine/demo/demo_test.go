package demo_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/engine/demo"
	"github.com/keepsql/keepsql/engine/internal/binary"
	"github.com/keepsql/keepsql/engine/internal/freeport"
	"github.com/keepsql/keepsql/internal/leaktest"
	"github.com/keepsql/keepsql/packaging"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestSampleConfig checks that the file users are given is understood to the last word.
func TestSampleConfig(t *testing.T) {
	name := filepath.Join(t.TempDir(), "demo.cnf")
	if err := os.WriteFile(name, []byte(packaging.DemoConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	g, ds := conf.Read([]string{name})
	if len(ds) == 0 {
		_, ds = g.Parse()
	}
	if len(ds) > 0 {
		t.Error(ds)
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	f := func(o demo.Options, want string) {
		t.Helper()
		var out bytes.Buffer
		err := demo.Run(t.Context(), "/nonexistent", &out, o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if out.Len() > 0 {
			t.Errorf("output %q", out.String())
		}
	}
	f(demo.Options{AdminPort: freeport.Get(t), ProxyPort: taken, SQLitePort: freeport.Get(t)},
		"port "+strconv.Itoa(taken)+" for the proxy is not free, choose another with --proxy-port")
	same := freeport.Get(t)
	f(demo.Options{AdminPort: same, ProxyPort: freeport.Get(t), SQLitePort: same}, "is meant for both the admin interface and the embedded database server")
}

// TestNodeFails checks that the node's log is shown, and nothing left behind.
func TestNodeFails(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	exe := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(exe, []byte("#!/bin/sh\necho out of luck >&2; exit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := demo.Run(t.Context(), exe, &bytes.Buffer{}, demo.Options{AdminPort: freeport.Get(t), ProxyPort: freeport.Get(t), SQLitePort: freeport.Get(t)})
	if err == nil || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("error %v", err)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestDemo runs all of it with the real program.
func TestDemo(t *testing.T) {
	exe := binary.Path(t)
	t.Setenv("TMPDIR", t.TempDir())
	o := demo.Options{AdminPort: freeport.Get(t), ProxyPort: freeport.Get(t), SQLitePort: freeport.Get(t), Once: true}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	var out bytes.Buffer
	if err := demo.Run(ctx, exe, &out, o); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if ctx.Err() != nil {
		t.Fatalf("not done within four minutes\n%s", out.String())
	}
	for _, want := range []string{
		"| pear   | 4     |\n| quince | 10    |",
		"| 3        | 17         |", // what the new user sees
		`\| 20 +\| 1 +\| app +\| 0x[0-9A-F]{16} \| SELECT name,price FROM fruit WHERE price > \?`,
		`\| 10 +\| 1 +\| app +\| 0x[0-9A-F]{16} \| SELECT price FROM fruit WHERE id = \? FOR UPDATE`,
		`\| 20 +\| 127\.0\.0\.1 \| ` + strconv.Itoa(o.SQLitePort) + ` +\| ONLINE`,
		`\| mysql_users +\| 2 `,
	} {
		pattern := want
		if strings.HasPrefix(want, "| ") {
			pattern = regexp.QuoteMeta(want)
		}
		if !regexp.MustCompile(pattern).MatchString(out.String()) {
			t.Errorf("output lacks %s", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if d := cmp.Diff(0, len(left)); d != "" || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
