package proxy_test

import (
	"context"
	"net"
	"os"
	osexec "os/exec"
	"strings"
	"testing"
	"time"
)

// The scripts in testdata/drivers use the proxy as applications do: at connect time what frameworks send, transactions,
// pools, prepared statements, characters of four bytes, large values, KILL. They print what went wrong and then fail.

func TestPyMySQL(t *testing.T) { python(t, "pymysql", "python3-pymysql") }

func TestMySQLdb(t *testing.T) { python(t, "MySQLdb", "python3-mysqldb") }

func python(t *testing.T, module, pkg string) {
	const bin = "/usr/bin/python3" // the one distribution packages are for
	if osexec.Command(bin, "-c", "import "+module).Run() != nil {
		t.Skipf("skipped, needs Python's %s (apt install %s)", module, pkg)
	}
	n := start(t, "", "")
	client(t, bin, "testdata/drivers/python.py", module, n.port(), "app_pass")
}

func TestNodeMySQL2(t *testing.T) {
	bin, err := osexec.LookPath("node")
	if err != nil || osexec.Command(bin, "-e", "require('mysql2')").Run() != nil {
		t.Skip("skipped, needs Node's mysql2 where node finds it (npm install mysql2, NODE_PATH=…/node_modules)")
	}
	n := start(t, "", "")
	client(t, bin, "testdata/drivers/node.js", n.port(), "app_pass")
}

func TestPerlDBD(t *testing.T) {
	const bin = "/usr/bin/perl"
	if osexec.Command(bin, "-MDBD::mysql", "-e", "1").Run() != nil {
		t.Skip("skipped, needs Perl's DBD::mysql (apt install libdbd-mysql-perl)")
	}
	n := start(t, "", "")
	client(t, bin, "testdata/drivers/perl.pl", n.port(), "app_pass")
}

func TestMysqldump(t *testing.T) {
	t.Parallel()
	bin, err := osexec.LookPath("mysqldump")
	if err != nil {
		t.Skip("skipped, needs mysqldump (apt install mariadb-client)")
	}
	n := start(t, "", "")
	exec(t, n.open(1), "CREATE DATABASE dump", "CREATE TABLE dump.x (v VARCHAR(20)) CHARACTER SET utf8mb4",
		"INSERT INTO dump.x VALUES ('dumped')", "CREATE VIEW dump.y AS SELECT * FROM dump.x")
	args := []string{"--no-defaults", "-h127.0.0.1", "-P" + n.port(), "-uapp", "-papp_pass"}
	for _, how := range []string{"--single-transaction", "--lock-tables"} {
		out := client(t, bin, append(args, how, "--routines", "--events", "--triggers", "dump")...)
		for _, want := range []string{"'dumped'", "VIEW `y`", "Dump completed"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %s is missing in:\n%s", how, want, out)
			}
		}
	}
}

func TestMysqlCLI(t *testing.T) {
	t.Parallel()
	bin, err := osexec.LookPath("mysql")
	if err != nil {
		t.Skip("skipped, needs the mysql client (apt install mariadb-client)")
	}
	n := start(t, "", "")
	out := client(t, bin, "--no-defaults", "--auto-rehash", "-h127.0.0.1", "-P"+n.port(), "-uapp", "-papp_pass", "d",
		"-e", "use e; select database(); status; show tables from d")
	for _, want := range []string{"ProxySQL", "Current user:\t\tapp", "who"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

// client runs a program for a minute at most and gives what it printed.
func client(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := osexec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// port is the port of the TCP listener.
func (n *node) port() string {
	_, port, err := net.SplitHostPort(n.tcp())
	if err != nil {
		n.t.Fatal(err)
	}
	return port
}
