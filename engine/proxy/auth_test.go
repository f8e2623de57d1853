package proxy_test

import (
	"context"
	"errors"
	"net"
	osexec "os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/keepsql/keepsql/engine/wire"
)

// accounts in every stored form: plain, SHA1(SHA1()), SHA256-crypt.
const accounts = `mysql_users: (
	{ username="app", password="app_pass", default_hostgroup=10, default_schema="e" },
	{ username="hashed", password="*F8E6ED2DA8B44B7BA6DB84F53671C07DB503552D", default_hostgroup=10 },
	{ username="strong", password="$A$005$abcdefghijklmnopqrst8EJec1lY4Bo.XhFS2TniwhGz0tD2qWmgHVhFz8rpd2B", default_hostgroup=10 },
	{ username="few", password="app_pass", default_hostgroup=10, max_connections=1 },
	{ username="safe", password="app_pass", default_hostgroup=10, use_ssl=1 }
)`

func TestLogins(t *testing.T) {
	for _, plugin := range []string{wire.PluginNative, wire.PluginSHA2} {
		t.Run(plugin, func(t *testing.T) {
			n := start(t, `default_authentication_plugin="`+plugin+`"`, accounts)
			cases := []struct {
				user, password string
				code           uint16
			}{
				{"app", "app_pass", 0},
				{"hashed", "hash_pass", 0},
				{"strong", "sha_pass", 0},
				{"strong", "sha_pass", 0}, // by the password learnt before
				{"app", "wrong", 1045},
				{"hashed", "wrong", 1045},
				{"strong", "wrong", 1045},
				{"app", "", 1045},
				{"missing", "x", 1045},
			}
			for _, network := range []string{"tcp", "unix", "tls"} {
				for _, c := range cases {
					db := n.open(1, func(cfg *mysql.Config) {
						cfg.User, cfg.Passwd, cfg.DBName = c.user, c.password, ""
						if network != "unix" {
							cfg.Net, cfg.Addr = "tcp", n.tcp()
						}
						if network == "tls" {
							cfg.TLSConfig = "skip-verify"
						}
					})
					var user string
					err := db.QueryRow("SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)").Scan(&user)
					if code := codeOf(err); code != c.code || err == nil && user != c.user {
						t.Errorf("%s: %s with %q: got user %q, error %v", network, c.user, c.password, user, err)
					}
				}
			}
		})
	}
}

// codeOf is the number of a server error, 0 for none; other errors are 1.
func codeOf(err error) uint16 {
	var me *mysql.MySQLError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &me):
		return me.Number
	}
	return 1
}

func TestLimits(t *testing.T) {
	n := start(t, "max_connections=2", accounts)
	as := func(user string) func(*mysql.Config) { return func(c *mysql.Config) { c.User = user } }
	safe := n.open(1, as("safe"))
	if err := safe.Ping(); codeOf(err) != 1045 || !strings.Contains(err.Error(), "SSL is required") {
		t.Errorf("use_ssl user without TLS: %v", err)
	}
	few := n.open(1, as("few"))
	if err := few.Ping(); err != nil {
		t.Fatal(err)
	}
	if err := n.open(1, as("few")).Ping(); codeOf(err) != 1226 {
		t.Errorf("second connection of a user with max_connections=1: %v", err)
	}
	app := n.open(1)
	if err := app.Ping(); err != nil {
		t.Fatal(err)
	}
	if err := n.open(1).Ping(); codeOf(err) != 1040 {
		t.Errorf("third connection with mysql-max_connections=2: %v", err)
	}
	app.Close()
	waitFor(t, "place of a closed connection", func() bool { return n.open(1).Ping() == nil })
	if got := n.table("stats_mysql_users"); got[1]["frontend_connections"] != "1" || got[1]["username"] != "few" {
		t.Errorf("stats_mysql_users: %v", got)
	}
}

func TestDefaultSchema(t *testing.T) {
	n := start(t, "", accounts)
	db := n.open(1, func(c *mysql.Config) { c.DBName = "" })
	if got := one(t, db, "SELECT SCHEMA()"); got != "e" {
		t.Errorf("schema of the user: %s", got)
	}
	hashed := n.open(1, func(c *mysql.Config) { c.User, c.Passwd, c.DBName = "hashed", "hash_pass", "" })
	if got := one(t, hashed, "SELECT SCHEMA()"); got != "information_schema" {
		t.Errorf("mysql-default_schema: %s", got)
	}
	missing := n.open(1, func(c *mysql.Config) { c.DBName = "missing" })
	for range 20 {
		if _, err := missing.Exec("SELECT 1"); codeOf(err) != 1049 {
			t.Errorf("unknown schema: %v", err)
		}
	}
	exec(t, missing, "USE `d`", "SELECT * FROM t")
	if p := n.table("stats_mysql_connection_pool"); p[0]["ConnOK"] > "4" {
		t.Errorf("an unknown schema cost connections: %v", p[0])
	}
}

func TestCommandLineClient(t *testing.T) {
	n := start(t, "", readWriteSplit)
	path, err := clientPath(t)
	if err != nil {
		t.Skip("skipped: no mysql client")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := osexec.CommandContext(ctx, path, "--no-defaults", "-uapp", "-papp_pass", "-S", n.socket, "d", "-N", "-e",
		"SELECT name FROM who; SELECT name FROM who FOR UPDATE; \\u e\nSELECT DATABASE(); SHOW WARNINGS; SELECT @@version_comment LIMIT 1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.Fields(string(out)); len(got) < 3 || got[0] != "reader" || got[1] != "writer" || got[2] != "e" {
		t.Errorf("output %q", out)
	}
}

func clientPath(t *testing.T) (string, error) {
	t.Helper()
	if p, err := osexec.LookPath("mariadb"); err == nil {
		return p, nil
	}
	return osexec.LookPath("mysql")
}

// TestGoneAtLogin checks that clients that hang up at the end of their login are not counted as connected.
func TestGoneAtLogin(t *testing.T) {
	n := start(t, "max_connections=20\n", `mysql_users: ( { username="app", password="app_pass", default_hostgroup=10 },
	{ username="open", password="", default_hostgroup=10 } )`)
	for range 30 {
		nc, err := net.Dial("unix", n.socket)
		if err != nil {
			t.Fatal(err)
		}
		c := wire.NewConn(nc)
		if _, err := c.ReadPacket(); err != nil {
			t.Fatal(err)
		}
		r := wire.HandshakeResponse{SSLRequest: wire.SSLRequest{Capabilities: wire.CapProtocol41 | wire.CapSecureConnection, Charset: 45}, User: "open"}
		if err := errors.Join(c.WriteMessage(&r), c.Flush()); err != nil {
			t.Fatal(err)
		}
		c.Kill()
	}
	one(t, n.open(1), "SELECT 1")
	waitFor(t, "those who left to be forgotten", func() bool { return n.global("Client_Connections_connected") == 1 })
}
