package proxy_test

import (
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

const forwarded = `mysql_users: ( { username="app", password="app_pass", default_hostgroup=10, fast_forward=1 } )`

func TestFastForward(t *testing.T) {
	for name, edit := range map[string][]func(*mysql.Config){"plain": nil, "compressed": {compressedDriver},
		"tls": {func(c *mysql.Config) { c.Net, c.TLSConfig = "tcp", "skip-verify" }}} {
		t.Run(name, func(t *testing.T) {
			n := start(t, "", forwarded)
			db := n.open(1, append(edit, func(c *mysql.Config) {
				c.MaxAllowedPacket, c.InterpolateParams = 66<<20, false
				if c.Net == "tcp" {
					c.Addr = n.tcp()
				}
			})...)
			// nothing is looked at: not even what the proxy answers itself
			if got := one(t, db, "select @@version_comment limit 1"); got == "(ProxySQL)" {
				t.Error("the proxy looked into the stream")
			}
			exec(t, db, "SET @a = 5", "SET time_zone='+03:00'", "CREATE TEMPORARY TABLE d.tmp (a INT)")
			if got := one(t, db, "SELECT CONCAT(@a, DATABASE(), @@time_zone)"); got != "5d+03:00" {
				t.Errorf("state: %s", got)
			}
			everySize(t, db)
			want := map[bool]string{true: "ON", false: "OFF"}[name == "compressed"]
			if got := one(t, db, "SELECT variable_value FROM information_schema.session_status WHERE variable_name='Compression'"); got != want {
				t.Errorf("compression on the server's side: %s, want %s", got, want)
			}
			if got := n.picture("stats_mysql_processlist")[0]["command"]; got != "Fast forward" {
				t.Errorf("processlist: %s", got)
			}
			id := one(t, db, "SELECT CONNECTION_ID()")
			db.Close()
			waitFor(t, "the connection to be closed", func() bool {
				p := n.picture("stats_mysql_connection_pool")[0]
				return p["ConnUsed"] == "0" && p["ConnFree"] == "0"
			})
			waitFor(t, "the server's session to end", func() bool {
				return len(writer.Query(t, "SELECT 1 FROM information_schema.processlist WHERE id="+id)) == 0
			})
		})
	}
}

// TestFastForwardRefused says why there is no connection.
func TestFastForwardRefused(t *testing.T) {
	n := start(t, "", forwarded)
	db := n.open(1, func(c *mysql.Config) { c.DBName = "nosuch" })
	if err := db.Ping(); codeOf(err) != 1049 {
		t.Errorf("schema that does not exist: %v", err)
	}
	n.set("connect_timeout_server_max", 300)
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='OFFLINE_SOFT'")
	for _, edit := range []func(*mysql.Config){func(*mysql.Config) {}, compressedDriver} {
		if err := n.open(1, edit).Ping(); codeOf(err) != 9001 {
			t.Errorf("without a server: %v", err)
		}
	}
}

// TestFastForwardEnds ends such sessions from all sides.
func TestFastForwardEnds(t *testing.T) {
	n := start(t, "", forwarded)
	sleeping := func() (*wire.Conn, string) {
		t.Helper()
		c := n.dial(0)
		if err := c.WriteCommand(wire.ComQuery, "DO SLEEP(300) /* forwarded */"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the statement on the server", func() bool { return running(t, "forwarded") == 1 })
		var rows []map[string]string
		waitFor(t, "the end of the session before", func() bool {
			rows = n.picture("stats_mysql_processlist")
			return len(rows) == 1
		})
		return c, rows[0]["SessionID"]
	}
	c, _ := sleeping()
	c.Kill()
	waitFor(t, "the statement of a client that left to end", func() bool { return running(t, "forwarded") == 0 })

	c, id := sleeping()
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil || !n.proxy.Kill(number) {
		t.Fatal("the session cannot be killed")
	}
	if _, err := c.ReadPacket(); err == nil {
		t.Error("a killed session answers")
	}
	waitFor(t, "the statement of a killed session to end", func() bool { return running(t, "forwarded") == 0 })

	c, _ = sleeping()
	n.admin("mysql_servers", "UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostgroup_id=10")
	if _, err := c.ReadPacket(); err == nil {
		t.Error("the session goes on although its server is OFFLINE_HARD")
	}
	waitFor(t, "the statement to end", func() bool { return running(t, "forwarded") == 0 })
}

// running counts the statements with a mark on the writer.
func running(t *testing.T, mark string) int {
	t.Helper()
	return len(writer.Query(t, "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP(%) /* "+mark+"%'"))
}

// TestBinlogDump reads a server's binlog through the proxy, as fast_forward user and as an ordinary one.
func TestBinlogDump(t *testing.T) {
	t.Parallel()
	bin, err := osexec.LookPath("mariadb-binlog")
	if err != nil {
		t.Skip("skipped, needs mariadb-binlog (apt install mariadb-server)")
	}
	s := mariadbtest.Start(t, mariadbtest.Opts{SQL: setup, Args: []string{"--log-bin=bin", "--server-id=7", "--binlog-format=STATEMENT"}})
	for _, users := range []string{"fast_forward=1", "fast_forward=0"} {
		n := startWith(t, "", fmt.Sprintf(`mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=10 } )
mysql_users: ( { username="app", password="app_pass", default_hostgroup=10, %s } )`, s.Port, users))
		s.Exec(t, "INSERT INTO d.t (v) VALUES ('"+users+"')")
		args := []string{"--no-defaults", "--read-from-remote-server", "-h127.0.0.1", "-P" + n.port(), "-uapp", "-papp_pass"}
		if out := client(t, bin, append(args, "bin.000001")...); !strings.Contains(out, "VALUES ('"+users+"')") {
			t.Errorf("%s: the statement is missing in\n%.3000s", users, out)
		}
		follow(t, s, n, bin, args, users)
		waitFor(t, "the connections to be closed", func() bool { return n.picture("stats_mysql_connection_pool")[0]["ConnUsed"] == "0" })
	}
}

// follow waits for what happens after the dump has begun (COM_REGISTER_SLAVE, COM_BINLOG_DUMP without end).
func follow(t *testing.T, s *mariadbtest.Server, n *node, bin string, args []string, mark string) {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := osexec.CommandContext(ctx, bin, append(args, "--stop-never", "--stop-never-slave-server-id=99", "--raw", "--result-file="+dir+"/", "bin.000001")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	waitFor(t, "the dump thread", func() bool {
		return len(s.Query(t, "SELECT id FROM information_schema.processlist WHERE command='Binlog Dump'")) == 1
	})
	s.Exec(t, "INSERT INTO d.t (v) VALUES ('later "+mark+"')")
	waitFor(t, "the later statement", func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "bin.000001"))
		return strings.Contains(string(b), "later "+mark)
	})
}

// TestRegisterSlave asks for what replicas ask, packet by packet.
func TestRegisterSlave(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(0)
	ask(t, c, wire.ComQuery, "SET @master_heartbeat_period=1000000000", 0)
	register := "\x63\x00\x00\x00" + "\x00\x00\x00" + "\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	if got := ask(t, c, wire.ComRegisterSlave, register, 0); got[0][0] != 0 {
		t.Fatalf("COM_REGISTER_SLAVE: %q", got)
	}
	// the session is one of bytes now, on the connection that knows the variable
	if got := ask(t, c, wire.ComQuery, "SELECT @master_heartbeat_period", 0); !strings.Contains(string(got[3]), "1000000000") {
		t.Errorf("the variable: %q", got)
	}
	if got := ask(t, c, wire.ComBinlogDump, "\x04\x00\x00\x00\x00\x00\x63\x00\x00\x00", 0); asError(t, got[0]).Code == 0 {
		t.Errorf("COM_BINLOG_DUMP to a server without binlog: %q", got)
	}
	if _, err := c.ReadRaw(); err != io.EOF { // the server's way after such an error
		t.Errorf("after the error: %v", err)
	}
}
