package sqliteserver_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/internal/sqlitetest"
	"github.com/keepsql/keepsql/engine/sqliteserver"
	"github.com/keepsql/keepsql/engine/wire"
)

func TestLogin(t *testing.T) {
	addr := sqlitetest.StartWith(t, accounts, map[string]string{"mysql-monitor_username": "monitor", "mysql-monitor_password": "mon"})
	f := func(user, password, want string) {
		t.Helper()
		c, err := wire.Open(t.Context(), "tcp", addr, &wire.Account{User: user, Password: password}, patience)
		if err == nil {
			c.Quit()
		}
		var e *wire.Error
		got := "ok"
		if errors.As(err, &e) {
			got = e.Message
		} else if err != nil {
			got = err.Error()
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s/%s: %s", user, password, d)
		}
	}
	f("app", "app_pass", "ok")
	f("native", "hashed", "ok")
	f("open", "", "ok")
	f("monitor", "mon", "ok")
	f("app", "wrong", "ProxySQL Error: Access denied for user 'app'@'127.0.0.1' (using password: YES)")
	f("nobody", "", "ProxySQL Error: Access denied for user 'nobody'@'127.0.0.1' (using password: NO)")
}

func TestResetAndChangeUser(t *testing.T) {
	addr := sqlitetest.Start(t, accounts)
	c, _, err := wire.Dial(t.Context(), "tcp", addr, &wire.Account{User: "open", Database: "d"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// ask sends a command and gives the first packet of the answer.
	ask := func(cmd wire.Command, arg string) string {
		t.Helper()
		if err := c.WriteCommand(cmd, arg); err != nil {
			t.Fatal(err)
		}
		p, err := c.ReadPacket()
		if err != nil {
			t.Fatal(err)
		}
		switch p[0] {
		case 0:
			var ok wire.OK
			if err := ok.Decode(p, 0); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("ok %#x", ok.Status)
		case 0xff:
			var e wire.Error
			if err := e.Decode(p); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(e.Code)
		}
		return string(p)
	}
	f := func(cmd wire.Command, arg, want string) {
		t.Helper()
		if got := ask(cmd, arg); got != want {
			t.Errorf("command %d %q: %q, want %q", cmd, arg, got, want)
		}
	}
	f(wire.ComPing, "", "ok 0x2")
	f(wire.ComQuery, "CREATE TEMP TABLE tmp (a)", "ok 0x2")
	f(wire.ComQuery, "CREATE TABLE t (a)", "ok 0x2")
	f(wire.ComQuery, "SET autocommit=0", "ok 0x0")
	f(wire.ComQuery, "INSERT INTO t VALUES (1)", "ok 0x1")
	f(wire.ComResetConnection, "", "ok 0x2")
	f(wire.ComQuery, "DELETE FROM tmp", "1045")
	f(wire.ComQuery, "INSERT INTO t SELECT count(*) FROM t", "ok 0x2")
	f(wire.ComInitDB, "other", "ok 0x2")
	f(wire.ComQuery, "UPDATE t SET a = database() WHERE a = 0", "ok 0x2")
	f(wire.ComStmtPrepare, "SELECT 1", "1295")
	f(wire.ComBinlogDump, "", "1047")
	f(wire.ComStatistics, "", "Uptime: 0  Connections: 1")
	u := wire.ChangeUser{User: "app", Plugin: wire.PluginNative}
	payload := string(u.Append(nil, wire.CapPluginAuth|wire.CapSecureConnection))
	if got := ask(wire.ComChangeUser, payload[1:]); !strings.HasPrefix(got, "\xfe"+wire.PluginNative) {
		t.Errorf("change user without password: %q, want a switch that asks for it", got)
	}
}

// TestConcurrent has sessions write at the same time: each statement waits for the lock.
func TestConcurrent(t *testing.T) {
	addr, c := start(t)
	script(t, c, "CREATE TABLE n (v INTEGER)", "ok", "INSERT INTO n VALUES (0)", "ok affected=1 id=1")
	var wg sync.WaitGroup
	for range 4 {
		w := dial(t, addr, wire.Account{User: "open"})
		wg.Go(func() {
			for range 25 {
				if got := run(w, "UPDATE n SET v = v + 1"); got != "ok affected=1" {
					t.Error(got)
				}
			}
		})
	}
	wg.Wait()
	script(t, c, "SELECT v FROM n", "v | 100")
}

// TestStopInterrupts ends the server while a client waits for a slow statement.
func TestStopInterrupts(t *testing.T) {
	var done sync.WaitGroup
	t.Run("server", func(t *testing.T) {
		addr := sqlitetest.Start(t, accounts)
		c, err := wire.Open(t.Context(), "tcp", addr, &wire.Account{User: "open"}, patience)
		if err != nil {
			t.Fatal(err)
		}
		done.Go(func() { c.Query(context.Background(), "SELECT SLEEP(60)"); c.Close() })
		time.Sleep(50 * time.Millisecond)
	})
	stopped := time.Now()
	done.Wait()
	if d := time.Since(stopped); d > 40*time.Second {
		t.Errorf("the client was let go after %v", d)
	}
}

// TestDriver connects with a driver that is not ours.
func TestDriver(t *testing.T) {
	addr := sqlitetest.Start(t, accounts)
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.DBName = "app", "app_pass", "tcp", addr, "d"
	cfg.InterpolateParams = true
	con, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(con)
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('x')"} {
		if _, err := tx.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := db.QueryRow("SELECT a FROM t WHERE a = ?", "x").Scan(&got); err != nil || got != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestMysqlClient runs the mysql client with a schema, so that it asks for tables and fields to complete names.
func TestMysqlClient(t *testing.T) {
	bin, err := exec.LookPath("mysql")
	if err != nil {
		t.Skip("skipped, needs the mysql client (apt install mariadb-client)")
	}
	addr, c := start(t)
	script(t, c, "CREATE TABLE t (a, b)", "ok", "INSERT INTO t VALUES (1, NULL)", "ok affected=1 id=1")
	host, port, _ := strings.Cut(addr, ":")
	cmd := exec.CommandContext(t.Context(), bin, "--no-defaults", "--auto-rehash", "-h", host, "-P", port, "-uapp", "-papp_pass", "-D", "d", "-t")
	cmd.Stdin = strings.NewReader("SELECT * FROM t; USE e; SELECT DATABASE();\n\\s")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"| 1    | NULL |", "| a    | b    |", "| e          |", "Uptime:"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}

// nobody is layers that never announce anything.
type nobody struct{}

func (nobody) Subscribe(string, layers.Consumer) {}

func TestUnusableDatadir(t *testing.T) {
	_, err := sqliteserver.New(sqliteserver.Options{Log: zerolog.Nop(), Layers: nobody{}, Datadir: t.TempDir() + "/missing"})
	if err == nil || !strings.HasPrefix(err.Error(), "open embedded database: ") {
		t.Errorf("error %v", err)
	}
}
