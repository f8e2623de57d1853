package wire_test

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

// TestClientAgainstMariaDB runs Connect and Client against a real server.
func TestClientAgainstMariaDB(t *testing.T) {
	cert, key := writeCertificate(t)
	s := mariadbtest.Start(t, mariadbtest.Opts{
		Args: []string{"--ssl-cert=" + cert, "--ssl-key=" + key, "--plugin-load-add=auth_ed25519", "--max-allowed-packet=64M", "--local-infile=1"},
		SQL: []string{
			"CREATE DATABASE d",
			"CREATE USER app IDENTIFIED BY 'app'", "GRANT ALL ON *.* TO app",
			"CREATE USER empty",
			"CREATE USER safe IDENTIFIED BY 'safe' REQUIRE SSL",
			"CREATE USER ed IDENTIFIED VIA ed25519 USING PASSWORD('x')",
			"CREATE PROCEDURE d.two() BEGIN SELECT 1 AS a; SELECT 2 AS b; END",
		},
	})
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	stage1 := sha1.Sum([]byte("app"))
	insecure := &tls.Config{InsecureSkipVerify: true}

	logins := []struct {
		name string
		acc  wire.Account
		code uint16 // expected server error
		err  string // expected text of any other error
	}{
		{name: "password", acc: wire.Account{User: "app", Password: "app", Database: "d"}},
		{name: "stage 1", acc: wire.Account{User: "app", Stage1: stage1[:]}},
		{name: "no password", acc: wire.Account{User: "empty"}},
		{name: "wrong password", acc: wire.Account{User: "app", Password: "x"}, code: 1045},
		{name: "password forgotten", acc: wire.Account{User: "app"}, code: 1045},
		{name: "unknown schema", acc: wire.Account{User: "app", Password: "app", Database: "nosuch"}, code: 1049},
		{name: "TLS", acc: wire.Account{User: "safe", Password: "safe", TLS: insecure, RequireTLS: true}},
		{name: "TLS needed", acc: wire.Account{User: "safe", Password: "safe"}, code: 1045},
		{name: "unknown plugin", acc: wire.Account{User: "ed", Password: "x"}, err: `plugin "client_ed25519": unknown`},
		{name: "attributes", acc: wire.Account{User: "app", Password: "app", Attributes: []wire.Attribute{{"program_name", "keepsql"}}}},
	}
	for _, l := range logins {
		t.Run(l.name, func(t *testing.T) {
			cl, err := wire.Open(ctx, "tcp", s.Addr, &l.acc, 10*time.Second)
			var se *wire.Error
			switch {
			case l.code != 0:
				if !errors.As(err, &se) || se.Code != l.code {
					t.Fatalf("want server error %d, got %v", l.code, err)
				}
				return
			case l.err != "":
				if err == nil || !strings.Contains(err.Error(), l.err) {
					t.Fatalf("want error with %q, got %v", l.err, err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			defer cl.Close()
			r, err := cl.Query(ctx, "SELECT connection_id(), substring_index(current_user(),'@',1)")
			if err != nil {
				t.Fatal(err)
			}
			want := [][]wire.Value{{{Text: itoa(cl.Server().ThreadID)}, {Text: l.acc.User}}}
			if d := cmp.Diff(want, r.Rows); d != "" {
				t.Error(d)
			}
			if err := cl.Quit(); err != nil {
				t.Error(err)
			}
		})
	}

	for _, caps := range []wire.Capability{0, wire.CapDeprecateEOF, wire.CapDeprecateEOF | wire.CapSessionTrack, wire.CapLocalFiles | wire.CapMultiStatements} {
		cl, err := wire.Open(ctx, "unix", s.Socket, &wire.Account{User: "app", Password: "app", Capabilities: caps}, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		testQueries(ctx, t, cl)
		cl.Close()
	}

	t.Run("change user", func(t *testing.T) {
		c, info, err := wire.Dial(ctx, "tcp", s.Addr, &wire.Account{User: "empty"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, acc := range []*wire.Account{
			{User: "app", Password: "app", Database: "d"}, {User: "empty"}, {User: "app", Stage1: stage1[:]},
		} {
			if err := wire.SendChangeUser(c, info, acc); err != nil {
				t.Errorf("to %s: %v", acc.User, err)
			}
		}
		var se *wire.Error
		if err := wire.SendChangeUser(c, info, &wire.Account{User: "app", Password: "x"}); !errors.As(err, &se) || se.Code != 1045 {
			t.Errorf("wrong password: %v", err)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		cl, err := wire.Open(ctx, "tcp", s.Addr, &wire.Account{User: "app", Password: "app"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		cl.Timeout = 50 * time.Millisecond
		_, err = cl.Query(ctx, "SELECT SLEEP(60)")
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			t.Errorf("want a timeout, got %v", err)
		}
	})
	t.Run("cancel", func(t *testing.T) {
		cl, err := wire.Open(ctx, "tcp", s.Addr, &wire.Account{User: "app", Password: "app"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err = cl.Query(ctx, "SELECT SLEEP(60)"); !errors.Is(err, context.Canceled) {
			t.Errorf("want cancelled, got %v", err)
		}
	})
}

func testQueries(ctx context.Context, t *testing.T, cl *wire.Client) {
	t.Helper()
	run := func(sql string) *wire.Result {
		t.Helper()
		r, err := cl.Query(ctx, sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return r
	}
	run("CREATE OR REPLACE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)")
	if r := run("INSERT INTO d.t (v) VALUES ('a'),(NULL),('')"); r.AffectedRows != 3 || r.LastInsertID != 1 {
		t.Errorf("insert: %+v", r.OK)
	}
	r := run("SELECT id, v AS w FROM d.t ORDER BY id")
	want := [][]wire.Value{{{Text: "1"}, {Text: "a"}}, {{Text: "2"}, {Null: true}}, {{Text: "3"}, {}}}
	if d := cmp.Diff(want, r.Rows); d != "" {
		t.Error(d)
	}
	if c := r.Columns[1]; c.Schema != "d" || c.Table != "t" || c.Name != "w" || c.OrgName != "v" {
		t.Errorf("column %+v", c)
	}
	if r := run("UPDATE d.t SET v='b' WHERE id=1"); !strings.HasPrefix(r.Info, "Rows matched: 1") {
		t.Errorf("info %q", r.Info)
	}
	if r := run("SELECT 1 FROM d.t WHERE 0"); r.Rows != nil || len(r.Columns) != 1 {
		t.Errorf("empty result: %+v", r)
	}
	if r := run("CALL d.two()"); r.Columns[0].Name != "a" {
		t.Errorf("CALL: %+v", r)
	}
	// several packets in both directions
	size := 1<<24 + 100
	if r := run("SELECT LENGTH('" + strings.Repeat("x", size) + "')"); r.Rows[0][0].Text != itoa(uint32(size)) {
		t.Errorf("long statement arrived as %s bytes", r.Rows[0][0].Text)
	}
	if r := run("SELECT REPEAT('y', (1<<24)+100)"); r.Rows[0][0].Text != strings.Repeat("y", size) {
		t.Errorf("long row: %d bytes", len(r.Rows[0][0].Text))
	}
	var se *wire.Error
	if _, err := cl.Query(ctx, "SELECT nosuch"); !errors.As(err, &se) || se.Code != 1054 || se.State != "42S22" {
		t.Errorf("want 1054, got %v", err)
	}
	if _, err := cl.Query(ctx, "LOAD DATA LOCAL INFILE '/nosuch' INTO TABLE d.t"); err == nil {
		t.Error("LOAD DATA LOCAL went through")
	}
	if err := cl.Ping(ctx); err != nil {
		t.Error(err)
	}
}
